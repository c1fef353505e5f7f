import assert from 'node:assert/strict'
import test from 'node:test'
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createCluster } from './cluster.ts'
import { behaviour, lasting, live, ownerOf, place, podsOf, workload } from './workload-manifests.contract.ts'

type WithStatus = KubernetesObject & {
  readonly metadata: { readonly name: string }
  readonly status?: { readonly replicas?: number; readonly conditions?: readonly { readonly type: string }[] }
}
const typed = (resource: unknown): ApiResource<WithStatus> => resource as ApiResource<WithStatus>
const kinds: readonly (readonly [string, ApiResource<WithStatus>])[] = [
  ['Deployment', typed(resources.deployments)],
  ['ReplicaSet', typed(resources.replicaSets)],
  ['StatefulSet', typed(resources.statefulSets)],
  ['ReplicationController', typed(resources.replicationControllers)],
]

test('conditions that somebody else writes into a workload’s status stay there', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const all = [...kinds, ['DaemonSet', typed(resources.daemonSets)] as const, ['Job', typed(resources.jobs)] as const]
  for (const [kind] of all) {
    const spec = kind === 'DaemonSet' || kind === 'Job' ? {} : { replicas: 1 }
    await cluster.apply(
      workload(kind, kind.toLowerCase(), { spec, podMetadata: { labels: { app: kind.toLowerCase() }, ...lasting } }),
    )
  }
  await cluster.settle()
  for (const [kind, resource] of all) {
    const name = kind.toLowerCase()
    const conditions = (status: string): object[] => [{ type: 'Custom', status, reason: 'E2E', message: 'set by hand' }]
    const patch = { metadata: { annotations: { patched: 'true' } }, status: { conditions: conditions('True') } }
    const how = { ...place, type: 'merge', subresource: 'status' } as const
    const patched = await client.patch(resource, name, patch, how)
    assert.equal(patched.metadata.annotations?.['patched'], 'true', kind)
    await cluster.settle()
    const known = await client.get(resource, name, place)
    assert.ok(
      known.status?.conditions?.some(({ type }) => type === 'Custom'),
      `${kind} keeps a patched condition`,
    )
    await client.updateStatus(resource, {
      ...known,
      status: { ...known.status, conditions: conditions('False') },
    } as WithStatus)
    await client.patch(resource, name, { metadata: { labels: { seen: 'yes' } } }, { ...place, type: 'merge' })
    await cluster.settle()
    const after = await client.get(resource, name, place)
    const custom = after.status?.conditions?.find(({ type }) => type === 'Custom')
    assert.equal((custom as { readonly status?: string } | undefined)?.status, 'False', kind)
  }
})

test('the scale of every replicated workload is read, replaced and patched', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  await cluster.apply(kinds.map(([kind]) => workload(kind, kind.toLowerCase(), { spec: { replicas: 1 } })))
  await cluster.settle()
  for (const [kind, resource] of kinds) {
    const name = kind.toLowerCase()
    interface Scale {
      readonly spec: { readonly replicas?: number }
      readonly status: { readonly replicas: number; readonly selector?: string }
    }
    const where = { ...place, subresource: 'scale' }
    const scale = await client.getSubresource<Scale>(resource, name, where)
    assert.deepEqual([scale.spec.replicas, scale.status.replicas, scale.status.selector], [1, 1, `app=${name}`], kind)
    const replaced = await client.updateSubresource<Scale>(resource, name, {
      ...where,
      body: { ...scale, spec: { replicas: 2 } },
    })
    assert.equal(replaced.spec.replicas, 2, kind)
    await client.patch(resource, name, { spec: { replicas: 4 } }, { ...where, type: 'merge' })
    await cluster.settle()
    assert.equal(live(await podsOf(cluster, name)).length, 4, kind)
    assert.equal((await client.getSubresource<Scale>(resource, name, where)).status.replicas, 4, kind)
  }
})

