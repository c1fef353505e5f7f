import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { secrets, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import { createHttpClient } from '#kit/http/client.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { type Cluster, createCluster } from './cluster.ts'

const place = { namespace: 'default' }
const type = 'kubernetes.io/service-account-token'

function tokenSecret(name: string, account: string): object {
  return { metadata: { name, ...place, annotations: { 'kubernetes.io/service-account.name': account } }, type }
}

/** Signing takes real time, which the cluster's does not wait for. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return
    await sleep(100)
  }
  assert.fail(`never: ${what}`)
}

async function whoIs({ kubeconfig = '' }: Cluster, token: string): Promise<number> {
  const readFile = (name: string): Promise<string> => createFiles().readText(name)
  const { url, authority } = await readKubeconfig(await readFile(kubeconfig), { readFile })
  await using client = createHttpClient({
    clock: createClock(),
    target: { url },
    tls: { authorities: authority ?? '', certificate: '', key: '' },
  })
  const headers = { authorization: `Bearer ${token}` }
  const reply = await client.request({ path: '/apis', headers })
  await reply.text()
  return reply.status
}

test('a cluster that listens fills secrets with tokens of their accounts, and lets their bearers in', async () => {
  await using cluster = await createCluster({ nodes: 0, listen: true })
  const { client } = cluster
  await client.create(serviceAccounts, { metadata: { name: 'bot', ...place } } as never)
  await client.create(secrets, tokenSecret('kept', 'bot') as never)
  await until('the secret has a token', async () => {
    const { data } = await client.get(secrets, 'kept', place)
    return (data?.['token'] ?? '') !== ''
  })
  const { data = {} } = await client.get(secrets, 'kept', place)
  assert.deepEqual(Object.keys(data).toSorted(), ['ca.crt', 'namespace', 'token'])
  const token = Buffer.from(data['token'] ?? '', 'base64').toString()
  assert.equal(await whoIs(cluster, token), 200)
  assert.equal(await whoIs(cluster, `${token}x`), 401)
})

test('a cluster that listens removes a token of an account that is not there', async () => {
  await using cluster = await createCluster({ nodes: 0, listen: true })
  await cluster.client.create(secrets, tokenSecret('lost', 'nobody') as never)
  await until('the secret is gone', async () => {
    const { items } = await cluster.client.list(secrets, place)
    return items.every(({ metadata }) => metadata.name !== 'lost')
  })
})
