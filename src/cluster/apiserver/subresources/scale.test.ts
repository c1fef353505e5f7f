import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replicaSets } from '#clients/kubernetes/resources.table.ts'
import type { ApiObject } from '../api-object.ts'
import { serveApi } from '../served-api.contract.ts'
import { scaleOf } from './scale.ts'

function selectorOf(kind: string, selector: object): unknown {
  const object = { apiVersion: 'v1', kind, metadata: { name: 'x' }, spec: { selector }, status: {} }
  return (scaleOf(object as unknown as ApiObject)['status'] as { readonly selector?: string }).selector
}

test('a scale has its selector as text, ordered by key, with lists of one as lists', () => {
  const matchExpressions = [
    { key: 'b', operator: 'In', values: ['x'] },
    { key: 'a', operator: 'NotIn', values: ['z', 'y'] },
    { key: 'd', operator: 'Exists' },
  ]
  assert.equal(selectorOf('Deployment', { matchLabels: { c: '1' }, matchExpressions }), 'a notin (y,z),b in (x),c=1,d')
  assert.equal(selectorOf('ReplicationController', { b: '2', a: '1' }), 'a=1,b=2')
  assert.equal(selectorOf('Deployment', {}), undefined)
})

test('a scale is shown in columns of its own', async () => {
  await using served = await serveApi()
  const place = { namespace: 'default' }
  const object = {
    metadata: { name: 'rs', ...place },
    spec: {
      replicas: 2,
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  }
  await served.admin.create(replicaSets, object as never, place)
  const reply = await served.call('/apis/apps/v1/namespaces/default/replicasets/rs/scale', {
    token: 'admin-token',
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  })
  const table = JSON.parse(await reply.text()) as {
    columnDefinitions: { name: string }[]
    rows: { cells: unknown[] }[]
  }
  assert.deepEqual(
    table.columnDefinitions.map(({ name }) => name),
    ['Name', 'Desired', 'Available', 'Age'],
  )
  assert.deepEqual(table.rows[0]?.cells.slice(0, 3), ['rs', 2, 0])
})
