import assert from 'node:assert/strict'
import test from 'node:test'
import type { HostConfig } from '#spec/docker/container-config.ts'
import { completeHostConfig } from './complete-host-config.ts'

const defaults = {
  runtime: 'runc',
  cgroupnsMode: 'private',
  logConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
  shmSizeBytes: 67_108_864,
} as const

const rows: readonly (readonly [what: string, given: object, wanted: Partial<HostConfig>])[] = [
  [
    'nothing given: Docker’s defaults',
    {},
    {
      NetworkMode: 'default',
      IpcMode: 'private',
      CgroupnsMode: 'private',
      Runtime: 'runc',
      ShmSize: 67_108_864,
      PidsLimit: null,
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    },
  ],
  [
    'nulls are as good as nothing',
    { NetworkMode: null, PortBindings: null, RestartPolicy: null, Dns: null },
    { NetworkMode: 'default', PortBindings: {}, Dns: [] },
  ],
  ['memory without a word on swap allows as much swap again', { Memory: 100 }, { MemorySwap: 200 }],
  ['swap stays as it was asked for', { Memory: 100, MemorySwap: -1 }, { MemorySwap: -1 }],
  ['swappiness -1 is none', { MemorySwappiness: -1 }, { MemorySwappiness: null }],
  [
    'privileged containers see all of proc and the host’s cgroups',
    { Privileged: true },
    { MaskedPaths: null, ReadonlyPaths: null, CgroupnsMode: 'host' },
  ],
  ['unconfined paths', { SecurityOpt: ['systempaths=unconfined'] }, { MaskedPaths: null, ReadonlyPaths: null }],
  ['no limit of processes is null', { PidsLimit: -1 }, { PidsLimit: null }],
  ['a limit of processes stays', { PidsLimit: 5 }, { PidsLimit: 5 }],
  [
    'options without a driver are the default driver’s',
    { LogConfig: { Type: '', Config: { 'max-file': '2' } } },
    { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } } },
  ],
  [
    'another driver takes nothing from the default',
    { LogConfig: { Type: 'none' } },
    { LogConfig: { Type: 'none', Config: {} } },
  ],
  [
    'a policy without a name stays without one',
    { RestartPolicy: { Name: '' } },
    { RestartPolicy: { Name: '', MaximumRetryCount: 0 } },
  ],
  ['a privileged container has no label', { Privileged: true }, { SecurityOpt: ['label=disable'] }],
  [
    'nor has one that sees the processes of the host',
    { PidMode: 'host', SecurityOpt: ['label=user:u'] },
    { SecurityOpt: ['label=user:u', 'label=disable'] },
  ],
]

for (const [what, given, wanted] of rows)
  test(what, () => {
    const complete = completeHostConfig(given as Partial<HostConfig>, defaults)
    assert.deepEqual({ ...complete, ...wanted }, complete)
  })

test('every container has its paths hidden unless it says otherwise', () => {
  const { MaskedPaths, ReadonlyPaths } = completeHostConfig({}, defaults)
  assert.ok(MaskedPaths?.includes('/proc/kcore'))
  assert.ok(ReadonlyPaths?.includes('/proc/sys'))
})
