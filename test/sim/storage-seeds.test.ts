/** Claims, budgets and autoscalers on seeds: whatever fails on the way, every claim ends up with a volume of its own. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { badDay, type Cluster, createCluster, resources } from '../../src/index.ts'

const wanted = process.env['GANTRY_SIM_SEED']
const seeds = wanted === undefined ? Array.from({ length: 15 }, (_, index) => index + 1) : [Number(wanted)]
const place = { namespace: 'default' }
const claimSpec = {
  accessModes: ['ReadWriteOnce'],
  storageClassName: 'local',
  resources: { requests: { storage: '1Gi' } },
}

const manifest = [
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local' },
    provisioner: 'gantry.dev/host-path',
    volumeBindingMode: 'WaitForFirstConsumer',
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 3,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '10m' } } }] },
      },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec }],
    },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'db' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'db' } } },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'db' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
      minReplicas: 3,
      maxReplicas: 5,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
  },
]

/** Ten minutes in which the load asks for one replica more. Resolves to the history's digest. */
async function busyWhile(seed: number): Promise<string> {
  // Nodes stay: a volume of a lost node is lost with it.
  const faults = seed % 2 === 0 ? { ...badDay, nodeLoss: 0 } : {}
  const behaviours = [{ behaviour: { usage: { cpu: { shared: '18m' } } } }]
  await using cluster: Cluster = await createCluster({ nodes: 2, seed, faults, behaviours })
  await cluster.time.advance('5 seconds')
  await cluster.apply(manifest)
  await cluster.time.advance('10 minutes')
  assert.deepEqual(cluster.violations, [])
  await checkClaims(cluster)
  return cluster.history()
}

async function checkClaims({ client }: Cluster): Promise<void> {
  const pods = (await client.list(resources.pods, place)).items
  assert.deepEqual(
    pods.map(({ metadata, status }) => [metadata.name, status?.phase]),
    ['db-0', 'db-1', 'db-2', 'db-3'].map((name) => [name, 'Running']),
  )
  const claims = (await client.list(resources.persistentVolumeClaims, place)).items
  const volumes = new Map((await client.list(resources.persistentVolumes)).items.map((one) => [one.metadata.name, one]))
  assert.equal(volumes.size, claims.length)
  for (const { metadata, spec, status } of claims) {
    assert.equal(status?.phase, 'Bound', metadata.name)
    assert.equal(volumes.get(spec.volumeName ?? '')?.spec.claimRef?.uid, metadata.uid, metadata.name)
  }
  const { status } = await client.get(resources.podDisruptionBudgets, 'db', place)
  assert.deepEqual([status?.expectedPods, status?.currentHealthy, status?.disruptionsAllowed], [4, 4, 1])
}

test(`${seeds.length} seeds bind every claim, scale as the load asks, and replay`, async () => {
  for (const seed of seeds) {
    const first = await busyWhile(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed} failed: GANTRY_SIM_SEED=${seed} shows it`, { cause: error })
    })
    if (seed % 5 === 0) assert.equal(await busyWhile(seed), first, `seed ${seed} has two histories`)
  }
})
