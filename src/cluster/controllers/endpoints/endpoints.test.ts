import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpoints, endpointSlices, nodes, pods, services } from '#clients/kubernetes/resources.table.ts'
import type { Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Bench, createBench, podLike } from '../bench.contract.ts'
import { podEndpoints } from './desired-endpoints.ts'
import { startEndpointSliceController } from './endpoint-slice.ts'
import { startEndpointsController } from './endpoints.ts'
import { startEndpointSliceMirroringController } from './mirror.ts'
import { TriggerTimes } from './trigger-times.ts'

const service = (more: object = {}, meta: object = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', ...meta },
  spec: {
    selector: { app: 'web' },
    clusterIP: '10.96.0.7',
    ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }],
    ...more,
  },
})
const ready = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }]
const pod = (
  name: string,
  ip: string,
  more: { ready?: boolean; port?: number; meta?: object; spec?: object; phase?: string } = {},
) =>
  podLike(name, {
    metadata: { labels: { app: 'web' }, ...more.meta },
    spec: {
      nodeName: 'n1',
      containers: [
        { name: 'c', image: 'i', ports: [{ name: 'web', containerPort: more.port ?? 8080, protocol: 'TCP' }] },
      ],
      ...more.spec,
    },
    status: {
      phase: more.phase ?? 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: more.ready === false ? [] : ready,
    },
  })
const bench = (): Bench => createBench({ runPod: () => undefined })

test('only ready endpoints are kept to their zone, and none of a service that is spread by capacity', () => {
  const node = { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z' } } } as never
  const hints = (of: Service, one = pod('a', '10.1.0.1')): unknown =>
    podEndpoints(of, [one], { family: 'IPv4', nodeNamed: () => node })[0]?.endpoint.hints
  const close = { trafficDistribution: 'PreferClose' }
  assert.deepEqual(hints(service(close)), { forZones: [{ name: 'z' }] })
  assert.equal(hints(service(close), pod('a', '10.1.0.1', { ready: false })), undefined)
  const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' }
  assert.equal(hints(service(close, { annotations })), undefined)
})

test('a pod is ready, serving or terminating as it stands', () => {
  const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' }
  const rows: [string, Service, ReturnType<typeof pod>, string][] = [
    ['ready', service(), pod('a', '10.1.0.1'), 'true true false'],
    ['not ready', service(), pod('a', '10.1.0.1', { ready: false }), 'false false false'],
    [
      'leaving but serving',
      service(),
      pod('a', '10.1.0.1', { meta: { labels: { app: 'web' }, ...leaving } }),
      'false true true',
    ],
    [
      'published all the same',
      service({ publishNotReadyAddresses: true }),
      pod('a', '10.1.0.1', { ready: false }),
      'true false false',
    ],
    ['ended', service(), pod('a', '10.1.0.1', { phase: 'Succeeded' }), ''],
    ['without an address', service(), pod('a', ''), ''],
    ['of the other family', service(), pod('a', 'fd00::1'), ''],
  ]
  for (const [name, of, one, want] of rows) {
    const [found] = podEndpoints(of, [one], { family: 'IPv4', nodeNamed: () => undefined })
    const conditions = found?.endpoint.conditions
    assert.equal(
      conditions === undefined ? '' : `${conditions.ready} ${conditions.serving} ${conditions.terminating}`,
      want,
      name,
    )
  }
})

test('slices follow pods and stay put where nothing changed', async () => {
  await using on = bench()
  on.start(startEndpointSliceController)
  await on.api.create(services, service())
  await on.pass(100)
  const [empty] = on.api.all(endpointSlices)
  assert.deepEqual([empty?.endpoints], [null])
  for (let n = 0; n < 150; n++) await on.api.create(pods, pod(`p${n}`, `10.1.${n}.1`))
  await on.pass(1000)
  const counts = (): number[] => on.api.all(endpointSlices).map((slice) => slice.endpoints?.length ?? 0)
  assert.deepEqual(
    counts().toSorted((a, b) => a - b),
    [50, 100],
  )
  assert.deepEqual(on.api.all(endpointSlices)[0]?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }])
  const before = on.api.all(endpointSlices).map((slice) => slice.metadata.resourceVersion)
  await on.api.delete(pods, 'p149', { namespace: 'default', gracePeriodSeconds: 0 })
  await on.pass(1000)
  const after = on.api.all(endpointSlices).map((slice) => slice.metadata.resourceVersion)
  assert.equal(after.filter((version) => before.includes(version)).length, 1)
})

test('a slice without endpoints keeps the time of its making, and is written once', async () => {
  await using on = bench()
  on.start(startEndpointSliceController)
  await on.api.create(services, service())
  await on.pass(1000)
  const [slice] = on.api.all(endpointSlices)
  assert.deepEqual(Object.keys(slice?.metadata.annotations ?? {}), ['endpoints.kubernetes.io/last-change-trigger-time'])
  const { resourceVersion } = slice?.metadata ?? {}
  await on.api.patch(
    services,
    'web',
    { spec: { sessionAffinity: 'ClientIP' } },
    { namespace: 'default', type: 'merge' },
  )
  await on.pass(1000)
  assert.deepEqual([on.api.all(endpointSlices)[0]?.metadata.resourceVersion], [resourceVersion])
})

