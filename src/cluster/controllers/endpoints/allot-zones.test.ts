import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Endpoint } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import { keptAllotment, newAllotment } from './allot-zones.ts'
import { isOverloaded, zoneRatios, type ZoneRatios, zoneShares } from './zone-shares.ts'

const endpoint = (zone: string | undefined, hint?: string, ready = true): Endpoint => ({
  addresses: ['10.0.0.1'],
  conditions: { ready },
  ...(zone === undefined ? {} : { zone }),
  ...(hint === undefined ? {} : { hints: { forZones: [{ name: hint }] } }),
})
const node = (zone: string, cpu: string, { status = 'True', ...more }: Record<string, string> = {}): Node =>
  ({
    metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': zone, ...more } },
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status }] },
  }) as unknown as Node
const ratiosOf = (ratios: Record<string, number>): ZoneRatios => new Map(Object.entries(ratios))
const sharesOf = (ratios: Record<string, number>, count: number) => {
  const shares = zoneShares(ratiosOf(ratios), count)
  assert.ok(!('problem' in shares))
  return shares
}

test('zones count by the CPU of their ready nodes, and not at all where one says too little', () => {
  const spare = node('c', '9', { 'node-role.kubernetes.io/control-plane': '' })
  const nodes = [node('a', '1'), node('a', '2'), node('b', '1'), spare, node('d', '8', { status: 'False' })]
  assert.deepEqual(zoneRatios(nodes), ratiosOf({ a: 0.75, b: 0.25 }))
  assert.equal(zoneRatios([node('a', '1')]), undefined)
  assert.equal(zoneRatios([...nodes, node('', '1')]), undefined)
  assert.equal(zoneRatios([...nodes, node('a', '0')]), undefined)
})

test('endpoints are shared out only where there are enough of them', () => {
  const unknown = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'
  assert.deepEqual(zoneShares(undefined, 9), { problem: unknown })
  assert.deepEqual(zoneShares(ratiosOf({ a: 0.5, b: 0.5 }), 1), {
    problem: 'Insufficient number of endpoints (1 endpoints, 2 zones)',
  })
  assert.deepEqual(zoneShares(ratiosOf({ a: 0.34, b: 0.33, c: 0.33 }), 4), {
    problem:
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (4 endpoints, 3 zones)',
  })
  assert.deepEqual(
    sharesOf({ a: 0.75, b: 0.25 }, 8),
    new Map([
      ['a', { least: 5, most: 6, desired: 6 }],
      ['b', { least: 2, most: 3, desired: 2 }],
    ]),
  )
})

test('each endpoint serves its own zone, and zones with too many give to zones with too few', () => {
  const even = sharesOf({ a: 0.5, b: 0.5 }, 4)
  const zones = ['a', 'a', 'a', 'b']
  assert.deepEqual(
    newAllotment(
      zones.map((zone) => endpoint(zone)),
      even,
    )?.zones,
    ['b', 'a', 'a', 'b'],
  )
  const idle = [endpoint('a', undefined, false), ...zones.map((zone) => endpoint(zone))]
  assert.deepEqual(newAllotment(idle, even)?.zones, [undefined, 'b', 'a', 'a', 'b'])
  assert.equal(newAllotment([endpoint(undefined)], even), undefined)
})

test('hints stay while no zone has more than it may and none is missing', () => {
  const even = sharesOf({ a: 0.5, b: 0.5 }, 4)
  const hinted = (...hints: (string | undefined)[]): Endpoint[] => hints.map((hint) => endpoint('a', hint))
  assert.deepEqual(
    keptAllotment(hinted('b', 'a', 'a', 'b'), even)?.allotted,
    new Map([
      ['b', 2],
      ['a', 2],
    ]),
  )
  for (const hints of [
    ['a', 'a', 'a', 'b'],
    ['a', 'a', 'b', undefined],
    ['a', 'a', 'b', 'gone'],
  ])
    assert.equal(keptAllotment(hinted(...hints), even), undefined)
})

test('a zone is overloaded when it has fewer than it needs at least', () => {
  const allotted = new Map([
    ['a', 2],
    ['b', 2],
  ])
  assert.equal(isOverloaded(allotted, ratiosOf({ a: 0.5, b: 0.5 })), false)
  assert.equal(isOverloaded(allotted, ratiosOf({ a: 0.9, b: 0.1 })), true)
  assert.equal(isOverloaded(allotted, ratiosOf({ a: 0.4, b: 0.4, c: 0.2 })), true)
  assert.equal(isOverloaded(allotted, undefined), true)
  assert.equal(isOverloaded(new Map(), undefined), false)
})

test('whatever the zones, what was allotted is what stands, and is kept or made alike', () => {
  const names = ['a', 'b', 'c']
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 3 })
  fc.assert(
    fc.property(weights, fc.array(fc.constantFrom(...names), { minLength: 3, maxLength: 40 }), (parts, placed) => {
      const whole = parts.reduce((sum, part) => sum + part, 0)
      const ratios = new Map(parts.map((part, index) => [names[index] ?? '', part / whole]))
      const shares = zoneShares(ratios, placed.length)
      if ('problem' in shares) return
      const made = newAllotment(
        placed.map((zone) => endpoint(zone)),
        shares,
      )
      assert.equal(made?.zones.filter((zone) => zone === undefined).length, 0)
      const total = [...(made?.allotted.values() ?? [])].reduce((sum, count) => sum + count, 0)
      assert.equal(total, placed.length)
      const kept = keptAllotment(
        placed.map((zone, index) => endpoint(zone, made?.zones[index])),
        shares,
      )
      if (kept !== undefined) assert.deepEqual(kept, made)
    }),
  )
})