test('a collection of workloads is deleted by label, with everything that they own', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const label = { batch: 'one' }
  await cluster.apply(
    kinds.map(([kind]) => {
      const one = workload(kind, kind.toLowerCase(), { spec: { replicas: 2 } }) as { readonly metadata: object }
      return { ...one, metadata: { ...one.metadata, labels: label } }
    }),
  )
  await cluster.apply(workload('Deployment', 'kept', { spec: { replicas: 1 } }))
  await cluster.settle()
  for (const [, resource] of kinds) {
    await client.deleteCollection(resource, { ...place, labelSelector: 'batch=one', propagationPolicy: 'Background' })
  }
  await cluster.settle()
  assert.deepEqual(
    (await podsOf(cluster)).map(({ metadata }) => metadata.labels?.['app']),
    ['kept'],
  )
})

test('sets and controllers adopt the pods that they select and let go of those that they do not', async () => {
  for (const kind of ['ReplicaSet', 'ReplicationController']) {
    await using cluster = await createCluster()
    const { client } = cluster
    await cluster.time.advance('1 second')
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'orphan', labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'img' }] },
    })
    await cluster.settle()
    await cluster.apply(workload(kind, 'web', { spec: { replicas: 1 } }))
    await cluster.settle()
    const [adopted, ...others] = await podsOf(cluster)
    assert.equal(others.length, 0, kind)
    assert.ok(ownerOf(adopted) !== undefined, `${kind} adopts`)
    const relabelled = { metadata: { labels: { app: 'free' } } }
    await client.patch(resources.pods, 'orphan', relabelled, { ...place, type: 'merge' })
    await cluster.settle()
    const pods = await podsOf(cluster)
    assert.equal(ownerOf(pods.find(({ metadata }) => metadata.name === 'orphan')), undefined, `${kind} releases`)
    assert.equal(pods.length, 2, `${kind} replaces`)
  }
})

test('a job takes a pod back that lost its owner, and lets one go that lost its labels', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const metadata = { labels: { app: 'work' }, ...lasting }
  await cluster.apply(workload('Job', 'work', { spec: { parallelism: 2, completions: 4 }, podMetadata: metadata }))
  await cluster.settle()
  const [first] = await podsOf(cluster)
  const name = first?.metadata.name ?? ''
  const owner = ownerOf(first)
  await client.patch(resources.pods, name, { metadata: { ownerReferences: null } }, { ...place, type: 'merge' })
  await cluster.settle()
  assert.equal(ownerOf(await client.get(resources.pods, name, place)), owner)
  const labels = Object.fromEntries(Object.keys(first?.metadata.labels ?? {}).map((key) => [key, null]))
  await client.patch(resources.pods, name, { metadata: { labels } }, { ...place, type: 'merge' })
  await cluster.settle()
  assert.equal(ownerOf(await client.get(resources.pods, name, place)), undefined)
  assert.equal((await podsOf(cluster, 'work')).length, 2)
})

test('a deployment recreates, rolls over an unfinished rollout, and forgets old sets', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  const { client } = cluster
  const image = (name: string): JsonObject => ({
    spec: { template: { spec: { containers: [{ name: 'c', image: name }] } } },
  })
  const merge = { ...place, type: 'strategic' } as const
  await cluster.apply([
    workload('Deployment', 'recreate', { spec: { replicas: 2, strategy: { type: 'Recreate' } } }),
    workload('Deployment', 'roll', { spec: { replicas: 3, revisionHistoryLimit: 0 } }),
  ])
  await cluster.settle()
  await client.patch(resources.deployments, 'recreate', image('two'), merge)
  await client.patch(resources.deployments, 'roll', image('two'), merge)
  await cluster.time.advance(300)
  await client.patch(resources.deployments, 'roll', image('three'), merge)
  await cluster.settle()
  for (const [name, expected] of [
    ['recreate', 'two'],
    ['roll', 'three'],
  ] as const) {
    const pods = live(await podsOf(cluster, name))
    assert.deepEqual(new Set(pods.map(({ spec }) => spec.containers[0]?.image)), new Set([expected]), name)
    const { status, metadata } = await client.get(resources.deployments, name, place)
    assert.deepEqual([status?.updatedReplicas, status?.observedGeneration], [status?.replicas, metadata.generation])
  }
  const sets = (await client.list(resources.replicaSets, { ...place, labelSelector: 'app=roll' })).items
  assert.equal(sets.length, 1)
})

