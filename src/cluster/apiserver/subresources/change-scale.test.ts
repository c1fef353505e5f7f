import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replicaSets } from '#clients/kubernetes/resources.table.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const replicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'r', namespace: 'default' },
  spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template },
}

async function scale(
  served: ServedApi,
  replicas: unknown,
  of: { readonly by: string; readonly type?: string; readonly force?: boolean },
): Promise<string> {
  const { by, type = 'application/apply-patch+yaml', force = false } = of
  const path = `/apis/apps/v1/namespaces/default/replicasets/r/scale?fieldManager=${by}${force ? '&force=true' : ''}`
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'r' }, spec: { replicas } }
  const method = type === 'application/json' ? 'PUT' : 'PATCH'
  const sent = {
    method,
    token: 'admin-token',
    headers: { 'content-type': type },
    body: Buffer.from(JSON.stringify(body)),
  }
  const { message = 'fine' } = (await (await served.call(path, sent)).json()) as { readonly message?: string }
  return message
}

async function owners(served: ServedApi): Promise<readonly string[]> {
  const { metadata, spec } = await served.admin.get(replicaSets, 'r', { namespace: 'default' })
  const entries = (metadata?.managedFields ?? []).filter(({ fieldsV1 }) =>
    JSON.stringify(fieldsV1).includes('"f:replicas"'),
  )
  return [
    String(spec?.replicas),
    ...entries.map(({ manager, operation, subresource }) => `${manager} ${operation} ${subresource}`),
  ]
}

test('whoever writes a scale owns the replicas, and appliers meet each other there', async () => {
  await using served = await serveApi()
  await served.admin.create(replicaSets, replicaSet as never)
  assert.equal(await scale(served, 3, { by: 'putter', type: 'application/json' }), 'fine')
  assert.deepEqual(await owners(served), ['3', 'putter Update scale'])
  const conflict = 'Apply failed with 1 conflict: conflict with "putter" with subresource "scale" using autoscaling/v1'
  assert.equal(await scale(served, 5, { by: 'one' }), `${conflict}: .spec.replicas`)
  assert.equal(await scale(served, 5, { by: 'one', force: true }), 'fine')
  assert.equal(await scale(served, 5, { by: 'two' }), 'fine')
  assert.deepEqual(await owners(served), ['5', 'one Apply scale', 'two Apply scale'])
  assert.match(
    await scale(served, 'x', { by: 'one' }),
    /\.spec\.replicas: expected numeric \(int or float\), got string$/,
  )
  assert.match(await scale(served, -1, { by: 'one', force: true }), /must be greater than or equal to 0$/)
})

const path = '/apis/apps/v1/namespaces/default/replicasets/r/scale'
const merge = 'application/merge-patch+json'
const otherName = /^the name of the object \(z\) does not match the name on the URL \(r\)$/
const refused: readonly (readonly [method: string, type: string, body: object, code: number, message: RegExp])[] = [
  ['PUT', 'application/json', { metadata: { name: 'z' } }, 400, otherName],
  ['PUT', 'application/json', {}, 400, /^the name of the object \(r based on URL\) was undeterminable/],
  ['PATCH', merge, { metadata: { name: 'z' } }, 400, otherName],
  ['PATCH', merge, { metadata: { namespace: 'z' } }, 400, /^the namespace of the provided object does not match/],
  [
    'PATCH',
    merge,
    { spec: { replicas: 'x' } },
    422,
    /^ "" is invalid: patch: Invalid value: "{.*}": json: cannot unmarshal string into Go struct field ScaleSpec\.spec\.replicas of type int32$/,
  ],
  [
    'PATCH',
    'application/strategic-merge-patch+json',
    { spec: { replicas: 'x' } },
    422,
    /^ "" is invalid: patch: Invalid value: "map\[spec:map\[replicas:x\]\]": unrecognized type: int32$/,
  ],
  ['PATCH', merge, { kind: 'Pod' }, 422, /no kind "Pod" is registered for version "autoscaling\/v1" in scheme/],
  [
    'PATCH',
    merge,
    { metadata: { uid: 'z' } },
    409,
    /^Operation cannot be fulfilled on replicasets\/scale\.apps "r": Precondition failed: UID in precondition: z, /,
  ],
]

test('what a scale is refused for', async () => {
  await using served = await serveApi()
  await served.admin.create(replicaSets, replicaSet as never)
  for (const [method, type, body, code, message] of refused) {
    const typed = method === 'PUT' ? { apiVersion: 'autoscaling/v1', kind: 'Scale', ...body } : body
    const headers = { 'content-type': type }
    const sent = { method, token: 'admin-token', headers, body: Buffer.from(JSON.stringify(typed)) }
    const said = (await (await served.call(path, sent)).json()) as { readonly code: number; readonly message: string }
    assert.equal(said.code, code, `${method} ${JSON.stringify(body)}: ${said.message}`)
    assert.match(said.message, message)
  }
})
