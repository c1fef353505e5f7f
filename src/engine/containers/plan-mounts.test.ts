import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HostConfig, MountRequest } from '#spec/docker/container-config.ts'
import { completeHostConfig } from './complete-host-config.ts'
import type { ContainerMount } from './container-record.ts'
import { parseBind, parseMount, planMounts } from './plan-mounts.ts'

const bindRows: readonly (readonly [raw: string, wanted: Partial<ReturnType<typeof parseBind>>])[] = [
  [
    '/a:/b',
    {
      type: 'bind',
      source: '/a',
      target: '/b',
      readOnly: false,
      mode: '',
      propagation: 'rprivate',
      createSource: true,
      copyUp: false,
    },
  ],
  ['/a:/b:ro', { type: 'bind', readOnly: true, mode: 'ro' }],
  ['/a/../c/:/b//d/', { source: '/c/', target: '/b/d' }],
  ['/a:/b:rslave,ro', { propagation: 'rslave', readOnly: true }],
  ['vol:/b', { type: 'volume', source: 'vol', mode: 'z', propagation: '', copyUp: true, createSource: false }],
  ['vol:/b:nocopy', { copyUp: false, mode: 'nocopy' }],
  ['/b', { type: 'volume', source: '', target: '/b', mode: '' }],
]

for (const [raw, wanted] of bindRows)
  test(`-v ${raw}`, () => {
    const mount = parseBind(raw, '')
    assert.deepEqual({ ...mount, ...wanted }, mount)
  })

const badBinds: readonly (readonly [raw: string, message: RegExp])[] = [
  ['', /invalid volume specification: ''/],
  ['/a:', /invalid volume specification/],
  [':/a', /invalid volume specification/],
  ['/a:/b:ro:rw', /invalid volume specification/],
  ['/a:ro', /invalid volume specification/],
  ['/a:/b:ro,rw', /invalid mode: ro,rw/],
  ['/a:/b:ro,ro', /invalid mode: ro,ro/],
  ['/a:/b:shared,slave', /invalid mode/],
  ['/a:/b:nosuch', /invalid mode: nosuch/],
  ['/a:/', /destination can't be '\/'/],
  ['/a:/x/..', /destination can't be '\/'/],
  ['/a:b', /mount path must be absolute/],
  ['../a:/b', /includes invalid characters for a local volume name/],
  ['v/w:/b', /includes invalid characters/],
]

for (const [raw, message] of badBinds)
  test(`-v ${raw} is refused`, () => assert.throws(() => parseBind(raw, ''), message))

test('any text is a mount with an absolute target or refused in words', () => {
  fc.assert(
    fc.property(fc.string(), (raw) => {
      try {
        assert.ok(parseBind(raw, '').target.startsWith('/'))
      } catch (error) {
        assert.ok(error instanceof GantryError && error.kind === 'invalid', String(error))
      }
    }),
  )
})

const mountRows: readonly (readonly [request: MountRequest, wanted: Partial<ReturnType<typeof parseMount>>])[] = [
  [
    { Type: 'bind', Source: '/a', Target: '/b' },
    { createSource: false, recursive: true, propagation: 'rprivate' },
  ],
  [
    { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { NonRecursive: true, Propagation: 'shared' } },
    { recursive: false, propagation: 'shared' },
  ],
  [
    { Type: 'volume', Target: '/b' },
    { source: '', mode: 'z', copyUp: true },
  ],
  [
    { Type: 'volume', Source: 'v', Target: '/b', VolumeOptions: { NoCopy: true, Subpath: 'a/b' } },
    { copyUp: false, subpath: 'a/b' },
  ],
  [
    { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 4096, Mode: 0o700, Options: [['exec'], ['uid', '5']] } },
    { tmpfs: ['mode=700', 'size=4096', 'exec', 'uid=5'] },
  ],
  [
    { Type: 'image', Source: 'busybox', Target: '/i' },
    { readOnly: true, source: 'busybox' },
  ],
]

for (const [request, wanted] of mountRows)
  test(`--mount ${JSON.stringify(request)}`, () => {
    const mount = parseMount(request)
    assert.deepEqual({ ...mount, ...wanted }, mount)
  })

const badMounts: readonly (readonly [request: MountRequest, message: RegExp])[] = [
  [{ Type: 'nosuch' as 'bind', Target: '/b' }, /mount type unknown/],
  [{ Type: 'bind', Target: '/b' }, /field Source must not be empty/],
  [{ Type: 'bind', Source: 'a', Target: '/b' }, /mount path must be absolute/],
  [{ Type: 'bind', Source: '/a', Target: '/b', BindOptions: { Propagation: 'x' } }, /invalid propagation mode: x/],
  [{ Type: 'bind', Source: '/a', Target: '/b', VolumeOptions: {} }, /field VolumeOptions must not be specified/],
  [{ Type: 'tmpfs', Source: '/a', Target: '/b' }, /field Source must not be specified/],
  [{ Type: 'volume', Target: '' }, /field Target must not be empty/],
  [{ Type: 'volume', Source: '..', Target: '/b' }, /includes invalid characters/],
  [
    { Type: 'volume', Source: 'v', Target: '/b', VolumeOptions: { Subpath: '../x' } },
    /subpath must be a relative path/,
  ],
]

for (const [request, message] of badMounts)
  test(`--mount ${JSON.stringify(request)} is refused`, () => assert.throws(() => parseMount(request), message))

const defaults = {
  runtime: 'runc',
  cgroupnsMode: 'host',
  logConfig: { Type: 'json-file', Config: {} },
  shmSizeBytes: 1,
} as const
const host = (given: Partial<HostConfig>): HostConfig => completeHostConfig(given, defaults)
const donor = (target: string): ContainerMount => ({
  point: {
    Type: 'volume',
    Name: 'd',
    Source: '/d',
    Destination: target,
    Driver: 'local',
    Mode: '',
    RW: true,
    Propagation: '',
  },
  copyUp: true,
  recursive: true,
})

test('what was asked for wins over what is taken over, and that over the image’s volumes', () => {
  const plan = planMounts({
    engineRoot: '/var/lib/engine',
    hostConfig: host({ Binds: ['/a:/one'], Tmpfs: { '/two/': 'ro,size=1m' } }),
    volumes: ['/one', '/two', '/three', '/four'],
    inherited: [
      { mount: donor('/one'), readOnly: false },
      { mount: donor('/three'), readOnly: true },
    ],
  })
  assert.deepEqual(
    plan.planned.map(({ type, target }) => `${type} ${target}`),
    ['bind /one', 'tmpfs /two', 'volume /four'],
  )
  assert.deepEqual(
    plan.inherited.map(({ point }) => [point.Destination, point.RW]),
    [['/three', false]],
  )
})

test('two mounts at one place are refused', () => {
  for (const given of [
    { Binds: ['/a:/x', '/b:/x/'] },
    { Binds: ['/a:/x'], Tmpfs: { '/x': '' } },
    { Binds: ['/a:/x'], Mounts: [{ Type: 'volume', Target: '/x' }] },
  ] satisfies Partial<HostConfig>[])
    assert.throws(
      () => planMounts({ hostConfig: host(given), volumes: [], inherited: [], engineRoot: '/var/lib/engine' }),
      /Duplicate mount point: \/x/,
    )
})
