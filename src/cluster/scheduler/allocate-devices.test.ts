import assert from 'node:assert/strict'
import test from 'node:test'
import type {
  AllocationResult,
  Device,
  DeviceClass,
  ResourceClaim,
  ResourceSlice,
} from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { allocateClaim, isTolerated } from './allocate-devices.ts'
import { offersFor, TakenDevices, wholePools } from './device-offers.ts'
import { createDeviceMatcher } from './device-selector.ts'
import { someNode } from './scheduling.contract.ts'

const driver = 'gpu.example.com'

function slice(devices: readonly Device[], more: object = {}, pool: object = {}): ResourceSlice {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 's' },
    spec: {
      driver,
      nodeName: 'a',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1, ...pool },
      devices,
      ...more,
    },
  } as ResourceSlice
}

const claimFor = (devices: object): ResourceClaim =>
  ({ metadata: { namespace: 'default', name: 'c' }, spec: { devices } }) as unknown as ResourceClaim
const classes: Readonly<Record<string, object>> = {
  any: {},
  big: { selectors: [{ cel: { expression: `device.capacity["${driver}"].memory.compareTo(quantity("40Gi")) >= 0` } }] },
  told: { config: [{ opaque: { driver, parameters: { a: 1 } } }] },
}
const exactly = (terms: object = {}): object => ({ deviceClassName: 'any', ...terms })
const matchesDevice = createDeviceMatcher()

function allocate(
  claim: ResourceClaim,
  slices: readonly ResourceSlice[],
  { held = [], node = 'a' }: { readonly held?: readonly string[]; readonly node?: string } = {},
): AllocationResult | undefined {
  const pools = wholePools(slices)
  const results = held.map((device) => ({ request: 'r', driver, pool: 'p', device }))
  const place = someNode(node)
  return allocateClaim(claim, place, {
    offers: offersFor(place, pools),
    taken: TakenDevices.of(pools, [{ devices: { results } }]),
    deviceClass: (name) => ({ spec: classes[name] }) as DeviceClass,
    matchesDevice,
  })
}

const names = (result: AllocationResult | undefined): string[] | undefined =>
  result?.devices?.results?.map(({ request, device }) => `${request}=${device}`)

test('a request gets devices that its class, its selectors and its tolerations allow', () => {
  const devices: Device[] = [
    { name: 'small', capacity: { memory: { value: '16Gi' } } },
    { name: 'tainted', capacity: { memory: { value: '80Gi' } }, taints: [{ key: 'hot', effect: 'NoSchedule' }] },
    { name: 'large', capacity: { memory: { value: '80Gi' } }, attributes: { model: { string: 'x' } } },
  ]
  const one = (terms: object): string[] | undefined =>
    names(allocate(claimFor({ requests: [{ name: 'r', exactly: exactly(terms) }] }), [slice(devices)]))
  const own = `device.attributes["${driver}"]`
  const selector = (expression: string): object => ({ cel: { expression } })
  assert.throws(() => one({ selectors: [selector('true'), selector(`${own}.model == "x"`)] }), {
    message: 'claim default/c: selector #1: CEL runtime error: no such key: model',
  })
  assert.throws(() => one({ selectors: [selector('device.')] }), {
    message: /^claim default\/c: selector #0: CEL compile error: /,
  })
  const bound = selector(`cel.bind(own, device.capacity["${driver}"], own.memory.compareTo(quantity("40Gi")) > 0)`)
  const rows: [string, object, string[] | undefined][] = [
    ['by a value under a name', { selectors: [bound] }, ['r=large']],
    ['any', {}, ['r=small']],
    ['of a class', { deviceClassName: 'big' }, ['r=large']],
    ['tolerating', { deviceClassName: 'big', tolerations: [{ key: 'hot', operator: 'Exists' }] }, ['r=tainted']],
    ['selected', { selectors: [selector(`"model" in ${own} && ${own}.model == "x"`)] }, ['r=large']],
    ['two', { count: 2 }, ['r=small', 'r=large']],
    ['three', { count: 3 }, undefined],
    ['all', { allocationMode: 'All' }, ['r=small', 'r=large']],
  ]
  for (const [name, terms, want] of rows) assert.deepEqual(one(terms), want, name)
  const all = claimFor({ requests: [{ name: 'r', exactly: exactly({ allocationMode: 'All' }) }] })
  assert.equal(allocate(all, [slice(devices)], { held: ['small'] }), undefined)
  const admin = claimFor({ requests: [{ name: 'r', exactly: exactly({ adminAccess: true }) }] })
  assert.deepEqual(names(allocate(admin, [slice(devices)], { held: ['small'] })), ['r=small'])
  assert.deepEqual(
    [
      isTolerated({ key: 'k', effect: 'None' }, []),
      isTolerated({ key: 'k', value: 'v', effect: 'NoExecute' }, [{ key: 'k', value: 'v' }]),
      isTolerated({ key: 'k', effect: 'NoExecute' }, [{ operator: 'Exists', effect: 'NoSchedule' }]),
    ],
    [true, true, false],
  )
})

