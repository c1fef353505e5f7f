import assert from 'node:assert/strict'
import test from 'node:test'
import type { ContainerConfig, HostConfig } from '#spec/docker/container-config.ts'
import { checkHostConfig, parseCpuSet } from './check-host-config.ts'
import { completeHostConfig } from './complete-host-config.ts'
import { mergeConfig } from './merge-config.ts'

const defaults = {
  runtime: 'runc',
  cgroupnsMode: 'host',
  logConfig: { Type: 'json-file', Config: {} },
  shmSizeBytes: 1,
} as const
const facts = { cpuCount: 2, runtimes: ['runc', 'crun'], swapLimit: true, oomScoreAdj: 0, mayRaiseLimits: false }
const mebibyte = 1024 * 1024

function check(
  given: Partial<HostConfig>,
  options: { config?: Partial<ContainerConfig>; hostnameGiven?: boolean } = {},
): string[] {
  const config = mergeConfig({ Cmd: ['a'], ...options.config }, {}, 'h')
  return checkHostConfig(completeHostConfig(given, defaults), config, {
    facts,
    hostnameGiven: options.hostnameGiven === true,
    exposes: false,
  })
}

const refused: readonly (readonly [given: Partial<HostConfig>, message: RegExp])[] = [
  [{ Memory: 1 }, /Minimum memory limit allowed is 6MB/],
  [{ Memory: 10 * mebibyte, MemorySwap: 9 * mebibyte }, /Minimum memoryswap limit should be larger than memory limit/],
  [{ MemorySwap: 10 * mebibyte }, /You should always set the Memory limit when using Memoryswap limit/],
  [{ MemorySwappiness: 101 }, /valid memory swappiness range is 0-100/],
  [{ Memory: 10 * mebibyte, MemoryReservation: 11 * mebibyte }, /can not be less than memory reservation limit/],
  [{ NanoCpus: 3e9 }, /Range of CPUs is from 0\.01 to 2\.00, as there are only 2 CPUs available/],
  [{ NanoCpus: 1e9, CpuPeriod: 1000 }, /Nano CPUs and CPU Period cannot both be set/],
  [{ NanoCpus: 1e9, CpuQuota: 1000 }, /Nano CPUs and CPU Quota cannot both be set/],
  [{ CpuPeriod: 5 }, /CPU cfs period can not be less than 1ms/],
  [{ CpuQuota: 5 }, /CPU cfs quota can not be less than 1ms/],
  [{ CpusetCpus: '0-9' }, /Requested CPUs are not available - requested 0-9, available: 0-1/],
  [{ CpusetCpus: 'x' }, /Invalid value x for cpuset cpus/],
  [{ BlkioWeight: 5 }, /Range of blkio weight is from 10 to 1000/],
  [{ RestartPolicy: { Name: 'sometimes' as 'no', MaximumRetryCount: 0 } }, /invalid restart policy 'sometimes'/],
  [
    { RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } },
    /maximum retry count cannot be used with restart policy 'always'/,
  ],
  [{ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -1 } }, /cannot be negative/],
  [
    { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 }, AutoRemove: true },
    /can't create 'AutoRemove' container with restart policy/,
  ],
  [{ NetworkMode: 'container:' }, /invalid container format container:<name\|id>/],
  [{ NetworkMode: 'container:x', Links: ['a:b'] }, /container type network can't be used with links/],
  [{ NetworkMode: 'container:x', PublishAllPorts: true }, /port publishing and the container type network mode/],
  [{ NetworkMode: 'host', Links: ['a:b'] }, /host type networking can't be used with links/],
  [{ PortBindings: { 'x/tcp': [] } }, /invalid port specification: "x\/tcp"/],
  [{ PortBindings: { '70000/tcp': [] } }, /invalid port specification/],
  [{ PortBindings: { '80/tcp': [{ HostIp: '', HostPort: 'a' }] } }, /invalid port specification: "a"/],
  [{ LogConfig: { Type: 'nosuch', Config: {} } }, /error looking up logging plugin nosuch: plugin "nosuch" not found/],
  [{ LogConfig: { Type: 'json-file', Config: { nosuch: '1' } } }, /unknown log opt 'nosuch' for json-file log driver/],
  [{ UsernsMode: 'x' }, /invalid user namespace mode: x/],
  [{ SecurityOpt: ['nosuch'] }, /invalid --security-opt 1: "nosuch"/],
  [{ SecurityOpt: ['a:b'] }, /invalid --security-opt 2: "a:b"/],
  [{ SecurityOpt: ['no-new-privileges=maybe'] }, /invalid --security-opt 2: "no-new-privileges=maybe"/],
  [{ PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '70000' }] } }, /invalid port specification: "70000"/],
  [{ CgroupnsMode: 'x' }, /invalid cgroup namespace mode: x/],
  [{ Isolation: 'hyperv' }, /Invalid isolation: "hyperv" - linux only supports 'default'/],
  [{ StorageOpt: { size: '1g' } }, /--storage-opt is supported only for overlay over xfs/],
  [{ PidMode: 'x' }, /invalid PID mode: x/],
  [{ IpcMode: 'x' }, /Invalid IPC mode: x/],
  [{ UTSMode: 'x' }, /invalid UTS mode: x/],
  [{ CapAdd: ['NOSUCH'] }, /NOSUCH/],
  [{ Runtime: 'nosuch' }, /nosuch/],
  [{ ShmSize: -1 }, /SHM size can not be less than 0/],
  [{ OomScoreAdj: 2000 }, /range for oom score adj is \[-1000, 1000\]/],
]

for (const [given, message] of refused)
  test(`refused: ${JSON.stringify(given)}`, () => assert.throws(() => check(given), message))

test('a container that shares another’s network brings no name of its own', () => {
  assert.throws(() => check({ NetworkMode: 'container:x' }, { hostnameGiven: true }), /hostname and the network mode/)
  assert.throws(
    () => check({ NetworkMode: 'container:x' }, { config: { MacAddress: '02:00:00:00:00:01' } }),
    /mac-address/,
  )
  assert.throws(() => check({ UTSMode: 'host' }, { hostnameGiven: true }), /hostname and the UTS mode/)
})

test('what is taken with a warning says so', () => {
  assert.deepEqual(check({}), [])
  assert.match(check({ OomKillDisable: true })[0] ?? '', /OOM killer is disabled/)
  assert.match(check({ NetworkMode: 'host', PortBindings: { '80/tcp': [] } })[0] ?? '', /Published ports are discarded/)
  assert.match(check({ OomScoreAdj: -5 })[0] ?? '', /below what this machine allows/)
})

test('sets of CPUs are lists and ranges', () => {
  const rows: readonly (readonly [string, number[] | undefined])[] = [
    ['', []],
    ['0', [0]],
    ['0-2,4', [0, 1, 2, 4]],
    ['2-1', undefined],
    ['0-', undefined],
    ['a', undefined],
    ['999999', undefined],
  ]
  for (const [text, cpus] of rows) assert.deepEqual(parseCpuSet(text), cpus, text)
})
