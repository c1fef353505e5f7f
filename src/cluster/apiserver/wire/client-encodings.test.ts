/** Encodings as clients ask for them: protobuf as client-go sends and reads it, tables where there are none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeObject, encodeObject, sealEnvelope } from '#spec/kubernetes/protobuf/envelope.ts'
import { serveApi } from '../served-api.contract.ts'

const protobuf = 'application/vnd.kubernetes.protobuf'
const headers = { 'content-type': protobuf, accept: protobuf }

test('what has no object in its answer is answered with a Status in protobuf', async () => {
  await using server = await serveApi()
  const path = '/api/v1/namespaces/default/configmaps'
  const body = encodeObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } })
  const made = await server.call(path, { method: 'POST', token: 'admin-token', headers, body })
  assert.equal(made.status, 201)
  const gone = await server.call(`${path}/a`, { method: 'DELETE', token: 'admin-token', headers })
  assert.equal(gone.status, 200)
  assert.equal(decodeObject(await gone.bytes())['status'], 'Success')
})

test('options of a deletion are taken in the group of what is deleted, as client-go sends them', async () => {
  await using server = await serveApi()
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses'
  const object = { kind: 'PriorityClass', apiVersion: 'scheduling.k8s.io/v1', metadata: { name: 'a' }, value: 1 }
  await server.call(path, { method: 'POST', token: 'admin-token', headers, body: encodeObject(object) })
  const options = sealEnvelope('scheduling.k8s.io/v1', 'DeleteOptions', Buffer.alloc(0))
  const gone = await server.call(`${path}/a`, { method: 'DELETE', token: 'admin-token', headers, body: options })
  assert.equal(gone.status, 200, (await gone.bytes()).toString())
})

test('an eviction of policy/v1beta1, which old kubectl sends, is taken', async () => {
  await using server = await serveApi()
  const path = '/api/v1/namespaces/default/pods/none/eviction'
  const body = JSON.stringify({ kind: 'Eviction', apiVersion: 'policy/v1beta1', metadata: { name: 'none' } })
  const json = { 'content-type': 'application/json' }
  const answer = await server.call(path, { method: 'POST', token: 'admin-token', headers: json, body })
  assert.equal(answer.status, 404)
  const other = body.replace('v1beta1', 'v1alpha1')
  const refused = await server.call(path, { method: 'POST', token: 'admin-token', headers: json, body: other })
  assert.equal(refused.status, 400)
})

test('a review has no table, and says so', async () => {
  await using server = await serveApi()
  const body = JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } })
  const asked = { 'content-type': 'application/json', accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const answer = await server.call(path, { method: 'POST', token: 'admin-token', headers: asked, body })
  assert.equal(answer.status, 406)
})

test('an object is not given stripped any more, and whoever asks for it is told', async () => {
  await using served = await serveApi()
  const get = async (query: string): Promise<number> => {
    const reply = await served.call(`/api/v1/namespaces/default?${query}`, { token: 'admin-token' })
    await reply.discard()
    return reply.status
  }
  assert.equal(await get('export=true'), 400)
  assert.equal(await get('export'), 400)
  assert.equal(await get('export=False'), 200)
  assert.equal(await get('export=0'), 200)
})
