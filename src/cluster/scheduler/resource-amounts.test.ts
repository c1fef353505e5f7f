import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { quantityMillis, quantityUnits } from '#base/data/quantity.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { podAmounts } from '#spec/kubernetes/quota/pod-usage.ts'
import { AmountReader, podRequests } from './resource-amounts.ts'

const requests = fc.record(
  {
    cpu: fc.integer({ min: 1, max: 9999 }).map((millis) => `${millis}m`),
    memory: fc.integer({ min: 1, max: 64 }).map((mebibytes) => `${mebibytes}Mi`),
    'example.com/card': fc.integer({ min: 0, max: 9 }).map(String),
  },
  { requiredKeys: [] },
)
const container = fc.record(
  { resources: fc.record({ requests }), restartPolicy: fc.constant('Always') },
  { requiredKeys: ['resources'] },
)
const podOf = (spec: unknown): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec }) as unknown as Pod

/** Amounts that are not zero, by their names. */
function sorted(entries: Iterable<readonly [string, number]>): readonly (readonly [string, number])[] {
  return [...entries].filter(([, amount]) => amount !== 0).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

test('the scheduler counts in numbers what quotas count exactly', () => {
  const spec = fc.record(
    {
      containers: fc.array(
        container.map(({ resources }) => ({ name: 'c', resources })),
        { maxLength: 4 },
      ),
      initContainers: fc.array(
        container.map((one) => ({ ...one, name: 'i' })),
        { maxLength: 5 },
      ),
      overhead: requests,
    },
    { requiredKeys: ['containers'] },
  )
  fc.assert(
    fc.property(spec.map(podOf), (pod) => {
      const exact = [...podAmounts(pod, 'requests')].map(
        ([name, amount]) => [name, Number(name === 'cpu' ? quantityMillis(amount) : quantityUnits(amount))] as const,
      )
      assert.deepEqual(sorted(podRequests(pod, new AmountReader())), sorted(exact))
    }),
  )
})
