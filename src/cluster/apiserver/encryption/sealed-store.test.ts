import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, deployments, secrets } from '#clients/kubernetes/resources.table.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { createMemoryStore, type MemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { type ApiServer, createApiServer } from '../api-server.ts'
import { type EncryptionConfig, parseEncryptionConfig } from './encryption-config.ts'
import { ValueSealer } from './value-sealer.ts'

const place = { namespace: 'default' }
const secretKey = '/registry//secrets/default/s'
const keyText = (fill: number): string => Buffer.alloc(32, fill).toString('base64')
const provider = (kind: string, ...keys: readonly [name: string, fill: number][]): string =>
  kind === 'identity'
    ? '{ identity: {} }'
    : `{ ${kind}: { keys: [${keys.map(([name, fill]) => `{ name: '${name}', secret: '${keyText(fill)}' }`).join()}] } }`
const config = (resources: string, ...providers: readonly string[]): EncryptionConfig =>
  parseEncryptionConfig(
    `{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{ resources: ${resources}, providers: [${providers.join()}] }] }`,
  )

async function serverOn(
  store: MemoryStore,
  encryption?: EncryptionConfig,
): Promise<{ readonly api: ApiServer; readonly admin: KubeClient }> {
  const deps = { clock: createClock(), random: createRandom(), store, log: silentLog }
  const api = await createApiServer(encryption === undefined ? deps : { ...deps, encryption })
  return { api, admin: api.clientFor({ name: 'admin', groups: ['system:masters'] }) }
}

async function storedText(store: MemoryStore, key: string): Promise<string> {
  return Buffer.from((await store.get(key))?.value ?? []).toString('latin1')
}

const secret = { metadata: { name: 's', ...place }, stringData: { password: 'hunter2-hunter2' } } as never

for (const kind of ['aesgcm', 'aescbc', 'secretbox'])
  test(`with ${kind} the store holds no readable secret, and a restarted server reads it`, async () => {
    await using store = createMemoryStore({ clock: createClock() })
    const encryption = config('[secrets]', provider(kind, ['one', 1]), provider('identity'))
    const first = await serverOn(store, encryption)
    const created = await first.admin.create(secrets, secret)
    await first.admin.create(configMaps, { metadata: { name: 'c', ...place }, data: { a: 'plain' } } as never)
    const text = await storedText(store, secretKey)
    assert.ok(text.startsWith(`k8s:enc:${kind}:v1:one:`), text.slice(0, 40))
    assert.equal(text.includes('hunter2'), false)
    assert.equal(text.includes(Buffer.from('hunter2-hunter2').toString('base64').slice(0, 16)), false)
    assert.ok((await storedText(store, '/registry//configmaps/default/c')).startsWith('{'))
    await first.api[Symbol.asyncDispose]()
    const second = await serverOn(store, encryption)
    const found = await second.admin.get(secrets, 's', place)
    assert.deepEqual(found.data, created.data)
    assert.equal(found.metadata.resourceVersion, created.metadata.resourceVersion)
    await second.admin.patch(secrets, 's', { metadata: { labels: { a: 'b' } } }, { ...place, type: 'merge' })
    assert.deepEqual((await second.admin.list(secrets, { labelSelector: 'a=b' })).items.length, 1)
    await second.admin.delete(secrets, 's', place)
    await second.api[Symbol.asyncDispose]()
  })

test('after a new first key, a write that changes nothing seals the value anew, and the old key can go', async () => {
  await using store = createMemoryStore({ clock: createClock() })
  const old = await serverOn(store, config('[secrets]', provider('aescbc', ['old', 1])))
  await old.admin.create(secrets, secret)
  await old.api[Symbol.asyncDispose]()
  const both = await serverOn(
    store,
    config('[secrets]', provider('aesgcm', ['new', 2]), provider('aescbc', ['old', 1])),
  )
  const before = await both.admin.get(secrets, 's', place)
  await both.admin.update(secrets, before, place)
  assert.ok((await storedText(store, secretKey)).startsWith('k8s:enc:aesgcm:v1:new:'))
  const after = await both.admin.get(secrets, 's', place)
  await both.admin.update(secrets, after, place)
  assert.equal(
    (await both.admin.get(secrets, 's', place)).metadata.resourceVersion,
    after.metadata.resourceVersion,
    'once',
  )
  await both.api[Symbol.asyncDispose]()
  const fresh = await serverOn(store, config('[secrets]', provider('aesgcm', ['new', 2])))
  assert.deepEqual((await fresh.admin.get(secrets, 's', place)).data, before.data)
  await fresh.api[Symbol.asyncDispose]()
})

