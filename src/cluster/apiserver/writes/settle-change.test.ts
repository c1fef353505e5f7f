/** What a write may say of an object's own metadata: its uid, its generation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, services } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }

const kept: readonly (readonly [query: string, key: string])[] = [
  ['', '/registry/services/specs/default/s'],
  ['?dryRun=All', '/services/specs/default/s'],
]

for (const [query, key] of kept) {
  test(`an update${query} of an object with another uid says that upstream keeps it at ${key}`, async () => {
    await using served = await serveApi()
    const service = { metadata: { name: 's', ...place }, spec: { ports: [{ port: 80 }] } }
    const { metadata } = await served.admin.create(services, service as never, place)
    const body = { apiVersion: 'v1', kind: 'Service', ...service, metadata: { ...service.metadata, uid: 'other' } }
    const reply = await served.call(`/api/v1/namespaces/default/services/s${query}`, {
      method: 'PUT',
      token: 'admin-token',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    })
    const { code, message } = (await reply.json()) as { readonly code: number; readonly message: string }
    const why = `Precondition failed: UID in precondition: other, UID in object meta: ${metadata?.uid}`
    assert.deepEqual(
      [code, message],
      [
        409,
        `Operation cannot be fulfilled on services "s": StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
      ],
    )
  })
}

test('of a kind that does not count it, a generation is what it was made with', async () => {
  await using served = await serveApi()
  const made = await served.admin.create(
    configMaps,
    { metadata: { name: 'g', generation: 9, ...place } } as never,
    place,
  )
  assert.equal(made.metadata?.generation, 9)
  const changed = { ...made, metadata: { ...made.metadata, generation: 11 }, data: { a: 'b' } }
  assert.equal((await served.admin.update(configMaps, changed as never, place)).metadata?.generation, 9)
  const negative = { metadata: { name: 'n', generation: -1, ...place } }
  await assert.rejects(served.admin.create(configMaps, negative as never, place), {
    message: 'ConfigMap "n" is invalid: metadata.generation: Invalid value: -1: must be greater than or equal to 0',
  })
})
