/** The JavaScript client of the Kubernetes project: list, watch, informer, patch, apply, and a controller made with it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as k8s from '@kubernetes/client-node'
import { type OwnServer, startOwnServer } from './own-server.ts'

/** Waits until something holds. */
async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let round = 0; round < 1800; round++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(`not in time: ${what}`)
}

describe('@kubernetes/client-node', () => {
  let server: OwnServer
  const config = new k8s.KubeConfig()
  before(async () => {
    server = await startOwnServer()
    config.loadFromFile(server.kubeconfig)
  })
  after(() => server[Symbol.asyncDispose]())

  test('creates, reads, replaces, patches, lists by label and deletes', async () => {
    const api = config.makeApiClient(k8s.CoreV1Api)
    const namespace = 'default'
    const metadata = { name: 'one', labels: { a: 'b' } }
    const made = await api.createNamespacedConfigMap({ namespace, body: { metadata, data: { k: 'v' } } })
    assert.ok(made.metadata?.creationTimestamp instanceof Date)
    await api.replaceNamespacedConfigMap({
      name: 'one',
      namespace,
      body: Object.assign(new k8s.V1ConfigMap(), made, { data: { k: 'w' } }),
    })
    const stale = api.replaceNamespacedConfigMap({ name: 'one', namespace, body: made })
    await assert.rejects(stale, { code: 409 })
    await api.patchNamespacedConfigMap(
      { name: 'one', namespace, body: { data: { more: 'x' } } },
      k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch),
    )
    const { items } = await api.listNamespacedConfigMap({ namespace, labelSelector: 'a=b' })
    assert.deepEqual(items[0]?.data, { k: 'w', more: 'x' })
    await api.deleteNamespacedConfigMap({ name: 'one', namespace })
    await assert.rejects(api.readNamespacedConfigMap({ name: 'one', namespace }), { code: 404 })
  })

  test('applies on the server side and meets conflicts', async () => {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config)
    const spec = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace: 'default' } }
    const apply = (data: object, manager: string, force: boolean): Promise<k8s.KubernetesObject> =>
      objects.patch(
        { ...spec, data } as k8s.KubernetesObject,
        undefined,
        undefined,
        manager,
        force,
        k8s.PatchStrategy.ServerSideApply,
      )
    await apply({ k: '1' }, 'mine', true)
    await assert.rejects(apply({ k: '2' }, 'other', false), { code: 409 })
    const taken = (await apply({ k: '2' }, 'other', true)) as k8s.V1ConfigMap
    assert.deepEqual(taken.data, { k: '2' })
  })

  test('watches changes from a version on', async () => {
    const api = config.makeApiClient(k8s.CoreV1Api)
    const list = await api.listNamespacedConfigMap({ namespace: 'default' })
    const seen: string[] = []
    const abort = await new k8s.Watch(config).watch(
      '/api/v1/namespaces/default/configmaps',
      { resourceVersion: list.metadata?.resourceVersion },
      (phase, object: k8s.V1ConfigMap) => void seen.push(`${phase} ${object.metadata?.name}`),
      () => undefined,
    )
    await api.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'watched' } } })
    await api.deleteNamespacedConfigMap({ name: 'watched', namespace: 'default' })
    await until(() => seen.length >= 2, 'both events')
    abort.abort()
    assert.deepEqual(seen, ['ADDED watched', 'DELETED watched'])
  })

  test('lets a controller of its own keep a service for every labelled deployment', async () => {
    const core = config.makeApiClient(k8s.CoreV1Api)
    const apps = config.makeApiClient(k8s.AppsV1Api)
    const informer = k8s.makeInformer(
      config,
      '/apis/apps/v1/namespaces/default/deployments',
      () => apps.listNamespacedDeployment({ namespace: 'default', labelSelector: 'expose=yes' }),
      'expose=yes',
    )
    informer.on('add', ({ metadata, spec }) => {
      const name = metadata?.name ?? ''
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid: metadata?.uid ?? '' }]
      const service = {
        metadata: { name, ownerReferences },
        spec: { selector: spec?.selector.matchLabels ?? {}, ports: [{ port: 80 }] },
      }
      void core.createNamespacedService({ namespace: 'default', body: service })
    })
    await informer.start()
    const labels = { app: 'auto' }
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    const spec = { replicas: 2, selector: { matchLabels: labels }, template }
    const body = { metadata: { name: 'auto', labels: { expose: 'yes' } }, spec }
    await apps.createNamespacedDeployment({ namespace: 'default', body })
    const addresses = async (): Promise<number> => {
      const found = await core.readNamespacedEndpoints({ name: 'auto', namespace: 'default' }).catch(() => undefined)
      return found?.subsets?.[0]?.addresses?.length ?? 0
    }
    await until(async () => (await addresses()) === 2, 'two endpoints behind the new service')
    await apps.deleteNamespacedDeployment({ name: 'auto', namespace: 'default' })
    const isGone = async (): Promise<boolean> =>
      (await core.listNamespacedService({ namespace: 'default' })).items.every((one) => one.metadata?.name !== 'auto')
    await until(isGone, 'the service goes with its owner')
    await informer.stop()
  })
})
