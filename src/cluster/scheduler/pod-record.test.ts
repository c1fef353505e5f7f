import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type PodRecord, PodRecords, recordOf } from './pod-record.ts'
import { AmountReader } from './resource-amounts.ts'
import { someNode } from './scheduling.contract.ts'

const nodes = [someNode('a', { labels: { disk: 'ssd' } }), someNode('b')]

/** A record in values alone: what it says of nodes instead of how it tells. */
const inValues = ({ requiredNodes, ...rest }: PodRecord): object => ({
  ...rest,
  suits: nodes.map((node) => requiredNodes?.(node) ?? true),
})

const term = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'a' } } }
const specs: readonly Pod['spec'][] = [
  { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] },
  {
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 1, hostPort: 80 }] }],
    nodeSelector: { disk: 'ssd' },
    priority: 7,
    tolerations: [{ operator: 'Exists' }],
  },
  {
    containers: [{ name: 'c', image: 'i' }],
    volumes: [
      { name: 'own', ephemeral: { volumeClaimTemplate: { spec: {} } } },
      { name: 'his', persistentVolumeClaim: { claimName: 'his' } },
    ],
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  },
]

const aPod: fc.Arbitrary<Pod> = fc
  .record({
    name: fc.constantFrom('one', 'two'),
    namespace: fc.constantFrom('x', 'y'),
    uid: fc.option(fc.constantFrom('u1', 'u2'), { nil: undefined }),
    app: fc.constantFrom('a', 'b'),
    spec: fc.constantFrom(...specs),
    nodeName: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    isCopied: fc.boolean(),
    held: fc.option(fc.constantFrom('2', '3'), { nil: undefined }),
  })
  .map(({ name, namespace, uid, app, spec, nodeName, isCopied, held }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app }, ...(uid === undefined ? {} : { uid }) },
    spec: nodeName === undefined ? (isCopied ? { ...spec } : spec) : { ...spec, nodeName },
    ...(held === undefined
      ? {}
      : {
          status: {
            containerStatuses: [
              { name: 'c', image: '', imageID: '', ready: true, restartCount: 0, allocatedResources: { cpu: held } },
            ],
          },
        }),
  }))

test('records of pods that share their specs are those of each pod alone', () => {
  fc.assert(
    fc.property(fc.array(aPod, { minLength: 2, maxLength: 12 }), (all) => {
      const reader = new AmountReader()
      const records = new PodRecords(reader)
      let last: PodRecord | undefined
      for (const pod of all) {
        const alone = inValues(recordOf(pod, reader))
        assert.deepEqual(inValues(records.of(pod)), alone)
        if (last !== undefined) assert.deepEqual(inValues(records.changed(last, pod)), alone)
        last = records.of(pod)
      }
    }),
  )
})

test('what a spec asks for is worked out once for all pods that have it', () => {
  const records = new PodRecords(new AmountReader())
  const [spec] = specs as [Pod['spec']]
  const podNamed = (name: string, own = spec): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'x' },
    spec: own,
  })
  const first = records.of(podNamed('one'))
  const second = records.of(podNamed('two'))
  assert.equal(second.requests, first.requests)
  assert.equal(records.changed(first, podNamed('one', { ...spec, nodeName: 'a' })).requests, first.requests)
})
