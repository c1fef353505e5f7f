import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GrpcFailure, grpcStatus } from '#kit/grpc/grpc-failure.ts'
import { encodeFields } from '#kit/grpc/encode-fields.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { parseEncryptionConfig } from './encryption-config.ts'
import { decodeDecrypted, decodeEncrypted, decodeObject, encodeObject } from './kms-messages.ts'
import type { ConnectKms } from './kms-plugin.ts'
import { KmsProviders } from './kms-providers.ts'
import { sealStore } from './sealed-store.ts'
import { ValueSealer } from './value-sealer.ts'

const random = createSeededRandom(2)
const configOf = (...names: readonly string[]): ReturnType<typeof parseEncryptionConfig> => {
  const kms = names.map((name) => `{ kms: { apiVersion: v2, name: ${name}, endpoint: 'unix:///${name}' } }`)
  const providers = [...kms, '{ identity: {} }'].join()
  return parseEncryptionConfig(
    `{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{ resources: [secrets], providers: [${providers}] }] }`,
  )
}

/** A plugin that says what it is told to, and seals by writing its key in front. */
interface Plugin {
  readonly calls: string[]
  keyId: string
  /** The key that it seals with, where that is another than it says. */
  sealsWith: string | undefined
  healthz: string
  version: string
  isGone: boolean
}

interface Opened extends AsyncDisposable {
  readonly plugin: Plugin
  readonly connect: ConnectKms
  readonly clock: SimClock
  readonly metrics: Metrics
  readonly providers: KmsProviders
}

async function open(): Promise<Opened> {
  const clock = new SimClock({ startMs: 0, order: createSeededRandom(1) })
  const plugin: Plugin = { calls: [], keyId: 'one', sealsWith: undefined, healthz: 'ok', version: 'v2', isGone: false }
  const connect: ConnectKms = () => ({
    call: (method, message) => {
      const name = method.split('/').at(-1) ?? ''
      plugin.calls.push(name)
      const gone = new GrpcFailure(grpcStatus.unavailable, 'gone', { mayHaveRun: false })
      return plugin.isGone ? Promise.reject(gone) : Promise.resolve(answerOf(plugin, name, message))
    },
    [Symbol.dispose]: () => {},
  })
  const metrics = createMetrics()
  const providers = new KmsProviders({ clock, random, log: silentLog, metrics, connect })
  await providers.use(configOf('vault'))
  return { plugin, connect, clock, metrics, providers, [Symbol.asyncDispose]: () => providers[Symbol.asyncDispose]() }
}

function answerOf({ version, healthz, keyId, sealsWith }: Plugin, name: string, message: Uint8Array): Uint8Array {
  if (name === 'Status')
    return encodeFields([
      [1, version],
      [2, healthz],
      [3, keyId],
    ])
  // The first field of both requests is what is to be sealed or opened.
  const content = decodeDecrypted(message)
  if (name === 'Decrypt') return encodeFields([[1, content.subarray(1)]])
  return encodeFields([
    [1, Buffer.concat([Buffer.from('#'), content])],
    [2, sealsWith ?? keyId],
  ])
}

const value = Buffer.from('a value')

test('values are sealed with a seed of one’s own, and opened by whoever has the plugin open it', async () => {
  await using it = await open()
  const keys = it.providers.keysOf('vault')
  const sealed = keys.seal(value, '/a')
  const { keyId, kind, ciphertext } = decodeObject(sealed)
  assert.deepEqual([keyId, kind, ciphertext.length], ['one', 1, 33])
  assert.deepEqual(keys.open(sealed, '/a'), { value, isStale: false })
  assert.throws(() => keys.open(sealed, '/b'), 'of another place')
  assert.equal(keys.unlock(sealed), undefined, 'what is open need not be waited for')
  await using other = await open()
  const theirs = other.providers.keysOf('vault')
  assert.throws(() => theirs.open(sealed, '/a'), /is not open/)
  await Promise.all([theirs.unlock(sealed), theirs.unlock(sealed)])
  assert.deepEqual(other.plugin.calls, ['Status', 'Encrypt', 'Decrypt'], 'those who wait share one call')
  assert.deepEqual(theirs.open(sealed, '/a'), { value, isStale: false })
  assert.match(
    it.metrics.render(),
    /key_id_hash_total\{transformation_type="to_storage",provider_name="vault",key_id_hash="sha256:\w+"\} 1\n/,
  )
})

test('another key of the plugin is taken over: what the one before sealed is read on, and is stale', async () => {
  await using it = await open()
  const keys = it.providers.keysOf('vault')
  let changes = 0
  it.providers.onKeyChange = () => void changes++
  const sealed = keys.seal(value, '/a')
  it.plugin.keyId = 'two'
  await it.clock.advance(20_000)
  assert.equal(changes, 1)
  assert.equal(decodeObject(keys.seal(value, '/a')).keyId, 'two')
  assert.deepEqual(keys.open(sealed, '/a'), { value, isStale: true })
})

