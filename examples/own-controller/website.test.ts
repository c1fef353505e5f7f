/** The controller against a whole cluster in virtual time. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { type Cluster, createCluster, resources } from '../../src/index.ts'
import { planWebsite, type Website, websites } from './plan-website.ts'
import { startWebsiteController } from './website-controller.ts'

const definition = readFileSync(new URL('website.yaml', import.meta.url), 'utf8')
const site = `
apiVersion: example.com/v1
kind: Website
metadata: { name: blog, namespace: default }
spec: { image: 'blog:1' }
`

async function readySite(cluster: Cluster): Promise<string | undefined> {
  return (await cluster.client.get(websites, 'blog', { namespace: 'default' })).status?.ready
}

test('a website gets a deployment and a service, and tells how much of it is ready', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  await cluster.apply(definition)
  await cluster.settle()
  await using _ = startWebsiteController(cluster.connect())
  await cluster.apply(site)
  await cluster.settle()
  assert.equal(await readySite(cluster), '2/2')

  await cluster.client.delete(resources.deployments, 'blog', { namespace: 'default' })
  await cluster.settle()
  assert.equal(await readySite(cluster), '2/2', 'it comes back')

  await cluster.client.delete(websites, 'blog', { namespace: 'default' })
  await cluster.settle()
  const { items } = await cluster.client.list(resources.pods, { namespace: 'default' })
  assert.deepEqual(items, [], 'its pods go with it')
})

test('the plan leaves a status alone that is right', () => {
  const website: Website = {
    apiVersion: 'example.com/v1',
    kind: 'Website',
    metadata: { name: 'blog', namespace: 'default', uid: 'u' },
    spec: { image: 'blog:1', replicas: 1 },
    status: { ready: '0/1' },
  }
  assert.equal(planWebsite(website, undefined).status?.object, undefined)
})
