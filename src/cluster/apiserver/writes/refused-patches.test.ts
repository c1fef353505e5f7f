import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }
const path = '/api/v1/namespaces/default/configmaps/c'
const json = 'application/json-patch+json'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'

async function serveOne(): Promise<ServedApi> {
  const served = await serveApi()
  const metadata = { labels: { a: 'b' }, name: 'c', ...place }
  await served.admin.create(configMaps, { metadata, data: { z: '<1>' } } as never, place)
  return served
}

/** What a patch is refused with: code, reason, message. */
async function refusal(
  served: ServedApi,
  [type, body]: readonly [type: string, body: unknown],
): Promise<readonly [code: number, reason: string, message: string]> {
  const headers = { 'content-type': type }
  const sent = { method: 'PATCH', token: 'admin-token', headers, body: Buffer.from(JSON.stringify(body)) }
  const reply = await served.call(path, sent)
  const { reason, message } = (await reply.json()) as { readonly reason: string; readonly message: string }
  return [reply.status, reason, message]
}

test('a patch after which the object cannot be read is refused with what Go makes of it: by name where it was touched', async () => {
  await using served = await serveOne()
  const [code, , message] = await refusal(served, [merge, { data: { n: 1 } }])
  assert.equal(code, 422)
  assert.match(
    message,
    /Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"n\\":1,\\"z\\":\\"\\\\u003c1\\\\u003e\\"},/,
  )
  assert.match(
    message,
    /\\"kind\\":\\"ConfigMap\\",\\"metadata\\":{\\"name\\":\\"c\\",\\"namespace\\":\\"default\\",\\"uid\\":\\"[^"]*\\",\\"resourceVersion\\":\\"\d+\\",\\"creationTimestamp\\":\\"[^"]*\\",\\"labels\\":/,
  )
})

const labels = 'Go struct field ObjectMeta.metadata.labels of type map[string]string'
for (const [type, body, words] of [
  [merge, { metadata: { labels: 1 } }, `json: cannot unmarshal number into ${labels}`],
  [json, [{ op: 'add', path: '/metadata/labels', value: 'x' }], `json: cannot unmarshal string into ${labels}`],
  [merge, { immutable: [] }, 'json: cannot unmarshal array into Go struct field ConfigMap.immutable of type bool'],
  [strategic, { immutable: 'x' }, 'unrecognized type: bool'],
] as const) {
  test(`${type} ${JSON.stringify(body)}: ${words}`, async () => {
    await using served = await serveOne()
    const [code, reason, message] = await refusal(served, [type, body])
    assert.deepEqual([code, reason, message.slice(message.lastIndexOf('": ') + 3)], [422, 'Invalid', words])
  })
}

test('a JSON patch may have ten thousand operations', async () => {
  await using served = await serveOne()
  const tests = Array.from({ length: 10_000 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' }))
  const wrong = { op: 'test', path: '/kind', value: 'Secret' }
  assert.equal((await refusal(served, [json, [...tests.slice(1), wrong]]))[0], 422)
  assert.deepEqual(await refusal(served, [json, [...tests, wrong]]), [
    413,
    'RequestEntityTooLarge',
    'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  ])
})
