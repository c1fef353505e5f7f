import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { configMaps, leases, pods, replicaSets } from '#clients/kubernetes/resources.table.ts'
import { etcdMissing, startEtcdCluster } from '#kit/store/etcd/etcd-cluster.contract.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { type Server, startServer } from './server.ts'

const namespace = 'default'
const world = { clock: createClock(), random: createRandom(), files: createFiles() }
const admin = (server: Server): KubeClient =>
  server.api.clientFor({ name: 'admin', groups: ['system:masters', 'system:authenticated'] })

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1800; tries++) {
    if (await holds()) return
    await sleep(100)
  }
  assert.fail(`in vain: ${what}`)
}

test(
  'two servers on one etcd are one cluster: one leads, and the other takes over',
  { skip: etcdMissing() ?? false },
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'gantry-two-'))
    await using cluster = await startEtcdCluster(1)
    const etcd = {
      servers: cluster.endpoints,
      ...{ authorityFile: undefined, certificateFile: undefined, keyFile: undefined, prefix: undefined },
    }
    const start = (name: string): Promise<Server> =>
      startServer(world, silentLog, { root: join(root, name), host: '127.0.0.1', port: 0, etcd })
    try {
      const first = await start('first')
      await using second = await start('second')
      const holder = async (): Promise<string> =>
        (await admin(second).get(leases, 'kube-controller-manager', { namespace: 'kube-system' })).spec
          ?.holderIdentity ?? ''
      await until('the first leads', async () => (await holder()).endsWith(new URL(first.url).host))
      await admin(first).create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } })
      assert.equal((await admin(second).get(configMaps, 'a', { namespace })).metadata.name, 'a')
      const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } }
      const spec = { replicas: 2, selector: { matchLabels: { app: 'a' } }, template }
      await admin(second).create(replicaSets, {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'a', namespace },
        spec,
      })
      const podCount = async (): Promise<number> => (await admin(second).list(pods, { namespace })).items.length
      await until('the leader makes pods', async () => (await podCount()) === 2)
      await first[Symbol.asyncDispose]()
      await until('the second leads', async () => (await holder()).endsWith(new URL(second.url).host))
      await admin(second).patch(replicaSets, 'a', { spec: { replicas: 3 } }, { namespace, type: 'merge' })
      await until('the new leader makes pods', async () => (await podCount()) === 3)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
)
