import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MetricSpec } from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'
import { type Reading, readMetric } from './read-metrics.ts'

const time = '2026-01-01T00:00:00Z'
const timestampMs = Date.parse(time)

/** Answers by path as a server would that serves these documents. */
function serving(documents: Readonly<Record<string, unknown>>): {
  asked: string[]
  read: (metric: object) => Promise<Reading>
} {
  const asked: string[] = []
  const raw = ({ path }: { readonly path: string }): Promise<{ status: number; headers: object; body: Uint8Array }> => {
    asked.push(decodeURIComponent(path))
    const found = documents[decodeURIComponent(path)]
    const isStatus = typeof found === 'object' && found !== null && 'code' in found
    const missing = { kind: 'Status', code: 404, message: 'the server could not find the requested resource' }
    const status = found === undefined ? 404 : isStatus ? Number(found.code) : 200
    return Promise.resolve({ status, headers: {}, body: Buffer.from(JSON.stringify(found ?? missing)) })
  }
  const terms = { namespace: 'ns', pods: 'app=web' }
  return { asked, read: (metric) => readMetric({ raw } as never, metric as MetricSpec, terms) }
}

const custom = { '/apis/custom.metrics.k8s.io': { versions: [{ version: 'v1beta1' }, { version: 'v1beta2' }] } }
const customRoot = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/ns'

test('resource metrics are summed over a pod’s containers, or taken from one', async () => {
  const containers = [
    { name: 'c', usage: { cpu: '100m', memory: '64Mi' } },
    { name: 'd', usage: { cpu: '1500000n' } },
  ]
  const list = {
    items: [
      { metadata: { name: 'a' }, timestamp: time, window: '1m30s', containers },
      { metadata: { name: 'b' }, timestamp: time, window: '30s', containers: [] },
    ],
  }
  const { read } = serving({ '/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods?labelSelector=app=web': list })
  const valuesOf = async (metric: object): Promise<unknown> => {
    const reading = await read(metric)
    return 'values' in reading ? [...reading.values] : reading
  }
  const at = { timestampMs, windowMs: 90_000 }
  assert.deepEqual(await valuesOf({ resource: { name: 'cpu' } }), [['a', { milli: 102, ...at }]])
  assert.deepEqual(await valuesOf({ resource: { name: 'memory' } }), [])
  assert.deepEqual(await valuesOf({ containerResource: { name: 'memory', container: 'c' } }), [
    ['a', { milli: 67_108_864_000, ...at }],
  ])
  assert.deepEqual(await valuesOf({ containerResource: { name: 'cpu', container: 'x' } }), [])
})

test('custom metrics of pods and objects are asked for where the newest version serves them', async () => {
  const item = { describedObject: { name: 'a' }, timestamp: time, value: '5', windowSeconds: 10 }
  const query = 'labelSelector=app=web&metricLabelSelector=q=x'
  const ingress = { kind: 'Ingress', name: 'main', apiVersion: 'networking.k8s.io/v1' }
  const { read, asked } = serving({
    ...custom,
    [`${customRoot}/pods/*/qps?${query}`]: { items: [item] },
    [`${customRoot}/ingresses.networking.k8s.io/main/rps`]: { items: [{ value: '1500m' }] },
    [`${customRoot}/metrics/budget`]: { items: [{ value: '7' }] },
    [`${customRoot}/services/s/empty`]: { items: [] },
  })
  const pods = await read({ pods: { metric: { name: 'qps', selector: { matchLabels: { q: 'x' } } } } })
  assert.deepEqual('values' in pods && [...pods.values], [['a', { milli: 5000, timestampMs, windowMs: 10_000 }]])
  assert.deepEqual(await read({ object: { describedObject: ingress, metric: { name: 'rps' } } }), { value: 1500 })
  const own = { kind: 'Namespace', name: 'other', apiVersion: 'v1' }
  assert.deepEqual(await read({ object: { describedObject: own, metric: { name: 'budget' } } }), { value: 7000 })
  const service = { kind: 'Service', name: 's', apiVersion: 'v1' }
  assert.deepEqual(await read({ object: { describedObject: service, metric: { name: 'empty' } } }), {
    problem: 'no metrics returned from custom metrics API',
  })
  const unknown = { kind: 'Nothing', name: 's', apiVersion: 'example.com/v1' }
  assert.deepEqual(await read({ object: { describedObject: unknown, metric: { name: 'm' } } }), {
    problem: 'unable to fetch metrics from custom metrics API: no matches for kind "Nothing" in group "example.com"',
  })
  assert.ok(asked.every((path) => !path.includes('v1beta1/namespaces')))
})

test('external metrics are added up; what a server refuses is told in its words', async () => {
  const root = '/apis/external.metrics.k8s.io/v1beta1/namespaces/ns'
  const refused = { kind: 'Status', code: 503, message: 'service unavailable' }
  const { read } = serving({
    [`${root}/jobs?labelSelector=queue=a`]: { items: [{ value: '3' }, { value: '500m' }] },
    [`${root}/none`]: { items: [] },
    [`${root}/down`]: refused,
    [`${root}/text`]: 'text',
    [`${root}/odd`]: { items: 5 },
  })
  const jobs = { metric: { name: 'jobs', selector: { matchLabels: { queue: 'a' } } } }
  assert.deepEqual(await read({ external: jobs }), { value: 3500 })
  const problemOf = async (name: string): Promise<unknown> => {
    const reading = await read({ external: { metric: { name } } })
    return 'problem' in reading ? reading.problem : reading
  }
  const failing = 'unable to fetch metrics from external metrics API: '
  assert.equal(await problemOf('none'), 'no metrics returned from external metrics API')
  assert.equal(await problemOf('down'), `${failing}service unavailable`)
  assert.match(String(await problemOf('text')), /currently unable to handle the request \(get text\.external/)
  assert.match(String(await problemOf('odd')), /unable to decode the answer \(get odd\.external/)
  const unknown = 'the server could not find the requested resource (get away.external.metrics.k8s.io)'
  assert.equal(await problemOf('away'), failing + unknown)
})