test('constraints and alternatives are tried until everything fits', () => {
  const at = (name: string, numa: number): Device => ({ name, attributes: { numa: { int: numa } } })
  const devices = [at('a0', 0), at('b0', 1), at('b1', 1)]
  const constrained = claimFor({
    requests: [
      { name: 'x', exactly: exactly() },
      { name: 'y', exactly: exactly() },
    ],
    constraints: [{ requests: ['x', 'y'], matchAttribute: `${driver}/numa` }],
  })
  assert.deepEqual(names(allocate(constrained, [slice(devices)])), ['x=b0', 'y=b1'])
  assert.equal(allocate(constrained, [slice(devices)], { held: ['b1'] }), undefined)
  const either = claimFor({
    requests: [
      {
        name: 'r',
        firstAvailable: [
          { name: 'four', deviceClassName: 'any', count: 4 },
          { name: 'two', deviceClassName: 'any', count: 2 },
        ],
      },
    ],
  })
  assert.deepEqual(names(allocate(either, [slice(devices)])), ['r/two=a0', 'r/two=b0'])
})

test('devices that share counters are given out as long as the counters last', () => {
  const part = (name: string, memory: string): Device => ({
    name,
    consumesCounters: [{ counterSet: 'card', counters: { memory: { value: memory } } }],
  })
  const slices = [
    slice([part('half-0', '20Gi'), part('half-1', '20Gi'), part('whole', '40Gi')], {}, { resourceSliceCount: 2 }),
    slice(
      [],
      { sharedCounters: [{ name: 'card', counters: { memory: { value: '40Gi' } } }] },
      { resourceSliceCount: 2 },
    ),
  ]
  const wants = (count: number): ResourceClaim => claimFor({ requests: [{ name: 'r', exactly: exactly({ count }) }] })
  assert.deepEqual(names(allocate(wants(2), slices)), ['r=half-0', 'r=half-1'])
  assert.equal(allocate(wants(3), slices), undefined)
  assert.deepEqual(names(allocate(wants(1), slices, { held: ['half-0'] })), ['r=half-1'])
  assert.equal(allocate(wants(1), slices, { held: ['whole'] }), undefined)
})

test('an allocation says where it can be used and what drivers are told', () => {
  const told = claimFor({
    requests: [{ name: 'r', exactly: exactly({ deviceClassName: 'told' }) }],
    config: [{ opaque: { driver, parameters: { b: 2 } } }, { requests: ['other'], opaque: { driver, parameters: {} } }],
  })
  const local = allocate(told, [slice([{ name: 'd' }])])
  assert.equal(local?.nodeSelector?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0], 'a')
  assert.deepEqual(local?.devices?.config, [
    { source: 'FromClass', requests: ['r'], opaque: { driver, parameters: { a: 1 } } },
    { source: 'FromClaim', opaque: { driver, parameters: { b: 2 } } },
  ])
  const everywhere = slice([{ name: 'd' }], { nodeName: undefined, allNodes: true })
  const result = allocate(told, [everywhere], { node: 'b' })
  assert.deepEqual([names(result), result?.nodeSelector], [['r=d'], undefined])
  assert.equal(allocate(told, [slice([{ name: 'd' }])], { node: 'b' }), undefined)
})

test('only the newest generation of a pool counts, and only when all of it is there', () => {
  const old = slice([{ name: 'old' }])
  const fresh = slice([{ name: 'new' }], {}, { generation: 2 })
  const half = slice([{ name: 'new' }], {}, { generation: 2, resourceSliceCount: 2 })
  const any = claimFor({ requests: [{ name: 'r', exactly: exactly() }] })
  assert.deepEqual(names(allocate(any, [old, fresh])), ['r=new'])
  assert.equal(allocate(any, [old, half]), undefined)
})
