import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowSchemas, ingresses } from '#clients/kubernetes/resources.table.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { serveApi } from '../served-api.contract.ts'

test('a status update of a newer kind leaves labels, annotations and finalizers; an older kind takes them', async () => {
  await using served = await serveApi()
  const { admin } = served
  const marks = { labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['e.example.com/f'] }
  const marked = (object: KubernetesObject): never =>
    ({ ...object, metadata: { ...object.metadata, ...marks, resourceVersion: '' } }) as never
  const schema = await admin.create(flowSchemas, {
    metadata: { name: 'f' },
    spec: { priorityLevelConfiguration: { name: 'global-default' }, matchingPrecedence: 9999 },
  } as never)
  const { metadata } = await admin.updateStatus(flowSchemas, marked(schema))
  assert.deepEqual([metadata.labels, metadata.annotations, metadata.finalizers], [undefined, undefined, undefined])
  const place = { namespace: 'default' }
  const spec = { defaultBackend: { service: { name: 's', port: { number: 80 } } } }
  const ingress = await admin.create(ingresses, { metadata: { name: 'i', ...place }, spec } as never)
  const after = (await admin.updateStatus(ingresses, marked(ingress), place)).metadata
  assert.deepEqual({ labels: after.labels, annotations: after.annotations, finalizers: after.finalizers }, marks)
})
