/** What every transport of the client does; run for each of them against a real API server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubeClient, WatchEvent } from './kube-client.ts'
import { listAll } from './list-all.ts'
import { configMaps, deployments, namespaces, pods } from './resources.table.ts'
import { isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound, statusOf } from './status-error.ts'

export interface ClientUnderTest extends AsyncDisposable {
  /** May do everything. */
  readonly admin: KubeClient
  /** May do nothing. */
  readonly nobody: KubeClient
}

const namespace = 'default'

function map(name: string, data: Readonly<Record<string, string>> = {}): ConfigMap {
  return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data }
}

function template(): object {
  return { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
}

async function take<T extends object>(events: AsyncIterable<WatchEvent<T>>, count: number): Promise<WatchEvent<T>[]> {
  const taken: WatchEvent<T>[] = []
  for await (const event of events) {
    taken.push(event)
    if (taken.length >= count) break
  }
  return taken
}

const nameOf = (event: WatchEvent): string => `${event.type} ${event.object.metadata.name ?? ''}`

/** The contract; `make` starts a server and connects to it. */
export function kubeClientContract(name: string, make: () => Promise<ClientUnderTest>): void {
  test(`${name}: an object is created, read, replaced and deleted`, async () => {
    await using clients = await make()
    const { admin } = clients
    const created = await admin.create(configMaps, map('a', { k: '1' }), { namespace })
    assert.match(created.metadata.uid ?? '', /^[0-9a-f-]{36}$/)
    const read = await admin.get(configMaps, 'a', { namespace })
    assert.deepEqual(read, created)
    const replaced = await admin.update(configMaps, { ...read, data: { k: '2' } }, { namespace })
    assert.equal(replaced.data?.['k'], '2')
    await admin.delete(configMaps, 'a', { namespace })
    await assert.rejects(admin.get(configMaps, 'a', { namespace }), isNotFound)
  })

  test(`${name}: failures carry the server's status`, async () => {
    await using clients = await make()
    const { admin, nobody } = clients
    const created = await admin.create(configMaps, map('a'), { namespace })
    await assert.rejects(admin.create(configMaps, map('a'), { namespace }), isAlreadyExists)
    await admin.update(configMaps, { ...created, data: { k: '1' } }, { namespace })
    await assert.rejects(admin.update(configMaps, { ...created, data: { k: '2' } }, { namespace }), isConflict)
    await assert.rejects(nobody.get(configMaps, 'a', { namespace }), isForbidden)
    await assert.rejects(admin.create(configMaps, map('Not_A_Name'), { namespace }), (error: unknown) => {
      assert.equal(statusOf(error)?.details?.causes?.[0]?.field, 'metadata.name')
      return isInvalid(error)
    })
  })

  test(`${name}: pages of a list are of one version`, async () => {
    await using clients = await make()
    const { admin } = clients
    for (const one of ['a', 'b', 'c', 'd', 'e']) await admin.create(configMaps, map(one), { namespace })
    const first = await admin.list(configMaps, { namespace, limit: 2 })
    assert.deepEqual([first.items.length, first.metadata?.remainingItemCount], [2, 3])
    await admin.delete(configMaps, 'e', { namespace })
    const all = await listAll(admin, configMaps, { namespace, pageSize: 2 })
    assert.deepEqual(
      all.objects.map((one) => one.metadata.name),
      ['a', 'b', 'c', 'd'],
    )
    const rest = await admin.list(configMaps, { namespace, continue: first.metadata?.continue ?? '' })
    assert.deepEqual(
      rest.items.map((one) => one.metadata.name),
      ['c', 'd', 'e'],
    )
    const next = await admin.list(configMaps, { namespace, limit: 2, continue: first.metadata?.continue ?? '' })
    assert.deepEqual([next.items.map((one) => one.metadata.name), next.metadata?.remainingItemCount], [['c', 'd'], 1])
    const last = await admin.list(configMaps, { namespace, limit: 2, continue: next.metadata?.continue ?? '' })
    assert.deepEqual(
      [last.items.map((one) => one.metadata.name), last.metadata?.remainingItemCount, last.metadata?.continue],
      [['e'], undefined, undefined],
    )
  })

  test(`${name}: selectors choose by labels and fields`, async () => {
    await using clients = await make()
    const { admin } = clients
    const labelled = { ...map('a'), metadata: { name: 'a', labels: { app: 'x' } } }
    await admin.create(configMaps, labelled, { namespace })
    await admin.create(configMaps, map('b'), { namespace })
    const byLabel = await admin.list(configMaps, { namespace, labelSelector: 'app in (x,y)' })
    const byField = await admin.list(configMaps, { fieldSelector: 'metadata.name=b' })
    assert.deepEqual(
      [...byLabel.items, ...byField.items].map((one) => one.metadata.name),
      ['a', 'b'],
    )
  })

  test(`${name}: a watch from a version misses nothing and repeats nothing`, async () => {
    await using clients = await make()
    const { admin } = clients
    await admin.create(configMaps, map('before'), { namespace })
    const { metadata } = await admin.list(configMaps, { namespace })
    await admin.create(configMaps, map('a'), { namespace })
    await admin.patch(configMaps, 'a', { data: { k: '1' } }, { namespace, type: 'merge' })
    await admin.delete(configMaps, 'a', { namespace })
    const resourceVersion = metadata?.resourceVersion ?? ''
    const events = await take(admin.watch(configMaps, { namespace, resourceVersion }), 3)
    assert.deepEqual(events.map(nameOf), ['ADDED a', 'MODIFIED a', 'DELETED a'])
  })

  test(`${name}: a streaming list ends with a marked bookmark and goes on`, async () => {
    await using clients = await make()
    const { admin } = clients
    await admin.create(configMaps, map('a'), { namespace })
    const events: WatchEvent[] = []
    for await (const event of admin.watch(configMaps, { namespace, initialEvents: true })) {
      events.push(event)
      if (event.type === 'BOOKMARK') await admin.create(configMaps, map('b'), { namespace })
      if (nameOf(event) === 'ADDED b') break
    }
    assert.deepEqual(events.map(nameOf), ['ADDED a', 'BOOKMARK ', 'ADDED b'])
    assert.equal(events[1]?.object.metadata.annotations?.['k8s.io/initial-events-end'], 'true')
  })

  test(`${name}: objects that leave a selector are deleted for its watcher`, async () => {
    await using clients = await make()
    const { admin } = clients
    const labelled = { ...map('a'), metadata: { name: 'a', labels: { app: 'x' } } }
    const created = await admin.create(configMaps, labelled, { namespace })
    const resourceVersion = created.metadata.resourceVersion ?? ''
    await admin.patch(configMaps, 'a', { metadata: { labels: { app: 'y' } } }, { namespace, type: 'merge' })
    const [event] = await take(admin.watch(configMaps, { namespace, labelSelector: 'app=x', resourceVersion }), 1)
    assert.equal(event?.type, 'DELETED')
  })

  test(`${name}: an apply owns its fields and meets the owner of others`, async () => {
    await using clients = await make()
    const { admin } = clients
    const configuration = (image: string): KubernetesObject => ({
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'd', namespace },
      spec: {
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image }] } },
      },
    })
    const first = await admin.apply(deployments, { ...configuration('one') }, { fieldManager: 'me' })
    const again = await admin.apply(deployments, { ...configuration('one') }, { fieldManager: 'me' })
    assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion)
    const other = admin.apply(deployments, { ...configuration('two') }, { fieldManager: 'you' })
    await assert.rejects(other, isConflict)
    const forced = await admin.apply(deployments, { ...configuration('two') }, { fieldManager: 'you', force: true })
    assert.equal(forced.spec.template.spec?.containers[0]?.image, 'two')
  })

  test(`${name}: status and spec are written apart; generation counts the spec`, async () => {
    await using clients = await make()
    const { admin } = clients
    const object = { metadata: { name: 'd' }, spec: { selector: { matchLabels: { app: 'a' } }, template: template() } }
    const created = await admin.create(deployments, object as never, { namespace })
    const both = { ...created, spec: { ...created.spec, replicas: 5 }, status: { ...created.status, replicas: 3 } }
    const status = await admin.updateStatus(deployments, both, { namespace })
    assert.deepEqual([status.spec.replicas, status.status?.replicas, status.metadata.generation], [1, 3, 1])
    const spec = await admin.update(deployments, { ...both, metadata: status.metadata }, { namespace })
    assert.deepEqual([spec.spec.replicas, spec.status?.replicas, spec.metadata.generation], [5, 3, 2])
  })

  test(`${name}: a dry run answers like the real thing and stores nothing`, async () => {
    await using clients = await make()
    const { admin } = clients
    const made = await admin.create(configMaps, map('a'), { namespace, dryRun: true })
    assert.equal(made.metadata.name, 'a')
    await assert.rejects(admin.get(configMaps, 'a', { namespace }), isNotFound)
  })

  test(`${name}: an object with a finalizer waits for it`, async () => {
    await using clients = await make()
    const { admin } = clients
    const held = { ...map('a'), metadata: { name: 'a', finalizers: ['example.com/hold'] } }
    await admin.create(configMaps, held, { namespace })
    await admin.delete(configMaps, 'a', { namespace })
    const waiting = await admin.get(configMaps, 'a', { namespace })
    assert.notEqual(waiting.metadata.deletionTimestamp, undefined)
    await admin.patch(configMaps, 'a', { metadata: { finalizers: null } }, { namespace, type: 'merge' })
    await assert.rejects(admin.get(configMaps, 'a', { namespace }), isNotFound)
  })

  test(`${name}: a bound pod is deleted with grace, an unbound one at once`, async () => {
    await using clients = await make()
    const { admin } = clients
    await admin.create(
      { ...configMaps, resource: 'serviceaccounts', kind: 'ServiceAccount' } as never,
      { metadata: { name: 'default' } } as never,
      { namespace },
    )
    for (const pod of ['a', 'b']) {
      const spec = { containers: [{ name: 'c', image: 'i' }] }
      await admin.create(pods, { metadata: { name: pod }, spec } as never, { namespace })
    }
    await admin.createSubresource(pods as never, 'a', {
      namespace,
      subresource: 'binding',
      body: { kind: 'Binding', apiVersion: 'v1', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } },
    })
    const { metadata: boundMetadata } = await admin.get(pods, 'a', { namespace })
    assert.equal(boundMetadata.generation, 1, 'a binding is no new generation')
    for (const pod of ['a', 'b']) await admin.delete(pods, pod, { namespace })
    const bound = await admin.get(pods, 'a', { namespace })
    assert.deepEqual([bound.spec.nodeName, bound.metadata.deletionGracePeriodSeconds], ['n', 30])
    await assert.rejects(admin.get(pods, 'b', { namespace }), isNotFound)
    await admin.delete(pods, 'a', { namespace, gracePeriodSeconds: 0 })
    await assert.rejects(admin.get(pods, 'a', { namespace }), isNotFound)
  })

  test(`${name}: nothing is created in a namespace that ends`, async () => {
    await using clients = await make()
    const { admin } = clients
    await admin.create(namespaces, { metadata: { name: 'gone' } } as never)
    await admin.delete(namespaces, 'gone')
    await assert.rejects(admin.create(configMaps, map('a'), { namespace: 'gone' }), isForbidden)
    assert.equal((await admin.get(namespaces, 'gone')).status?.phase, 'Terminating')
  })

  test(`${name}: paths without a typed call are there too`, async () => {
    await using clients = await make()
    const reply = await clients.admin.raw({ path: '/version' })
    assert.equal((JSON.parse(Buffer.from(reply.body).toString()) as { minor: string }).minor, '36')
  })
}
