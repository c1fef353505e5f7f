import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import {
  deployments,
  events,
  namespaces,
  pods,
  replicaSets,
  serviceAccounts,
} from '#clients/kubernetes/resources.table.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { InMemoryApi } from '#kit/reconcile/in-memory-api.contract.ts'
import { seededRandom, VirtualClock } from '#kit/reconcile/virtual-clock.contract.ts'
import { startControllers } from './controllers.ts'

test('all controllers run together on shared caches, each under its own name, and end', async () => {
  const clock = new VirtualClock()
  const api = Object.assign(new InMemoryApi(clock), { [Symbol.asyncDispose]: async () => {} })
  const users: string[] = []
  const client = (user: { readonly name: string }): KubeClient => {
    users.push(user.name)
    return api as unknown as KubeClient
  }
  const controllers = startControllers({ client, clock, random: seededRandom(), log: silentLog })
  await api.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default' },
    spec: { finalizers: ['kubernetes'] },
  })
  await api.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  })
  await clock.advance(1000)
  assert.equal(api.all(pods).length, 2)
  assert.equal(api.all(serviceAccounts).length, 1)
  assert.deepEqual(
    [...new Set(api.all(events).map((event) => event.source?.component))],
    ['deployment-controller', 'replicaset-controller'],
  )
  await api.delete(deployments, 'web', { namespace: 'default' })
  await clock.advance(1000)
  assert.deepEqual([api.all(replicaSets).length, api.all(pods).length], [0, 0])
  assert.ok(users.includes('system:serviceaccount:kube-system:replicaset-controller'))
  await controllers[Symbol.asyncDispose]()
  const before = api.writes.length
  await api.delete(serviceAccounts, 'default', { namespace: 'default' })
  await clock.advance(5000)
  assert.equal(api.writes.length, before + 1)
})
