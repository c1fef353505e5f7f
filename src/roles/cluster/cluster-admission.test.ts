/** Admission in a whole cluster, in virtual time and without a network. */
import assert from 'node:assert/strict'
import test from 'node:test'
import * as resources from '#clients/kubernetes/resources.table.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import type { ResourceQuota } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Cluster, createCluster } from './cluster.ts'

const place = { namespace: 'default' }

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return statusOf(error)?.message ?? String(error)
  }
  return assert.fail('it was allowed')
}

const usedOf = async (cluster: Cluster): Promise<ResourceQuota['status']> =>
  (await cluster.client.get(resources.resourceQuotas, 'team', place)).status

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
}
const widget = (name: string, size: number): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'default' },
  spec: { size },
})

test('a deployment grows to its quota and no further, and custom objects count', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  await cluster.apply([
    definition,
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'team' },
      spec: { hard: { pods: '3', 'count/deployments.apps': '1', 'count/widgets.example.com': '1' } },
    },
  ])
  await cluster.settle()
  await cluster.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 5,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'img' }] } },
    },
  })
  await cluster.apply(widget('a', 1))
  await cluster.time.advance('1 minute')
  assert.deepEqual(await usedOf(cluster), {
    hard: { pods: '3', 'count/deployments.apps': '1', 'count/widgets.example.com': '1' },
    used: { pods: '3', 'count/deployments.apps': '1', 'count/widgets.example.com': '1' },
  })
  assert.equal((await cluster.client.list(resources.pods, place)).items.length, 3)
  assert.match(
    await refusal(cluster.apply(widget('b', 1))),
    /exceeded quota: team, requested: count\/widgets.example.com=1/,
  )
  await cluster.client.delete(resources.deployments, 'web', place)
  await cluster.time.advance('2 minutes')
  assert.deepEqual((await usedOf(cluster))?.used, {
    pods: '0',
    'count/deployments.apps': '0',
    'count/widgets.example.com': '1',
  })
})

test('policies hold for custom resources, and webhooks that cannot be reached fail as they say', async () => {
  await using cluster = await createCluster({ nodes: 1 })
  const rules = { apiGroups: ['example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['widgets'] }
  await cluster.apply([
    definition,
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'small' },
      spec: {
        matchConstraints: { resourceRules: [rules] },
        validations: [
          { expression: 'object.spec.size < 10', message: 'widgets are small' },
          { expression: 'object.spec.weight > 1 || true' },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'small' },
      spec: { policyName: 'small', validationActions: ['Deny'] },
    },
  ])
  await cluster.settle()
  await cluster.apply(widget('a', 5))
  assert.match(await refusal(cluster.apply(widget('b', 50))), /denied request: widgets are small$/)
  const { status } = await cluster.client.get(resources.validatingAdmissionPolicies, 'small')
  const [warning] = status?.typeChecking?.expressionWarnings ?? []
  assert.equal(warning?.fieldRef, 'spec.validations[1].expression')
  await cluster.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'far' },
    webhooks: [
      {
        name: 'far.example.com',
        clientConfig: { url: 'https://far.example.com/' },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        rules: [rules],
      },
    ],
  })
  const message = await refusal(cluster.apply(widget('c', 5)))
  assert.match(
    message,
    /failed calling webhook "far.example.com": failed to call webhook: Post "https:\/\/far.example.com\/\?timeout=10s": this server has no network$/,
  )
})
