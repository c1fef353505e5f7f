import assert from 'node:assert/strict'
import { test } from 'node:test'
import { services } from '#clients/kubernetes/resources.table.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'

const json = 'application/json-patch+json'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'
const apply = 'application/apply-patch+yaml'

const service = {
  metadata: { name: 's', namespace: 'default', labels: { a: '1' } },
  spec: { clusterIP: 'None', ports: [{ port: 80 }], selector: { a: 'b' } },
}

interface Outcome {
  readonly status: number
  readonly warnings: readonly string[]
  /** Of a failure, from where it says what is wrong. */
  readonly message: string
}

async function patch(
  served: ServedApi,
  [type, body]: readonly [type: string, body: string],
  mode?: string,
): Promise<Outcome> {
  const query = mode === undefined ? '' : `&fieldValidation=${mode}`
  const path = `/api/v1/namespaces/default/services/s?dryRun=All&fieldManager=x${query}`
  const headers = { 'content-type': type }
  const reply = await served.call(path, { method: 'PATCH', token: 'admin-token', headers, body: Buffer.from(body) })
  const warning = reply.header('warning') ?? ''
  const { message = '' } = (await reply.json()) as { readonly message?: string }
  return {
    status: reply.status,
    warnings: [...warning.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll('\\"', '"')),
    message: message.slice(Math.max(0, message.indexOf('strict decoding error'))),
  }
}

const rows: readonly (readonly [type: string, body: string, errors: readonly string[]])[] = [
  [
    json,
    '[{"op":"add","path":"/metadata/labels/b","value":"1","value":"2"}]',
    ['json patch duplicate field "[0].value"'],
  ],
  [
    json,
    '[{"op":"add","op":"add","path":"/spec/nope","value":"1","foo":1}]',
    ['json patch duplicate field "[0].op"', 'json patch unknown field "[0].foo"', 'unknown field "spec.nope"'],
  ],
  [
    json,
    '[{"op":"add","path":"/spec/nope","value":{"a":1,"a":2}}]',
    ['json patch duplicate field "[0].value.a"', 'unknown field "spec.nope"'],
  ],
  [merge, '{"metadata":{"labels":{"b":"1","b":"2"}}}', ['duplicate field "metadata.labels.b"']],
  [
    merge,
    '{"metadata":{"labels":{"b":"1"},"labels":{"b":"2"}},"spec":{"nope":1}}',
    ['duplicate field "metadata.labels"', 'unknown field "spec.nope"'],
  ],
  [strategic, '{"spec":{"nope":1,"nope":2}}', ['duplicate field "spec.nope"', 'unknown field "spec.nope"']],
]

test('members of a patch that are unknown or stand twice are refused, told or passed over as the request asks', async () => {
  await using served = await serveApi()
  await served.admin.create(services, service as never)
  for (const [type, body, errors] of rows) {
    const refused = { status: 422, warnings: [], message: `strict decoding error: ${errors.join(', ')}` }
    assert.deepEqual(await patch(served, [type, body], 'Strict'), refused, body)
    assert.deepEqual(await patch(served, [type, body]), { status: 200, warnings: errors, message: '' }, body)
    assert.deepEqual(await patch(served, [type, body], 'Ignore'), { status: 200, warnings: [], message: '' }, body)
  }
})

test('a refusal shows the patched object, and of strategic merges the patch', async () => {
  await using served = await serveApi()
  await served.admin.create(services, service as never)
  const path = '/api/v1/namespaces/default/services/s?fieldValidation=Strict'
  const said = async (type: string): Promise<string> => {
    const headers = { 'content-type': type }
    const body = Buffer.from('{"spec":{"nope":1}}')
    const reply = await served.call(path, { method: 'PATCH', token: 'admin-token', headers, body })
    return ((await reply.json()) as { readonly message: string }).message
  }
  assert.match(
    await said(merge),
    /^ "" is invalid: patch: Invalid value: "\{\\"apiVersion\\":\\"v1\\",\\"kind\\":\\"Service\\".*\\"nope\\":1/,
  )
  assert.match(await said(strategic), /^ "" is invalid: patch: Invalid value: "map\[spec:map\[nope:1\]\]": strict/)
})