test('what was plain is read on and sealed with its next write; identity in front takes the seal away', async () => {
  await using store = createMemoryStore({ clock: createClock() })
  const plain = await serverOn(store)
  await plain.admin.create(secrets, secret)
  await plain.api[Symbol.asyncDispose]()
  const rewrite = async (encryption: EncryptionConfig): Promise<string> => {
    const { api, admin } = await serverOn(store, encryption)
    await admin.update(secrets, await admin.get(secrets, 's', place), place)
    await api[Symbol.asyncDispose]()
    return storedText(store, secretKey)
  }
  assert.ok(
    (await rewrite(config('[secrets]', provider('secretbox', ['a', 1]), provider('identity')))).startsWith(
      'k8s:enc:secretbox:',
    ),
  )
  assert.ok((await rewrite(config('[secrets]', provider('identity'), provider('secretbox', ['a', 1])))).startsWith('{'))
})

test('a server without the key, or without any configuration, says which value it cannot read', async () => {
  await using store = createMemoryStore({ clock: createClock() })
  const first = await serverOn(store, config('[secrets]', provider('aesgcm', ['one', 1])))
  await first.admin.create(secrets, secret)
  await first.api[Symbol.asyncDispose]()
  const named = { code: 'APISERVER_VALUE_SEALED', message: /\/registry\/\/secrets\/default\/s/ }
  await assert.rejects(serverOn(store), named)
  await assert.rejects(
    serverOn(store, config('[secrets]', provider('aesgcm', ['one', 9]), provider('identity'))),
    named,
  )
  await assert.rejects(serverOn(store, config('[configmaps]', provider('aesgcm', ['one', 1]))), named)
})

test('the most special rule for a resource counts, and keys of one name are told apart by what they open', () => {
  const random = createRandom()
  const text = Buffer.from('{"x":1}')
  const sealer = new ValueSealer(
    parseEncryptionConfig(`{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [
      { resources: [secrets], providers: [${provider('aesgcm', ['s', 1])}] },
      { resources: ['*.apps'], providers: [${provider('aesgcm', ['a', 2])}] },
      { resources: ['*.*'], providers: [${provider('identity')}] } ] }`),
    random,
  )
  const prefixOf = (key: string): string => Buffer.from(sealer.seal(key, text)).toString('latin1').slice(0, 18)
  assert.equal(prefixOf('/registry//secrets/x/y'), 'k8s:enc:aesgcm:v1:')
  assert.equal(prefixOf(`/registry/apps/${deployments.resource}/x/y`), 'k8s:enc:aesgcm:v1:')
  assert.equal(prefixOf('/registry//pods/x/y'), '{"x":1}')
  assert.equal(prefixOf('/gantry/other'), '{"x":1}', 'keys that are no object’s')
  const older = new ValueSealer(config('[secrets]', provider('aescbc', ['k', 1])), random)
  const newer = new ValueSealer(config('[secrets]', provider('aescbc', ['k', 2]), provider('aescbc', ['k', 1])), random)
  const opened = newer.open(secretKey, older.seal(secretKey, text))
  assert.deepEqual([Buffer.from(opened.value).toString(), opened.isStale], ['{"x":1}', true])
})

test('another configuration is taken over while the server runs: new values at once, old ones when they are next written', async () => {
  await using store = createMemoryStore({ clock: createClock() })
  const { api, admin } = await serverOn(store, config('[secrets]', provider('aesgcm', ['one', 1])))
  const made = await admin.create(secrets, secret)
  await admin.create(configMaps, { metadata: { name: 'c', ...place }, data: { a: 'plain' } } as never)
  const plain = await store.get('/registry//configmaps/default/c')
  await api.reseal?.(config('[secrets]', provider('secretbox', ['two', 2]), provider('aesgcm', ['one', 1])))
  await admin.create(secrets, { ...(secret as object), metadata: { name: 'later', ...place } } as never)
  assert.match(await storedText(store, '/registry//secrets/default/later'), /^k8s:enc:secretbox:v1:two:/)
  assert.match(await storedText(store, secretKey), /^k8s:enc:aesgcm:v1:one:/)
  const same = await admin.update(secrets, made)
  assert.notEqual(same.metadata.resourceVersion, made.metadata.resourceVersion)
  assert.match(await storedText(store, secretKey), /^k8s:enc:secretbox:v1:two:/)
  const again = await admin.update(secrets, same)
  assert.equal(again.metadata.resourceVersion, same.metadata.resourceVersion, 'what is written anew is not stale')
  await admin.update(configMaps, await admin.get(configMaps, 'c', place))
  assert.deepEqual(await store.get('/registry//configmaps/default/c'), plain, 'what nobody seals is left alone')
  await api[Symbol.asyncDispose]()
})
