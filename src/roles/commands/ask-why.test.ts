import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pods } from '#clients/kubernetes/resources.table.ts'
import { printExplanation } from '#cluster/why/print-explanation.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { SimClock } from '#world/sim/clock.ts'
import { type Asking, whyAccess, whyObject } from './ask-why.ts'
import { type Cluster, createCluster } from '#roles/cluster/cluster.ts'

function asking(cluster: Cluster, namespace = 'default'): Asking {
  const world = { clock: new SimClock({ startMs: cluster.time.now() }), random: createSeededRandom(1) }
  return { client: cluster.client, world, namespace }
}

async function why(cluster: Cluster, kind: string, name: string): Promise<string> {
  return printExplanation((await whyObject({ kind, name, field: undefined }, asking(cluster))).explanation)
}

const tooBig = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: big, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: big}}
  template:
    metadata: {labels: {app: big}}
    spec: {containers: [{name: c, image: i, resources: {requests: {cpu: "500"}}}]}
`

describe('asking a cluster why', () => {
  it('walks from a standing rollout down to what each plugin says about the nodes', async () => {
    await using cluster = await createCluster({ nodes: 2 })
    await cluster.apply(tooBig)
    await cluster.settle()
    const text = await why(cluster, 'deploy', 'big')
    assert.match(text, /^deployment\/big in default: 2 of 2 updated, 0 available\.\n/)
    assert.match(text, /and 1 other: It waits for a node\./)
    assert.match(text, /NodeResourcesFit says no to 2 of 2\n {6}- Insufficient cpu: sim-0, sim-1/)
  })

  it('tells of creations that were denied', async () => {
    await using cluster = await createCluster()
    await cluster.apply(`
apiVersion: v1
kind: ResourceQuota
metadata: {name: none, namespace: default}
spec: {hard: {pods: "0"}}
`)
    await cluster.apply(tooBig)
    await cluster.time.advance('1 minute')
    const text = await why(cluster, 'deployments.apps', 'big')
    assert.match(text, /ReplicaFailure is True \(FailedCreate\): .* exceeded quota: none, requested: pods=1/)
  })

  it('tells of something gone by the events that name it', async () => {
    await using cluster = await createCluster()
    await cluster.apply(tooBig)
    await cluster.settle()
    const { items } = await cluster.client.list(pods, { namespace: 'default' })
    const name = items[0]?.metadata.name ?? ''
    await cluster.client.delete(pods, name, { namespace: 'default' })
    await cluster.settle()
    const { explanation, found } = await whyObject({ kind: 'pod', name, field: undefined }, asking(cluster))
    assert.equal(found, false)
    assert.match(printExplanation(explanation), /There is no such object\.\n {2}- event FailedScheduling/)
  })

  it('names the roles that would allow what is denied', async () => {
    await using cluster = await createCluster()
    const words = { verb: 'create', target: 'deployments.apps', user: 'jane', groups: [] }
    const text = printExplanation(await whyAccess(words, asking(cluster)))
    assert.match(text, /jane may not create deployments\.apps in default\./)
    assert.match(text, /→ kubectl create rolebinding NAME -n default --clusterrole=edit --user=jane/)
    const admin = await whyAccess({ ...words, groups: ['system:masters'] }, asking(cluster))
    assert.match(admin.answer, /^jane may create/)
  })

  it('refuses kinds that the server does not have', async () => {
    await using cluster = await createCluster()
    const asked = whyObject({ kind: 'wombat', name: 'x', field: undefined }, asking(cluster))
    await assert.rejects(asked, /the server doesn't have a resource type "wombat"/)
  })
})