test('a configuration says where members stand twice', async () => {
  await using served = await serveApi()
  await served.admin.create(services, service as never)
  const body = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n  labels: {b: "1", b: "2"}\n'
  const line = 'line 5: key "b" already set in map'
  assert.deepEqual(await patch(served, [apply, body]), { status: 200, warnings: [line], message: '' })
  const why = `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${line}`
  assert.deepEqual(await patch(served, [apply, body], 'Strict'), { status: 400, warnings: [], message: why })
})

const goMap = 'Go value of type map[string]interface {}'
const decoding = 'error decoding patch: '
const whileDecoding = 'error decoding YAML: error unmarshaling JSON: while decoding JSON: '
const malformed: readonly (readonly [type: string, body: string, message: string, relaxed?: string])[] = [
  [json, '{"op":"add"}', `${decoding}json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp`],
  [json, '[1]', `${decoding}json: cannot unmarshal number into Go value of type handlers.jsonPatchOp`],
  [
    json,
    '[{"op":1,"path":"/a"}]',
    `${decoding}json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string`,
  ],
  [json, '[{"op":"add"', `${decoding}unexpected end of JSON input`, 'unexpected end of JSON input'],
  [merge, '[]', `${decoding}json: cannot unmarshal array into ${goMap}`],
  [merge, 'null', 'Invalid JSON Patch', 'Invalid JSON Patch'],
  [merge, '5', `${decoding}json: cannot unmarshal number into ${goMap}`, 'Invalid JSON Patch'],
  [merge, '{"a"', `${decoding}unexpected end of JSON input`, 'Invalid JSON Patch'],
  [strategic, 'true', `json: cannot unmarshal bool into ${goMap}`, `json: cannot unmarshal bool into ${goMap}`],
  [strategic, '{', 'unexpected end of JSON input', 'unexpected end of JSON input'],
  [apply, '[]', `${whileDecoding}json: cannot unmarshal array into ${goMap}`],
  [apply, '5', `${whileDecoding}json: cannot unmarshal number into ${goMap}`],
  [apply, 'null', 'invalid object type: /, Kind='],
  [apply, '', 'invalid object type: /, Kind='],
  [apply, '{', 'error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content'],
]

test('a body that is no patch of its form is refused', async () => {
  await using served = await serveApi()
  await served.admin.create(services, service as never)
  for (const [type, body, message, relaxed] of malformed) {
    assert.deepEqual(await patch(served, [type, body]), { status: 400, warnings: [], message }, body)
    if (relaxed === undefined) continue
    assert.deepEqual(await patch(served, [type, body], 'Ignore'), { status: 400, warnings: [], message: relaxed }, body)
  }
})

test('no operations and nothing to merge are patches that change nothing', async () => {
  await using served = await serveApi()
  await served.admin.create(services, service as never)
  const same = { status: 200, warnings: [], message: '' }
  for (const type of [json, strategic]) assert.deepEqual(await patch(served, [type, 'null']), same)
})

const rejected = 'the server rejected our request due to an error in our request'
const unfit: readonly (readonly [type: string, body: string, status: number, reason: string, message: string])[] = [
  [json, '[{"op":"test","path":"/metadata/labels/a","value":"2"}]', 422, 'Invalid', rejected],
  [json, '[{"op":"remove","path":"/metadata/labels/none"}]', 422, 'Invalid', rejected],
  [json, '[{"op":"turn","path":"/metadata"}]', 422, 'Invalid', rejected],
  [json, '[null]', 422, 'Invalid', rejected],
  [json, '[{"op":"replace","path":"","value":5}]', 422, 'Invalid', rejected],
  [json, '[{"op":"remove","path":""}]', 422, 'Invalid', rejected],
  [json, '[{"op":"copy","from":"","path":"/x"}]', 422, 'Invalid', rejected],
  [json, '[{"op":"copy","from":"/metadata","path":""}]', 422, 'Invalid', rejected],
  [
    json,
    '[{"op":"replace","path":"","value":{}}]',
    400,
    'BadRequest',
    'the name of the object (s based on URL) was undeterminable: name must be provided',
  ],
  [
    json,
    '[{"op":"replace","path":"","value":[]}]',
    422,
    'Invalid',
    ' "" is invalid: patch: Invalid value: "[]": couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
  ],
  [strategic, '{"$patch":"turn"}', 500, '', 'unknown patch type: turn in map: map[$patch:turn]'],
  [
    merge,
    '{"metadata":{"uid":"x"}}',
    422,
    'Invalid',
    'Service "s" is invalid: metadata.uid: Invalid value: "x": field is immutable',
  ],
]

