import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { pods } from '#clients/kubernetes/resources.table.ts'
import { createHttpClient, type HttpClient } from '#kit/http/client.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { type Cluster, createCluster } from './cluster.ts'

const files = createFiles()
const path = '/api/v1/namespaces/default/pods/p'

async function clientOf({ kubeconfig = '' }: Cluster): Promise<HttpClient> {
  const readFile = (name: string): Promise<string> => files.readText(name)
  const { url, authority, certificate, key } = await readKubeconfig(await readFile(kubeconfig), { readFile })
  const tls = { authorities: authority ?? '', certificate: certificate ?? '', key: key ?? '' }
  return createHttpClient({ clock: createClock(), target: { url }, tls })
}

async function startPod(cluster: Cluster, logs: readonly unknown[]): Promise<void> {
  cluster.nodes.behave({ behaviour: { logs: logs as never } })
  const spec = { containers: [{ name: 'c', image: 'i' }] }
  await cluster.client.create(pods, { metadata: { name: 'p', namespace: 'default' }, spec } as never)
  await cluster.time.advance('10 seconds')
}

test('a simulated pod’s log is read whole, from its end, since a moment, with times and up to a size', async () => {
  await using cluster = await createCluster({ listen: true })
  await startPod(cluster, ['one', 'two', { text: 'three', afterMs: 5000 }])
  await using client = await clientOf(cluster)
  const read = async (query: string): Promise<string> => {
    const reply = await client.request({ path: `${path}/log${query}` })
    return `${reply.status} ${await reply.text()}`
  }
  assert.equal(await read(''), '200 one\ntwo\nthree\n')
  assert.equal(await read('?tailLines=1'), '200 three\n')
  assert.equal(await read('?limitBytes=5'), '200 one\nt')
  assert.equal(await read('?stream=Stderr'), '200 ')
  assert.match(await read('?tailLines=1&timestamps=true'), /^200 \d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z three\n$/)
  assert.match(await read('?previous=true'), /^400 .*previous terminated container \\"c\\" in pod \\"p\\" not found/)
})

test('a followed log goes on as the cluster’s time does, until the pod is gone', async () => {
  await using cluster = await createCluster({ listen: true })
  await startPod(cluster, ['start', { text: 'tick', afterMs: 15_000 }])
  await using client = await clientOf(cluster)
  const reply = await client.request({ path: `${path}/log?follow=true` })
  const text = reply.text()
  await cluster.time.advance('20 seconds')
  await cluster.client.delete(pods, 'p', { namespace: 'default', gracePeriodSeconds: 0 })
  await cluster.time.advance('5 seconds')
  assert.equal(await text, 'start\ntick\n')
})

test('sessions and ports of a simulated pod are refused with the reason', async () => {
  await using cluster = await createCluster({ listen: true })
  await startPod(cluster, [])
  await using client = await clientOf(cluster)
  for (const what of ['exec?command=ls', 'attach', 'portforward']) {
    const reply = await client.request({ method: 'POST', path: `${path}/${what}` })
    assert.equal(reply.status, 404, what)
    assert.match(await reply.text(), /node \\"sim-0\\" is simulated: no container runs on it/)
  }
})
