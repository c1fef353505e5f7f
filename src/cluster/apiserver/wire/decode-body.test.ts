import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { sealEnvelope } from '#spec/kubernetes/protobuf/envelope.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'

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

async function sendTo(served: ServedApi, kind: string, body: Buffer): Promise<readonly [number, string]> {
  const target = `/api/v1/namespaces/default/${kind}?dryRun=All`
  const type = body[0] === 0x7b ? 'application/json' : 'application/vnd.kubernetes.protobuf'
  const reply = await served.call(target, {
    method: 'POST',
    body,
    headers: { 'content-type': type },
    token: 'admin-token',
  })
  const { message = '' } = (await reply.json()) as { readonly message?: string }
  return [reply.status, message]
}

test('a protobuf body is what it says that it is, or what its path is about; failures in it name that', async () => {
  await using served = await serveApi()
  const configMap = (content: string, apiVersion = 'v1', kind = 'ConfigMap'): Buffer =>
    sealEnvelope(apiVersion, kind, Buffer.from(content, 'hex'))
  const head = 'ConfigMap in version "v1" cannot be handled as a ConfigMap:'
  for (const [body, answer] of [
    [configMap('0a030a0161'), [201, '']],
    [configMap('0a030a0161', '', ''), [201, '']],
    [configMap('2200'), [400, `${head} proto: wrong wireType = 2 for field Immutable`]],
    [configMap('0a05'), [400, `${head} unexpected EOF`]],
    [
      Buffer.from('k8s\0'),
      [400, 'the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)'],
    ],
  ] as const)
    assert.deepEqual(await sendTo(served, 'configmaps', body), answer)
  assert.match(
    (await sendTo(served, 'configmaps', configMap('', 'v9')))[1],
    /^ConfigMap in version "v9" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v9"/,
  )
})

test('objects of more objects than anybody stores are refused before they are filled in, others name their first problems', async () => {
  await using served = await serveApi()
  const endpoints = (subsets: number): Buffer =>
    Buffer.from(`{"metadata":{"name":"e"},"subsets":[${'{},'.repeat(subsets - 1)}{}]}`)
  assert.deepEqual(await sendTo(served, 'endpoints', endpoints(50_000)), [
    413,
    'Request entity too large: the allowed maximum of objects in one is 50000',
  ])
  const [status, message] = await sendTo(served, 'endpoints', endpoints(2000))
  assert.equal(status, 422)
  assert.match(message, /subsets\[400\]/)
  assert.doesNotMatch(message, /subsets\[1999\]/)
})

test('an update names its object, also where it makes it', async () => {
  await using served = await serveApi()
  const target = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l'
  const headers = { 'content-type': 'application/json' }
  const reply = await served.call(target, { method: 'PUT', body: Buffer.from('{}'), headers, token: 'admin-token' })
  const { message } = (await reply.json()) as { readonly message?: string }
  assert.deepEqual(
    [reply.status, message],
    [400, 'the name of the object (l based on URL) was undeterminable: name must be provided'],
  )
})

for (const [method, target, prefix] of [
  ['POST', path, 'the object provided is unrecognized (must be of type ConfigMap): '],
  ['PATCH', `${path}/a?fieldManager=m`, 'error decoding YAML: error converting YAML to JSON: '],
] as const) {
  test(`YAML that cannot be read is refused with its line by ${method}`, async () => {
    const { status, message } = await send(method, target, 'a: [')
    assert.equal(status, 400)
    assert.match(message, new RegExp(`^${prefix.replaceAll(/[()]/g, '\\$&')}yaml: line 1: did not find expected node`))
  })
}

test('options of a deletion are refused in the words of their reader', async () => {
  await using served = await serveApi()
  const headers = { 'content-type': 'application/json' }
  for (const [body, message] of [
    ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
    [
      '{"gracePeriodSeconds":"x"}',
      'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    ],
    [
      '{"dryRun":["Bad"]}',
      'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Bad"]: supported values: "All"',
    ],
  ] as const) {
    const reply = await served.call(`${path}/a`, { method: 'DELETE', token: 'admin-token', headers, body })
    assert.equal(((await reply.json()) as { readonly message: string }).message, message)
  }
})
