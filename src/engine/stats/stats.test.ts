import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPsArguments, selectRows } from './list-processes.ts'
import { parseBlockRows, parseCount, parseIoStat, parseKeyed, parseNetDev, parseSystemCpu } from './parse-counters.ts'
import type { StatsSample } from './read-sample.ts'
import { viewStats } from './view-stats.ts'

test('counters are read from the files of both cgroup versions', () => {
  assert.deepEqual(parseKeyed('cache 4096\nrss 12\nodd x\n'), { cache: 4096, rss: 12 })
  assert.equal(parseCount('17\n'), 17)
  assert.equal(parseCount('max\n'), undefined)
  assert.equal(parseCount(''), undefined)
  assert.deepEqual(parseBlockRows('8:16 Read 4096\n8:16 Write 0\nTotal 4096\n'), [
    { major: 8, minor: 16, op: 'Read', value: 4096 },
    { major: 8, minor: 16, op: 'Write', value: 0 },
  ])
  assert.deepEqual(parseIoStat('8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n'), [
    { major: 8, minor: 0, op: 'read', value: 1 },
    { major: 8, minor: 0, op: 'write', value: 2 },
  ])
})

test('the machine spent the sum of the first eight columns of /proc/stat', () => {
  assert.equal(parseSystemCpu('cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 1 1 1 1\n'), 36e7)
})

test('interfaces are counted one by one, without the loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
  eth0:    1308      12    1    2    0     0          0         0      586       7    3    4    0     0       0          0
`
  assert.deepEqual(parseNetDev(text), {
    eth0: {
      rx_bytes: 1308,
      rx_packets: 12,
      rx_errors: 1,
      rx_dropped: 2,
      tx_bytes: 586,
      tx_packets: 7,
      tx_errors: 3,
      tx_dropped: 4,
    },
  })
})

test('a container that does not run shows its names and nothing else', () => {
  assert.deepEqual(viewStats({ id: 'abc', name: 'web' }, undefined, undefined), {
    read: '0001-01-01T00:00:00Z',
    preread: '0001-01-01T00:00:00Z',
    pids_stats: {},
    blkio_stats: {
      io_service_bytes_recursive: null,
      io_serviced_recursive: null,
      io_queue_recursive: null,
      io_service_time_recursive: null,
      io_wait_time_recursive: null,
      io_merged_recursive: null,
      io_time_recursive: null,
      sectors_recursive: null,
    },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: {
      cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
      throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
    },
    precpu_stats: {
      cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
      throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
    },
    memory_stats: {},
    name: '/web',
    id: 'abc',
    os_type: 'linux',
  })
})

test('a sample stands beside the processor time of the one before it', () => {
  const sample = (at: number, total: number): StatsSample => ({
    at,
    cpu: {
      cpu_usage: { total_usage: total, usage_in_kernelmode: 0, usage_in_usermode: 0 },
      throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
    },
    memory: {},
    pids: { current: 1 },
    blocks: {},
    networks: undefined,
  })
  const view = viewStats({ id: 'i', name: 'n' }, sample(1000, 7), sample(0, 5)) as {
    readonly read: string
    readonly preread: string
    readonly cpu_stats: StatsSample['cpu']
    readonly precpu_stats: StatsSample['cpu']
  }
  assert.equal(view.read, '1970-01-01T00:00:01Z')
  assert.equal(view.preread, '1970-01-01T00:00:00Z')
  assert.equal(view.cpu_stats.cpu_usage.total_usage, 7)
  assert.equal(view.precpu_stats.cpu_usage.total_usage, 5)
  assert.ok(!('networks' in view))
})

test('top keeps the rows of the given processes and leaves the last column whole', () => {
  const output = `UID        PID  PPID CMD
root         1     0 /sbin/init splash
root      4711     1 sleep  1000 seconds
root      4712     1 cat
`
  assert.deepEqual(selectRows(output, new Set([4711, 4712])), {
    Titles: ['UID', 'PID', 'PPID', 'CMD'],
    Processes: [
      ['root', '4711', '1', 'sleep 1000 seconds'],
      ['root', '4712', '1', 'cat'],
    ],
  })
})

test('threads follow their process', () => {
  const output = 'PID LWP CMD\n1 - init\n- 1 x\n7 - sh\n- 7 y\n'
  assert.deepEqual(selectRows(output, new Set([7])).Processes, [
    ['7', '-', 'sh'],
    ['-', '7', 'y'],
  ])
})

test('top refuses output without process ids and columns that pass for them', () => {
  assert.throws(() => selectRows('CMD\ninit\n', new Set([1])), /Couldn't find PID field in ps output/)
  assert.throws(() => selectRows('PID CMD\nx init\n', new Set([1])), /Unexpected pid 'x'/)
  assert.throws(() => checkPsArguments(['-o', 'ppid=PID']), /specifying "ppid=PID" is not allowed/)
  checkPsArguments(['-o', 'pid=PID,args'])
  checkPsArguments(['-eo', 'pid,comm=COMMAND'])
})
