import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

const path = '/api/v1/namespaces/default/configmaps'
const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: one\n  k: two\n'

async function send(
  method: string,
  target: string,
  body: string,
): Promise<{ readonly message: string; readonly warning: string; readonly status: number }> {
  await using served = await serveApi()
  const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/yaml'
  const reply = await served.call(target, { method, body, headers: { 'Content-Type': type }, token: 'admin-token' })
  const { message = '' } = JSON.parse(await reply.text()) as { message?: string }
  const stored = await served.admin.list(configMaps, { namespace: 'default', fieldSelector: 'metadata.name=a' })
  assert.equal(stored.items.length, reply.status < 300 ? 1 : 0)
  return { message, warning: String(reply.headers['warning'] ?? ''), status: reply.status }
}

const duplicate = 'yaml: unmarshal errors:\n  line 7: key "k" already set in map'

test('a member that stands twice in YAML is refused by strict requests, with its line', async () => {
  const { status, message } = await send('POST', `${path}?fieldValidation=Strict`, twice)
  assert.equal(status, 400)
  assert.equal(
    message,
    `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${duplicate}`,
  )
})

test('it is told to others, and the last one counts', async () => {
  const { status, warning } = await send('POST', path, twice)
  assert.equal(status, 201)
  assert.match(warning, /key \\"k\\" already set in map/)
})

test('an applied configuration is read as strictly', async () => {
  const { message } = await send('PATCH', `${path}/a?fieldManager=m&fieldValidation=Strict`, twice)
  assert.equal(message, `error strict decoding YAML: error converting YAML to JSON: ${duplicate}`)
})

test('YAML that is none is refused with the words of its parser', async () => {
  const { status, message } = await send('POST', path, 'a: [1')
  assert.equal(status, 400)
  assert.match(message, /yaml: line \d/)
})
