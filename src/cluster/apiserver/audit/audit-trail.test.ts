import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'
import { parseAuditPolicy } from './audit-policy.ts'

const part = (event: JsonObject | undefined, name: string): JsonObject => (event?.[name] ?? {}) as JsonObject

interface Audited extends AsyncDisposable {
  readonly served: ServedApi
  readonly events: JsonObject[]
}

async function audited(rules: string): Promise<Audited> {
  const events: JsonObject[] = []
  const policy = parseAuditPolicy(`{ apiVersion: audit.k8s.io/v1, kind: Policy, rules: ${rules} }`)
  const sink = { write: (event: JsonObject) => void events.push(structuredClone(event)) }
  const served = await serveApi({ deps: { audit: { policy, sink } } })
  events.length = 0
  return { served, events, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
}

const body = {
  method: 'POST',
  json: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } },
  headers: { 'user-agent': 'test', 'x-forwarded-for': '10.0.0.1, bad, 10.0.0.2' },
  token: 'admin-token',
}
const path = '/api/v1/namespaces/default/configmaps'

test('an event says who asked for what, from where, and how it ended', async () => {
  await using it = await audited('[{ level: RequestResponse, omitManagedFields: true }]')
  const reply = await it.served.call(path, body)
  await reply.discard()
  const [received, complete] = it.events
  assert.deepEqual(
    it.events.map(({ stage }) => stage),
    ['RequestReceived', 'ResponseComplete'],
  )
  assert.equal(received?.['responseStatus'], undefined)
  assert.deepEqual(complete?.['user'], { username: 'admin', groups: ['system:masters', 'system:authenticated'] })
  assert.deepEqual(complete?.['sourceIPs'], ['10.0.0.1', '10.0.0.2', '127.0.0.1'])
  assert.equal(complete?.['userAgent'], 'test')
  assert.equal(complete?.['auditID'], reply.header('audit-id'))
  assert.deepEqual(complete?.['objectRef'], {
    resource: 'configmaps',
    namespace: 'default',
    apiVersion: 'v1',
    name: 'c',
  })
  assert.deepEqual(complete?.['responseStatus'], { metadata: {}, code: 201 })
  assert.deepEqual(complete?.['requestObject'], body.json)
  const answered = part(complete, 'responseObject') as { readonly metadata: JsonObject; readonly data: JsonObject }
  assert.equal(answered.metadata['managedFields'], undefined)
  assert.deepEqual(answered.data, { a: 'b' })
  assert.equal(part(complete, 'annotations')['authorization.k8s.io/decision'], 'allow')
  assert.match(String(complete?.['stageTimestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

test('objects are shown only at the levels that ask for them', async () => {
  await using it = await audited('[{ level: Metadata, verbs: [create] }, { level: Request }]')
  await (await it.served.call(path, body)).discard()
  await (
    await it.served.call(`${path}/c`, {
      ...body,
      method: 'PATCH',
      json: { data: { x: 'y' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    })
  ).discard()
  const [, created, , patched] = it.events
  assert.equal(created?.['requestObject'], undefined)
  assert.equal(part(created, 'objectRef')['name'], 'c')
  assert.deepEqual(patched?.['requestObject'], { data: { x: 'y' } })
  assert.equal(patched?.['responseObject'], undefined)
})

test('a refusal, a failed authentication and an impersonation are told', async () => {
  await using it = await audited('[{ level: Metadata, omitStages: [RequestReceived] }]')
  await (await it.served.call(`${path}/c`, { token: 'user-token' })).discard()
  await (await it.served.call(path, { token: 'wrong' })).discard()
  await (await it.served.call(path, { token: 'admin-token', headers: { 'impersonate-user': 'bob' } })).discard()
  const [forbidden, unknown, impersonated] = it.events
  const status = part(forbidden, 'responseStatus')
  assert.deepEqual([status['code'], status['reason']], [403, 'Forbidden'])
  assert.equal(part(forbidden, 'annotations')['authorization.k8s.io/decision'], 'forbid')
  assert.equal(unknown?.['stage'], 'ResponseStarted')
  assert.deepEqual(unknown?.['responseStatus'], {
    metadata: {},
    message: 'Authentication failed, attempted: bearer',
    code: 401,
  })
  assert.equal(part(impersonated, 'impersonatedUser')['username'], 'bob')
  assert.deepEqual(part(impersonated, 'authenticationMetadata'), { impersonationConstraint: 'impersonate:user-info' })
  assert.equal(part(impersonated, 'user')['username'], 'admin')
})

test('a watch leaves an event when it begins and one when it ends', async () => {
  await using it = await audited('[{ level: Metadata }]')
  const reply = await it.served.call(`${path}?watch=1&timeoutSeconds=1`, { token: 'admin-token' })
  assert.deepEqual(
    it.events.map(({ stage }) => stage),
    ['RequestReceived', 'ResponseStarted'],
  )
  await reply.text()
  assert.deepEqual(
    it.events.map(({ stage }) => stage),
    ['RequestReceived', 'ResponseStarted', 'ResponseComplete'],
  )
})

test('what the policy leaves out leaves nothing, and a client may give its own id', async () => {
  await using it = await audited('[{ level: None, resources: [{ resources: [secrets] }] }, { level: Metadata }]')
  await (await it.served.call('/api/v1/secrets', { token: 'admin-token' })).discard()
  assert.equal(it.events.length, 0)
  const reply = await it.served.call(path, { token: 'admin-token', headers: { 'audit-id': 'mine-1' } })
  await reply.discard()
  assert.equal(reply.header('audit-id'), 'mine-1')
  assert.equal(it.events[0]?.['auditID'], 'mine-1')
})

test('what callers in this process do is recorded too', async () => {
  await using it = await audited('[{ level: Metadata, omitStages: [RequestReceived] }]')
  await it.served.admin.create(configMaps, { metadata: { name: 'mine', namespace: 'default' } } as never)
  await assert.rejects(it.served.admin.get(configMaps, 'none', { namespace: 'default' }))
  const [created, missing] = it.events
  assert.equal(created?.['verb'], 'create')
  assert.equal(created?.['requestURI'], '/api/v1/namespaces/default/configmaps')
  assert.deepEqual(created?.['responseStatus'], { metadata: {}, code: 201 })
  assert.equal(part(missing, 'responseStatus')['code'], 404)
})