test('endpoints of a service that wants it are shared out to zones by their size, and by others no more', async () => {
  await using on = bench()
  const names = ['n1', 'n2', 'n3', 'n4']
  for (const [index, name] of names.entries())
    await on.put(nodes, {
      metadata: { name, labels: { 'topology.kubernetes.io/zone': index < 2 ? 'a' : 'b' } },
      status: { allocatable: { cpu: '4' }, conditions: ready },
    })
  on.start(startEndpointSliceController)
  const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' }
  await on.api.create(services, service({}, { annotations }))
  for (let n = 0; n < 4; n++)
    await on.api.create(pods, pod(`p${n}`, `10.1.${n}.1`, { spec: { nodeName: n === 0 ? 'n3' : 'n1' } }))
  await on.pass(1000)
  const zonesHinted = (): (string | undefined)[] =>
    (on.api.all(endpointSlices)[0]?.endpoints ?? []).map(({ hints }) => hints?.forZones?.[0]?.name)
  assert.deepEqual(zonesHinted(), ['b', 'b', 'a', 'a'])
  assert.ok(on.told().includes('TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4'))
  for (const name of ['n3', 'n4']) await on.api.delete(nodes, name, {})
  await on.pass(1000)
  assert.deepEqual(zonesHinted(), [undefined, undefined, undefined, undefined])
  const why = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'
  assert.ok(on.told().includes(`TopologyAwareHintsDisabled: ${why}, addressType: IPv4`))
})

test('pods whose named port differs stand in slices of their own', async () => {
  await using on = bench()
  on.start(startEndpointSliceController)
  await on.api.create(services, service())
  await on.api.create(pods, pod('a', '10.1.0.1'))
  await on.api.create(pods, pod('b', '10.1.0.2', { port: 9090 }))
  await on.pass(100)
  assert.deepEqual(
    on.api
      .all(endpointSlices)
      .map((slice) => slice.ports?.[0]?.port)
      .toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    [8080, 9090],
  )
})

test('a service without pods keeps one empty slice', async () => {
  await using on = bench()
  on.start(startEndpointSliceController)
  await on.api.create(services, service({ clusterIP: 'None' }))
  await on.api.create(pods, pod('a', '10.1.0.1'))
  await on.pass(100)
  await on.api.delete(pods, 'a', { namespace: 'default', gracePeriodSeconds: 0 })
  await on.pass(1000)
  const slices = on.api.all(endpointSlices)
  assert.deepEqual(
    slices.map((slice) => slice.endpoints),
    [null],
  )
  assert.equal(slices[0]?.metadata.labels?.['service.kubernetes.io/headless'], '')
  assert.equal(
    slices[0]?.metadata.labels?.['endpointslice.kubernetes.io/managed-by'],
    'endpointslice-controller.k8s.io',
  )
})

test('Endpoints list ready and other addresses apart and go with their service', async () => {
  await using on = bench()
  on.start(startEndpointsController)
  await on.api.create(services, service())
  await on.api.create(pods, pod('b', '10.1.0.2'))
  await on.api.create(pods, pod('a', '10.1.0.1'))
  await on.api.create(pods, pod('c', '10.1.0.3', { ready: false }))
  await on.pass(100)
  const [subset] = on.api.all(endpoints)[0]?.subsets ?? []
  assert.deepEqual(
    [subset?.addresses?.map((one) => one.ip), subset?.notReadyAddresses?.map((one) => one.ip), subset?.ports],
    [['10.1.0.1', '10.1.0.2'], ['10.1.0.3'], [{ name: 'http', port: 8080, protocol: 'TCP' }]],
  )
  await on.api.delete(services, 'web', { namespace: 'default' })
  await on.pass(100)
  assert.equal(on.api.all(endpoints).length, 0)
})

test('Endpoints written by hand for a service without selector are mirrored', async () => {
  await using on = bench()
  on.start(startEndpointSliceMirroringController)
  await on.api.create(services, service({ selector: {} }))
  await on.api.create(endpoints, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web', namespace: 'default' },
    subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }],
  })
  await on.pass(100)
  const [slice] = on.api.all(endpointSlices)
  assert.deepEqual(
    [slice?.endpoints?.[0]?.addresses, slice?.endpoints?.[0]?.conditions, slice?.metadata.ownerReferences?.[0]?.kind],
    [['192.0.2.1'], { ready: true }, 'Endpoints'],
  )
  await on.api.delete(endpoints, 'web', { namespace: 'default' })
  await on.pass(100)
  assert.equal(on.api.all(endpointSlices).length, 0)
})

test('a write tells when what brought it about happened, and nothing where that is unknown', () => {
  const times = new TriggerTimes()
  const of = service({}, { creationTimestamp: '2026-01-01T00:00:00Z' })
  const at = (name: string, time: string) => {
    const one = pod(name, '10.1.0.1')
    return {
      ...one,
      status: { ...one.status, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }] },
    }
  }
  const early = at('a', '2026-01-01T00:01:00Z')
  assert.equal(times.next('default/web', of, [early]), '2026-01-01T00:00:00Z')
  assert.equal(times.next('default/web', of, [early]), undefined)
  const late = [at('b', '2026-01-01T00:03:00Z'), at('c', '2026-01-01T00:02:00Z')]
  assert.equal(times.next('default/web', of, [early, ...late]), '2026-01-01T00:02:00Z')
  assert.equal(times.next('default/web', of, late), undefined)
  times.forget('default/web')
  assert.equal(times.next('default/web', of, late), '2026-01-01T00:00:00Z')
})

test('the label of headless services is told by what the service is', async () => {
  await using on = bench()
  on.start(startEndpointsController)
  on.start(startEndpointSliceController)
  const label = 'service.kubernetes.io/headless'
  await on.put(services, service({}, { labels: { [label]: 'x', team: 'a' } }))
  await on.put(pods, pod('a', '10.1.0.1'))
  await on.pass(1000)
  for (const { metadata } of [...on.api.all(endpoints), ...on.api.all(endpointSlices)])
    assert.deepEqual([metadata.labels?.[label], metadata.labels?.['team']], [undefined, 'a'])
})