test('without the plugin what is there is read on, and written for three minutes', async () => {
  await using it = await open()
  const keys = it.providers.keysOf('vault')
  const sealed = keys.seal(value, '/a')
  it.plugin.isGone = true
  for (let turn = 0; turn < 60; turn++) await it.clock.advance(3000)
  keys.seal(value, '/a')
  assert.match(it.providers.problem ?? '', /failed to perform status section .* for KMS Provider vault, error: gone/)
  await it.clock.advance(3000)
  assert.throws(
    () => keys.seal(value, '/a'),
    /encryptedDEKSource with keyID hash "sha256:\w+" expired at 1970-01-01T00:03:00Z/,
  )
  assert.deepEqual(keys.open(sealed, '/a').value, value)
  it.plugin.isGone = false
  await it.clock.advance(3000)
  assert.equal(it.providers.problem, undefined)
  assert.equal(decodeObject(keys.seal(value, '/a')).keyId, 'one')
  assert.equal(it.plugin.calls.filter((call) => call === 'Encrypt').length, 1, 'the seed is still the right one')
})

test('what is wrong with a plugin is said', async () => {
  const rows: readonly [change: Partial<Plugin>, problem: RegExp][] = [
    [{ healthz: 'sick' }, /kmsv2 Provider vault is not healthy, error: got unexpected healthz status: sick/],
    [{ version: 'v3' }, /expected KMSv2 API version v2, got v3/],
    [{ version: 'v2beta1' }, /should not change after the initial status response version v2, got v2beta1/],
    [{ keyId: '' }, /got invalid KMSv2 KeyID hash "": keyID is empty/],
    [{ keyId: 'x'.repeat(2000) }, /keyID is 2000 bytes, which exceeds the max size of 1024/],
    [{ keyId: 'two', sealsWith: 'three' }, /failed to rotate DEK/],
  ]
  for (const [change, problem] of rows) {
    await using it = await open()
    Object.assign(it.plugin, change)
    await it.clock.advance(20_000)
    assert.match(it.providers.problem ?? '', problem)
    assert.equal(decodeObject(it.providers.keysOf('vault').seal(value, '/a')).keyId, 'one', 'the key before goes on')
  }
})

test('a store whose plugin has another key tells that everything is to be written anew', async () => {
  await using it = await open()
  await using store = createMemoryStore({ clock: it.clock })
  const config = configOf('vault')
  const sealer = new ValueSealer(config, random, (name) => it.providers.keysOf(name))
  const sealed = sealStore(store, { sealer, kms: it.providers, config })
  const key = '/registry//secrets/default/s'
  const { modRevision } = await sealed.put(key, value)
  assert.deepEqual((await sealed.get(key))?.value, value)
  assert.equal(sealed.isStale(key, modRevision), false)
  it.plugin.keyId = 'two'
  await it.clock.advance(20_000)
  assert.equal(sealed.isStale(key, modRevision), true)
  const again = await sealed.put(key, value)
  assert.equal(sealed.isStale(key, again.modRevision), false)
  it.plugin.isGone = true
  for (let turn = 0; turn < 62; turn++) await it.clock.advance(3000)
  await assert.rejects(sealed.put(key, value), /expired/)
})

test('a configuration that names another plugin ends the one before', async () => {
  await using it = await open()
  const next = configOf('other')
  await it.providers.use(next)
  assert.ok(it.providers.keysOf('vault').seal(value, '/a').length > 0, 'until it is retired')
  await it.providers.retire(next)
  assert.throws(() => it.providers.keysOf('vault'), /vault is not open/)
  assert.ok(it.providers.keysOf('other').seal(value, '/a').length > 0)
})

test('stored objects and answers that are out of bounds are refused', () => {
  const annotations = new Map([['a.example.com', Buffer.from('x')]])
  const good = { value, keyId: 'k', ciphertext: Buffer.from('c'), annotations, kind: 1 }
  assert.deepEqual(decodeObject(encodeObject(good)).annotations.get('a.example.com'), Buffer.from('x'))
  const rows: readonly [change: Partial<typeof good>, problem: RegExp][] = [
    [{ value: Buffer.alloc(0) }, /encrypted data is empty/],
    [{ ciphertext: Buffer.alloc(0) }, /encrypted DEK source is empty/],
    [{ ciphertext: Buffer.alloc(1025) }, /is 1025 bytes, which exceeds the max size of 1024/],
    [{ keyId: '' }, /failed to validate key id: keyID is empty/],
    [{ kind: 2 }, /unknown encryptedDEKSourceType: 2/],
    [{ annotations: new Map([['no name', Buffer.alloc(0)]]) }, /failed to validate annotations/],
    [{ annotations: new Map([['a.example.com', Buffer.alloc(33_000)]]) }, /total size of annotations is 33013/],
  ]
  for (const [change, problem] of rows) assert.throws(() => decodeObject(encodeObject({ ...good, ...change })), problem)
  assert.throws(() => decodeObject(Buffer.from([0xff, 0xff])))
  assert.deepEqual(decodeEncrypted(Buffer.alloc(0)).keyId, '')
})
