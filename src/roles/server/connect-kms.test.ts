import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secrets } from '#clients/kubernetes/resources.table.ts'
import { type ApiServer, createApiServer } from '#cluster/apiserver/api-server.ts'
import { parseEncryptionConfig } from '#cluster/apiserver/encryption/encryption-config.ts'
import { createMemoryStore, type MemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { kmsConnector, socketPathOf } from './connect-kms.ts'
import { startTestPlugin, type TestPlugin } from './kms-plugin.contract.ts'

const clock = createClock()
const files = createFiles()
const place = { namespace: 'default' }
const key = '/registry//secrets/default/s'
const secret = (name: string): never =>
  ({ metadata: { name, ...place }, stringData: { password: 'hunter2-hunter2' } }) as never

const configOf = ({ endpoint }: TestPlugin): ReturnType<typeof parseEncryptionConfig> =>
  parseEncryptionConfig(
    `{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{ resources: [secrets], providers: [{ kms: { apiVersion: v2, name: vault, endpoint: '${endpoint}' } }, { identity: {} }] }] }`,
  )

async function serverOn(store: MemoryStore, plugin: TestPlugin, metrics = createMetrics()): Promise<ApiServer> {
  const deps = { clock, random: createRandom(), store, log: silentLog, metrics, connectKms: kmsConnector(clock) }
  return createApiServer({ ...deps, encryption: configOf(plugin) })
}

const textAt = async (store: MemoryStore, at: string): Promise<string> =>
  Buffer.from((await store.get(at))?.value ?? []).toString('latin1')

test('what a plugin’s key seals is read by this server and by those after it, with one call for a seed', async () => {
  await using folder = await files.temporaryDirectory('gantry-kms-')
  await using plugin = await startTestPlugin(`${folder.path}/kms.sock`)
  await using store = createMemoryStore({ clock })
  const metrics = createMetrics()
  {
    await using first = await serverOn(store, plugin, metrics)
    const admin = first.clientFor({ name: 'admin', groups: ['system:masters'] })
    for (const name of ['s', 't', 'u']) await admin.create(secrets, secret(name))
    assert.deepEqual(plugin.calls, ['Status', 'Encrypt'])
    await admin.patch(secrets, 's', { metadata: { labels: { a: 'b' } } }, { ...place, type: 'merge' })
  }
  const text = await textAt(store, key)
  assert.ok(text.startsWith('k8s:enc:kms:v2:vault:'), text.slice(0, 40))
  assert.ok(!text.includes('hunter2') && text.includes('key-1') && text.includes('note.example.com'))
  assert.match(
    metrics.render(),
    /kms_operations_latency_seconds_count\{provider_name="vault",method_name="\/v2.KeyManagementService\/Status",grpc_status_code="OK"\} 1\n/,
  )
  plugin.calls.length = 0
  await using second = await serverOn(store, plugin)
  const admin = second.clientFor({ name: 'admin', groups: ['system:masters'] })
  const { items } = await admin.list(secrets, place)
  assert.deepEqual(
    items.map(({ data }) => Buffer.from(data?.['password'] ?? '', 'base64').toString()),
    ['hunter2-hunter2', 'hunter2-hunter2', 'hunter2-hunter2'],
  )
  assert.deepEqual(plugin.calls.toSorted(), ['Decrypt', 'Encrypt', 'Status'])
  await admin.delete(secrets, 's', place)
})

test('plugins have one check, which the liveness of the server does not hang on', async () => {
  await using folder = await files.temporaryDirectory('gantry-kms-')
  await using plugin = await startTestPlugin(`${folder.path}/kms.sock`)
  await using store = createMemoryStore({ clock })
  await using server = await serverOn(store, plugin)
  const admin = server.clientFor({ name: 'admin', groups: ['system:masters'] })
  const ask = async (path: string): Promise<string> => {
    const { body } = await admin.raw({ path })
    return Buffer.from(body).toString()
  }
  assert.match(await ask('/readyz?verbose'), /\[\+\]kms-providers ok\n/)
  assert.match(await ask('/healthz?verbose'), /\[\+\]kms-providers ok\n/)
  assert.doesNotMatch(await ask('/livez?verbose'), /kms-providers/)
})

test('a socket is a path, or a name in no filesystem', () => {
  assert.equal(socketPathOf('unix:///run/kms.sock'), '/run/kms.sock')
  assert.equal(socketPathOf('unix:///@kms'), '\0kms')
})

test('calls that fail or are not answered in time are failures of the plugin', async () => {
  await using folder = await files.temporaryDirectory('gantry-kms-')
  await using plugin = await startTestPlugin(`${folder.path}/kms.sock`)
  const { endpoint } = plugin
  using link = kmsConnector(clock)({ name: 'vault', endpoint, timeoutMs: 60_000 })
  plugin.failure = 7
  await assert.rejects(link.call('/v2.KeyManagementService/Status', Buffer.alloc(0)), { status: 7, message: 'not now' })
  plugin.failure = 0
  assert.ok((await link.call('/v2.KeyManagementService/Status', Buffer.alloc(0))).length > 0)
  using hasty = kmsConnector(clock)({ name: 'vault', endpoint, timeoutMs: 1 })
  plugin.isSilent = true
  await assert.rejects(hasty.call('/v2.KeyManagementService/Status', Buffer.alloc(0)), { status: 4 })
  using lost = kmsConnector(clock)({ name: 'vault', endpoint: `${endpoint}.gone`, timeoutMs: 60_000 })
  await assert.rejects(lost.call('/v2.KeyManagementService/Status', Buffer.alloc(0)), { status: 14 })
})
