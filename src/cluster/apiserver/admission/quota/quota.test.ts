/** Quotas over the API: what they refuse, and that nobody can race past them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { builtInResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { createApiServer } from '../../api-server.ts'

const admin = { name: 'admin', groups: ['system:masters'] }
const inDefault = { namespace: 'default' }
const pods = builtInResource('v1', 'pods')
const configMaps = builtInResource('v1', 'configmaps')
const quotas = builtInResource('v1', 'resourcequotas')

interface Fixture extends AsyncDisposable {
  readonly client: KubeClient
  /** A quota whose status the controller has filled in. */
  limit(name: string, hard: Record<string, string>, more?: object): Promise<void>
  used(name: string): Promise<unknown>
}

async function start(): Promise<Fixture> {
  await using scope = new AsyncDisposableStack()
  const clock = createClock()
  const store = scope.use(createMemoryStore({ clock }))
  const api = scope.use(
    await createApiServer(
      { clock, random: createRandom(), store, log: silentLog },
      { disableAdmission: ['ServiceAccount'] },
    ),
  )
  const client = api.clientFor(admin)
  const running = scope.move()
  return {
    client,
    limit: async (name, hard, more = {}) => {
      const quota = {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name, ...inDefault },
        spec: { hard, ...more },
      }
      const made = await client.create(quotas, quota as unknown as KubernetesObject, inDefault)
      const zero = Object.fromEntries(Object.keys(hard).map((key) => [key, '0']))
      await client.updateStatus(
        quotas,
        { ...made, status: { hard, used: zero } } as unknown as KubernetesObject,
        inDefault,
      )
    },
    used: async (name) =>
      ((await client.get(quotas, name, inDefault)) as unknown as { status: JsonObject }).status['used'],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const configMap = (name: string): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } }) as KubernetesObject
const pod = (name: string, resources: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'x', resources }] },
  }) as unknown as KubernetesObject

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    const { code, message = '' } = statusOf(error) ?? {}
    assert.equal(code, 403, message)
    return message
  }
  return assert.fail('it was allowed')
}

test('what exceeds a quota is refused with the numbers', async () => {
  await using fixture = await start()
  await fixture.limit('small', { pods: '2', 'requests.cpu': '1', 'limits.cpu': '2' })
  const cpu = (requests: string, limits: string): object => ({ requests: { cpu: requests }, limits: { cpu: limits } })
  await fixture.client.create(pods, pod('a', cpu('600m', '1')), inDefault)
  assert.deepEqual(await fixture.used('small'), { pods: '1', 'requests.cpu': '600m', 'limits.cpu': '1' })
  assert.equal(
    await refusal(fixture.client.create(pods, pod('b', cpu('500m', '1')), inDefault)),
    'pods "b" is forbidden: exceeded quota: small, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
  )
  assert.equal(
    await refusal(fixture.client.create(pods, pod('c'), inDefault)),
    'pods "c" is forbidden: failed quota: small: must specify limits.cpu for: c; requests.cpu for: c',
  )
  assert.deepEqual(await fixture.used('small'), { pods: '1', 'requests.cpu': '600m', 'limits.cpu': '1' })
})

test('requests at the same time cannot together take more than there is', async () => {
  await using fixture = await start()
  await fixture.limit('few', { 'count/configmaps': '5' })
  const creates = Array.from({ length: 40 }, (_, index) =>
    fixture.client.create(configMaps, configMap(`c${index}`), inDefault),
  )
  const outcomes = await Promise.allSettled(creates)
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 5)
  assert.deepEqual(await fixture.used('few'), { 'count/configmaps': '5' })
})

test('a write that fails after all gives back what it was charged', async () => {
  await using fixture = await start()
  await fixture.limit('few', { 'count/configmaps': '5' })
  await fixture.client.create(configMaps, configMap('a'), inDefault)
  await assert.rejects(fixture.client.create(configMaps, configMap('a'), inDefault), /already exists/)
  assert.deepEqual(await fixture.used('few'), { 'count/configmaps': '1' })
  await fixture.client.create(configMaps, configMap('b'), { ...inDefault, dryRun: true })
  assert.deepEqual(await fixture.used('few'), { 'count/configmaps': '1' })
})

test('all quotas of a namespace count, each by its scopes', async () => {
  await using fixture = await start()
  await fixture.limit('all', { pods: '5' })
  await fixture.limit('free', { pods: '1' }, { scopes: ['BestEffort'] })
  await fixture.client.create(pods, pod('a'), inDefault)
  assert.equal(
    await refusal(fixture.client.create(pods, pod('b'), inDefault)),
    'pods "b" is forbidden: exceeded quota: free, requested: pods=1, used: pods=1, limited: pods=1',
  )
  await fixture.client.create(pods, pod('c', { requests: { cpu: '1' } }), inDefault)
  assert.deepEqual([await fixture.used('all'), await fixture.used('free')], [{ pods: '2' }, { pods: '1' }])
})

test('a quota that nobody has counted yet refuses', async () => {
  await using fixture = await start()
  await fixture.limit('few', { configmaps: '5' })
  const quota = await fixture.client.get(quotas, 'few', inDefault)
  await fixture.client.updateStatus(
    quotas,
    { ...quota, status: { hard: { configmaps: '5' } } } as unknown as KubernetesObject,
    inDefault,
  )
  assert.equal(
    await refusal(fixture.client.create(configMaps, configMap('a'), inDefault)),
    'configmaps "a" is forbidden: status unknown for quota: few, resources: configmaps',
  )
})

test('services and claims count what they take', async () => {
  await using fixture = await start()
  await fixture.limit('takes', {
    'services.nodeports': '1',
    'services.loadbalancers': '0',
    'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
  })
  const service = (name: string, type: string): KubernetesObject =>
    ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, ...inDefault },
      spec: { type, ports: [{ port: 80 }] },
    }) as unknown as KubernetesObject
  const services = builtInResource('v1', 'services')
  await fixture.client.create(services, service('a', 'NodePort'), inDefault)
  assert.match(
    await refusal(fixture.client.create(services, service('b', 'NodePort'), inDefault)),
    /requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1$/,
  )
  assert.match(
    await refusal(fixture.client.create(services, service('c', 'LoadBalancer'), inDefault)),
    /services.loadbalancers=1/,
  )
  const claim = (name: string, storage: string): KubernetesObject =>
    ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, ...inDefault },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'gold', resources: { requests: { storage } } },
    }) as unknown as KubernetesObject
  const claims = builtInResource('v1', 'persistentvolumeclaims')
  await fixture.client.create(claims, claim('a', '6Gi'), inDefault)
  assert.match(
    await refusal(fixture.client.create(claims, claim('b', '6Gi'), inDefault)),
    /requested: gold.storageclass.storage.k8s.io\/requests.storage=6Gi, used: .*=6Gi, limited: .*=10Gi$/,
  )
})