const unapplied: readonly (readonly [body: object, status: number, message: string])[] = [
  [{ apiVersion: 'v1', kind: 'Pod' }, 400, 'invalid object type: /v1, Kind=Pod'],
  [{ apiVersion: 'apps/v2', kind: 'Service' }, 400, 'invalid object type: apps/v2, Kind=Service'],
  [{ kind: 'Service' }, 400, 'invalid object type: /, Kind=Service'],
  [
    { apiVersion: 'v1', kind: 'Service', spec: { nope: 1 } },
    500,
    'failed to create typed patch object (/; /v1, Kind=Service): .spec.nope: field not declared in schema',
  ],
  [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'default' }, spec: { nope: 1 } },
    500,
    'failed to create typed patch object (default/s; /v1, Kind=Service): .spec.nope: field not declared in schema',
  ],
]

test('a configuration that is not of its type is answered as upstream answers it', async () => {
  await using served = await serveApi()
  await served.admin.create(services, service as never)
  for (const [body, status, message] of unapplied) {
    const refused = { status, warnings: [], message }
    assert.deepEqual(await patch(served, [apply, JSON.stringify(body)]), refused, message)
  }
})

test('a configuration names its object where there is none yet', async () => {
  await using served = await serveApi()
  const said = 'the name of the object (s based on URL) was undeterminable: name must be provided'
  const nameless = JSON.stringify({ apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } })
  assert.deepEqual(await patch(served, [apply, nameless]), { status: 400, warnings: [], message: said })
  await served.admin.create(services, service as never)
  assert.equal((await patch(served, [apply, nameless])).status, 200)
})

test('a binding names its pod and its node', async () => {
  await using served = await serveApi()
  const bind = async (body: object): Promise<readonly [number, string | undefined]> => {
    const headers = { 'content-type': 'application/json' }
    const path = '/api/v1/namespaces/default/pods/p/binding'
    const sent = { method: 'POST', token: 'admin-token', headers, body: Buffer.from(JSON.stringify(body)) }
    const reply = await served.call(path, sent)
    return [reply.status, ((await reply.json()) as { readonly message?: string }).message]
  }
  const metadata = { name: 'p' }
  assert.deepEqual(await bind({ target: { name: 'n' } }), [400, 'name in URL does not match name in Binding object'])
  assert.deepEqual(await bind({ metadata, target: { kind: 'Node' } }), [500, 'target.name: Required value'])
  assert.deepEqual(await bind({ metadata, target: { kind: 'Pod', name: 'x' } }), [
    500,
    'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
  ])
})

test('a patch that does not fit the object is answered without more than upstream says', async () => {
  await using served = await serveApi()
  await served.admin.create(services, service as never)
  for (const [type, body, code, reason, message] of unfit) {
    const reply = await served.call('/api/v1/namespaces/default/services/s', {
      method: 'PATCH',
      token: 'admin-token',
      headers: { 'content-type': type },
      body: Buffer.from(body),
    })
    const status = (await reply.json()) as { readonly reason?: string; readonly message?: string }
    assert.deepEqual([reply.status, status.reason ?? '', status.message], [code, reason, message], body)
  }
})

test('an empty list of managers drops the book-keeping, a null leaves it', async () => {
  await using served = await serveApi()
  const managers = async (managedFields: unknown): Promise<number> => {
    const { metadata } = await served.admin.get(services, 's', { namespace: 'default' })
    const wanted = { ...service, metadata: { ...metadata, managedFields } }
    return (await served.admin.update(services, wanted as never)).metadata?.managedFields?.length ?? 0
  }
  await served.admin.create(services, service as never)
  assert.equal(await managers(null), 1)
  assert.equal(await managers([]), 0)
})