test('a stateful set updates down to its partition, and the rest when the partition falls', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const rolling = (partition: number): object => ({ type: 'RollingUpdate', rollingUpdate: { partition } })
  await cluster.apply(workload('StatefulSet', 'db', { spec: { replicas: 3, updateStrategy: rolling(3) } }))
  await cluster.settle()
  const merge = { ...place, type: 'strategic' } as const
  const images = async (): Promise<(string | undefined)[]> =>
    (await podsOf(cluster, 'db')).map(({ spec }) => spec.containers[0]?.image)
  await client.patch(
    resources.statefulSets,
    'db',
    { spec: { template: { spec: { containers: [{ name: 'c', image: 'new' }] } } } },
    merge,
  )
  await cluster.settle()
  assert.deepEqual(await images(), ['img', 'img', 'img'])
  await client.patch(resources.statefulSets, 'db', { spec: { updateStrategy: rolling(2) } }, merge)
  await cluster.settle()
  assert.deepEqual(await images(), ['img', 'img', 'new'])
  const between = (await client.get(resources.statefulSets, 'db', place)).status
  assert.notEqual(between?.currentRevision, between?.updateRevision)
  await client.patch(resources.statefulSets, 'db', { spec: { updateStrategy: rolling(0) } }, merge)
  await cluster.settle()
  assert.deepEqual(await images(), ['new', 'new', 'new'])
  const after = (await client.get(resources.statefulSets, 'db', place)).status
  assert.equal(after?.currentRevision, after?.updateRevision)
})

test('an indexed job numbers its pods, and one index that fails too often ends it', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 }
  await cluster.apply([
    workload('Job', 'numbered', { spec: indexed, podMetadata: { labels: { app: 'numbered' }, ...lasting } }),
    workload('Job', 'failing', {
      spec: { ...indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 1 },
      podMetadata: { labels: { app: 'failing' }, ...behaviour({ exit: { afterMs: 1000, code: 1 } }) },
    }),
    workload('Job', 'strict', {
      spec: { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } },
      podMetadata: { labels: { app: 'strict' }, ...behaviour({ exit: { afterMs: 1000, code: 42 } }) },
    }),
  ])
  await cluster.settle()
  const pods = await podsOf(cluster, 'numbered')
  assert.deepEqual(
    pods
      .map(({ metadata, spec }) => [
        metadata.annotations?.['batch.kubernetes.io/job-completion-index'],
        metadata.labels?.['batch.kubernetes.io/job-completion-index'],
        spec.hostname,
      ])
      .toSorted(([a = ''], [b = '']) => a.localeCompare(b)),
    ['0', '1', '2'].map((index) => [index, index, `numbered-${index}`]),
  )
  const reasonOf = async (name: string): Promise<string | undefined> =>
    (await client.get(resources.jobs, name, place)).status?.conditions?.find(({ type }) => type === 'Failed')?.reason
  assert.equal(await reasonOf('failing'), 'MaxFailedIndexesExceeded')
  assert.equal(await reasonOf('strict'), 'PodFailurePolicy')
})

test('a suspended job waits, and a deleted one takes its pods along', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const spec = { suspend: true, parallelism: 2, completions: 4 }
  await cluster.apply(workload('Job', 'work', { spec, podMetadata: { labels: { app: 'work' }, ...lasting } }))
  await cluster.settle()
  assert.equal((await podsOf(cluster)).length, 0)
  await client.patch(resources.jobs, 'work', { spec: { suspend: false } }, { ...place, type: 'merge' })
  await cluster.settle()
  assert.equal((await podsOf(cluster)).length, 2)
  await client.delete(resources.jobs, 'work', { ...place, propagationPolicy: 'Foreground' })
  await cluster.settle()
  assert.equal((await podsOf(cluster)).length, 0)
  assert.equal((await client.list(resources.jobs, place)).items.length, 0)
})

test('a cron job that forbids it starts no second job beside an unfinished one', async () => {
  await using cluster = await createCluster()
  const { client } = cluster
  const template = { metadata: lasting, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'img' }] } }
  await cluster.apply({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick' },
    spec: { schedule: '*/1 * * * *', concurrencyPolicy: 'Forbid', jobTemplate: { spec: { template } } },
  })
  await cluster.time.advance('5 minutes')
  assert.equal((await client.list(resources.jobs, place)).items.length, 1)
  const { status } = await client.get(resources.cronJobs, 'tick', place)
  assert.equal(status?.active?.length, 1)
})
