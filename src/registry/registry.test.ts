import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { hashSync } from 'bcryptjs'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { createRegistryClient } from '#clients/registry/registry-client.ts'
import type { RegistryClient } from '#clients/registry/registry-client.ts'
import type { Repository } from '#clients/registry/repository.ts'
import { createHttpClient } from '#kit/http/client.ts'
import type { HttpClient } from '#kit/http/client.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { ociConfig, ociManifest } from '#spec/oci/registry-media-types.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createNetwork } from '#world/real/network.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { Readable } from 'node:stream'
import { startPeerRegistry } from './peer-registry.contract.ts'
import { createClientUpstream } from './proxy/client-upstream.ts'
import { createRegistry } from './registry.ts'
import type { Registry, RegistryConfig } from './registry.ts'

const run = promisify(execFile)
const world = {
  clock: createClock(),
  files: createFiles(),
  random: createRandom(),
  network: createNetwork(),
  processes: createProcesses(),
}
const signal = new AbortController().signal
const noRetries = { attemptsMax: 1, firstDelayMs: 1, factor: 1, delayMaxMs: 1, jitter: 0, budgetMs: 0 }
let http: HttpClient
let client: RegistryClient

before(() => {
  http = createHttpClient({ clock: world.clock })
  client = createRegistryClient(world, { retryPolicy: noRetries })
})
after(async () => {
  http.close()
  await client[Symbol.asyncDispose]()
})

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'gantry-registry-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function serve(
  context: TestContext,
  config: RegistryConfig,
  extra: Partial<Parameters<typeof createRegistry>[0]> = {},
): Promise<Registry> {
  const registry = await createRegistry(
    { ...world, ...extra },
    { ...config, limits: { durable: false, ...config.limits } },
  )
  context.after(() => registry[Symbol.asyncDispose]())
  return registry
}

const hostOf = (registry: { readonly url: string }): string => new URL(registry.url).host
const pusher = (
  registry: { readonly url: string },
  path: string,
  credentials: RegistryAuth = {},
): Promise<Repository> => client.forPush({ host: hostOf(registry), path, credentials })

async function puller(
  registry: { readonly url: string },
  path: string,
  credentials: RegistryAuth = {},
): Promise<Repository> {
  const [first] = await client.forPull({ host: hostOf(registry), path, credentials })
  assert.ok(first !== undefined)
  return first
}

async function pushBlob(repository: Repository, content: Buffer): Promise<Digest> {
  await repository.uploadBlob({ open: () => Readable.from([content]), digest: () => digestOf(content) })
  return digestOf(content)
}

async function pushImage(repository: Repository, tag: string, layer: Buffer): Promise<Digest> {
  const config = Buffer.from(`{"tag":"${tag}"}`)
  const document = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: ociConfig, digest: await pushBlob(repository, config), size: config.length },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest: await pushBlob(repository, layer),
        size: layer.length,
      },
    ],
  }
  return repository.putManifest(tag, { mediaType: ociManifest, content: Buffer.from(JSON.stringify(document)) })
}

async function readBlob(repository: Repository, digest: Digest, sizeBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of repository.blob({ digest, sizeBytes })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('a half-done upload goes on after a restart, and an abandoned one is dropped', async (context) => {
  const root = folder(context)
  const content = randomBytes(100_000)
  const first = await createRegistry(world, { root })
  const start = await http.request({ method: 'POST', url: `${first.url}/v2/a/b/blobs/uploads/` })
  const path = start.header('location') ?? ''
  const abandoned = await http.request({ method: 'POST', url: `${first.url}/v2/a/b/blobs/uploads/` })
  await http.request({ method: 'PATCH', url: `${first.url}${path}`, body: content.subarray(0, 60_000) })
  await first[Symbol.asyncDispose]()
  const second = await serve(context, { root, limits: { uploadExpiryMs: 60_000 } })
  assert.equal((await http.request({ url: `${second.url}${path}` })).header('range'), '0-59999')
  const done = await http.request({
    method: 'PUT',
    url: `${second.url}${path}?digest=${digestOf(content)}`,
    body: content.subarray(60_000),
  })
  assert.equal(done.status, 201)
  assert.deepEqual(await readBlob(await puller(second, 'a/b'), digestOf(content), content.length), content)
  await second[Symbol.asyncDispose]()
  const third = await serve(context, { root, limits: { uploadExpiryMs: -1 } })
  assert.equal((await http.request({ url: `${third.url}${abandoned.header('location') ?? ''}` })).status, 404)
  assert.deepEqual(readdirSync(join(root, 'uploads')), [])
})

test('a chunk that breaks off keeps what came, and the upload goes on from there', async (context) => {
  const registry = await serve(context, { root: folder(context) })
  const content = randomBytes(200_000)
  const path =
    (await http.request({ method: 'POST', url: `${registry.url}/v2/a/b/blobs/uploads/` })).header('location') ?? ''
  const broken = Readable.from(
    (async function* () {
      yield content.subarray(0, 80_000)
      await world.clock.sleep(50)
      throw new Error('the line is cut')
    })(),
  )
  await assert.rejects(
    http.request({
      method: 'PATCH',
      url: `${registry.url}${path}`,
      body: broken,
      headers: { 'content-length': String(content.length) },
    }),
  )
  let offset = 0
  for (let tries = 0; tries < 100 && offset !== 80_000; tries += 1) {
    await world.clock.sleep(10)
    offset =
      Number(/^0-(\d+)$/.exec((await http.request({ url: `${registry.url}${path}` })).header('range') ?? '')?.[1]) + 1
  }
  assert.equal(offset, 80_000)
  const done = await http.request({
    method: 'PUT',
    url: `${registry.url}${path}?digest=${digestOf(content)}`,
    body: content.subarray(offset),
    headers: { 'content-range': `${offset}-${content.length - 1}` },
  })
  assert.equal(done.status, 201)
})

test('blobs and manifests larger than allowed are refused', async (context) => {
  const registry = await serve(context, {
    root: folder(context),
    limits: { blobBytesMax: 1000, manifestBytesMax: 1000 },
  })
  const repository = await pusher(registry, 'a/b')
  await assert.rejects(pushBlob(repository, randomBytes(2000)), /size invalid/)
  await assert.rejects(repository.putManifest('x', { mediaType: ociManifest, content: randomBytes(2000) }), (error) =>
    isErrorKind(error, 'too-large'),
  )
  await pushBlob(repository, randomBytes(500))
})

test('collection removes what nobody needs and nothing else, also while others push', async (context) => {
  const root = folder(context)
  const registry = await serve(context, { root, limits: { leaseMs: 400 } })
  const repository = await pusher(registry, 'gc/app')
  const kept = randomBytes(50_000)
  const dropped = randomBytes(50_000)
  await pushImage(repository, 'kept', kept)
  const doomed = await pushImage(repository, 'doomed', dropped)
  await http.request({ method: 'DELETE', url: `${registry.url}/v2/gc/app/manifests/${doomed}` })
  assert.equal((await registry.collectGarbage()).blobsRemoved, 0, 'a lease still holds')
  await world.clock.sleep(600)
  let stop = false
  const collecting = (async () => {
    let freed = 0
    while (!stop) freed += (await registry.collectGarbage({ removeUntagged: true })).bytesFreed
    return freed
  })()
  const layers = Array.from({ length: 20 }, () => randomBytes(20_000))
  await Promise.all(layers.map((layer, index) => pushImage(repository, `t${index}`, layer)))
  await world.clock.sleep(600)
  await registry.collectGarbage()
  stop = true
  assert.ok((await collecting) >= dropped.length)
  for (const content of [kept, ...layers])
    assert.deepEqual(await readBlob(repository, digestOf(content), content.length), content)
  assert.equal(await repository.statBlob(digestOf(dropped)), undefined)
})

test('a data directory of docker-registry is served as it is', async (context) => {
  const root = folder(context)
  const peer = await startPeerRegistry(world, root)
  if (peer === undefined) return context.skip('docker-registry is not installed')
  const content = randomBytes(10_000)
  const digest = await pushImage(await pusher(peer, 'old/app'), 'v1', content)
  await peer[Symbol.asyncDispose]()
  const registry = await serve(context, { root: join(root, 'peer-data') })
  const repository = await puller(registry, 'old/app')
  assert.equal((await repository.manifest('v1')).digest, digest)
  assert.deepEqual(await repository.tags(), ['v1'])
  assert.deepEqual(await readBlob(repository, digestOf(content), content.length), content)
  return undefined
})

test('htpasswd: only who is known gets in, and only with the right password', async (context) => {
  const root = folder(context)
  const path = join(root, 'passwords')
  writeFileSync(path, `# people\nwalker:${hashSync('s3cret', 4)}\nold:$apr1$abc$def\n`)
  const registry = await serve(context, { root, auth: { kind: 'htpasswd', path } })
  const anonymous = await http.request({ url: `${registry.url}/v2/` })
  assert.equal(anonymous.status, 401)
  assert.equal(anonymous.header('www-authenticate'), 'Basic realm="gantry registry"')
  await pushImage(await pusher(registry, 'a/b', { username: 'walker', password: 's3cret' }), 'x', randomBytes(10))
  for (const credentials of [
    { username: 'walker', password: 'wrong' },
    { username: 'nobody', password: 's3cret' },
    { username: 'old', password: 'x' },
  ]) {
    await assert.rejects(client.login(hostOf(registry), credentials), (error) => isErrorKind(error, 'unauthorized'))
  }
  assert.deepEqual(await client.login(hostOf(registry), { username: 'walker', password: 's3cret' }), {
    identityToken: '',
  })
  writeFileSync(path, `someone:${hashSync('else', 4)}\n`)
  await assert.rejects(client.login(hostOf(registry), { username: 'walker', password: 's3cret' }), (error) =>
    isErrorKind(error, 'unauthorized'),
  )
})

test('tokens: rules say who may pull, push and delete what; an identity token replaces the password', async (context) => {
  const root = folder(context)
  const passwordFile = join(root, 'passwords')
  writeFileSync(passwordFile, `admin:${hashSync('a', 4)}\nreader:${hashSync('r', 4)}\n`)
  const rules = [
    { account: 'admin', repository: '*', actions: ['*'] },
    { account: 'reader', repository: 'team/*', actions: ['pull'] },
    { account: '', repository: 'public/*', actions: ['pull'] },
  ] as const
  const registry = await serve(context, {
    root,
    auth: { kind: 'token', passwordFile, service: 'test', issuer: 'test', rules },
  })
  const admin = { username: 'admin', password: 'a' }
  for (const path of ['team/app', 'public/app', 'secret/app'])
    await pushImage(await pusher(registry, path, admin), 'x', randomBytes(10))
  const challenge = await http.request({ url: `${registry.url}/v2/team/app/manifests/x` })
  assert.equal(
    challenge.header('www-authenticate'),
    `Bearer realm="${registry.url}/token",service="test",scope="repository:team/app:pull"`,
  )
  const reader = { username: 'reader', password: 'r' }
  await (await puller(registry, 'team/app', reader)).manifest('x')
  await (await puller(registry, 'public/app')).manifest('x')
  const denied = { message: 'denied: requested access to the resource is denied' }
  await assert.rejects((await puller(registry, 'secret/app', reader)).manifest('x'), denied)
  await assert.rejects((await puller(registry, 'team/app')).manifest('x'), denied)
  await assert.rejects(pushImage(await pusher(registry, 'team/app', reader), 'y', randomBytes(10)), denied)
  const { identityToken } = await client.login(hostOf(registry), reader)
  await (await puller(registry, 'team/app', { identitytoken: identityToken })).manifest('x')
  await assert.rejects(
    (await puller(registry, 'team/app', { identitytoken: `${identityToken.slice(0, -4)}AAAA` })).manifest('x'),
    (error) => isErrorKind(error, 'unauthorized'),
  )
  const forged = await http.request({
    url: `${registry.url}/v2/secret/app/manifests/x`,
    headers: { authorization: `Bearer ${identityToken}` },
  })
  assert.equal(forged.status, 401, 'an identity token is no access token')
})

test('a cache in front of another registry serves what it has while the other one is away', async (context) => {
  const root = folder(context)
  const origin = await createRegistry(world, { root: join(root, 'origin') })
  const content = randomBytes(300_000)
  const digest = await pushImage(await pusher(origin, 'lib/app'), 'v1', content)
  const upstreamClient = createRegistryClient(world, { retryPolicy: noRetries })
  context.after(() => upstreamClient[Symbol.asyncDispose]())
  const cache = await serve(
    context,
    { root: join(root, 'cache') },
    { upstream: createClientUpstream(upstreamClient, { host: hostOf(origin) }) },
  )
  const repository = await puller(cache, 'lib/app')
  const reads = await Promise.all([1, 2, 3].map(() => readBlob(repository, digestOf(content), content.length)))
  for (const read of reads) assert.deepEqual(read, content)
  assert.equal((await repository.manifest('v1')).digest, digest)
  await assert.rejects(repository.manifest('v2'), (error) => isErrorKind(error, 'not-found'))
  await assert.rejects(pushBlob(await pusher(cache, 'lib/app'), randomBytes(10)), /unsupported/)
  await origin[Symbol.asyncDispose]()
  assert.equal((await repository.manifest('v1')).digest, digest)
  assert.deepEqual(await readBlob(repository, digestOf(content), content.length), content)
})

test('mirrors are asked first and the registry itself when they cannot help', async (context) => {
  const root = folder(context)
  const origin = await serve(context, { root: join(root, 'origin') })
  const mirror = await serve(context, { root: join(root, 'mirror') })
  const onlyOrigin = await pushImage(await pusher(origin, 'lib/app'), 'new', randomBytes(10))
  await pushImage(await pusher(mirror, 'lib/app'), 'old', randomBytes(10))
  const mirrored = createRegistryClient(world, {
    retryPolicy: noRetries,
    mirrors: { [hostOf(origin)]: ['http://127.0.0.1:1', mirror.url] },
  })
  context.after(() => mirrored[Symbol.asyncDispose]())
  const found = await mirrored.forPull({ host: hostOf(origin), path: 'lib/app', signal })
  assert.deepEqual(
    found.map((one) => one.isMirror),
    [true, false],
  )
  await found[0]?.manifest('old')
  await assert.rejects(async () => found[0]?.manifest('new'))
  assert.equal((await found[1]?.manifest('new'))?.digest, onlyOrigin)
})

test('skopeo copies in, out and between repositories, with and without a password', async (context) => {
  if ((await world.processes.find('skopeo')) === undefined) return context.skip('skopeo is not installed')
  const root = folder(context)
  const passwords = join(root, 'passwords')
  writeFileSync(passwords, `walker:${hashSync('s3cret', 4)}\n`)
  const open = await serve(context, { root: join(root, 'open') })
  const locked = await serve(context, {
    root: join(root, 'locked'),
    auth: { kind: 'token', passwordFile: passwords, service: 's', issuer: 'i' },
  })
  await pushImage(await pusher(open, 'sk/app'), 'v1', randomBytes(100_000))
  const skopeo = (...args: string[]): Promise<unknown> => run('skopeo', [...args])
  const copy = (from: string, to: string, ...more: string[]): Promise<unknown> =>
    skopeo('copy', '-q', '--insecure-policy', '--src-tls-verify=false', '--dest-tls-verify=false', ...more, from, to)
  await copy(
    `docker://${hostOf(open)}/sk/app:v1`,
    `docker://${hostOf(locked)}/sk/app:v1`,
    '--dest-creds',
    'walker:s3cret',
  )
  await copy(`docker://${hostOf(locked)}/sk/app:v1`, `dir:${root}/out`, '--src-creds', 'walker:s3cret')
  await copy(`dir:${root}/out`, `docker://${hostOf(open)}/sk/again:v2`)
  await assert.rejects(copy(`docker://${hostOf(locked)}/sk/app:v1`, `dir:${root}/denied`))
  const one = await (await puller(open, 'sk/app')).manifest('v1')
  assert.equal((await (await puller(open, 'sk/again')).manifest('v2')).digest, one.digest)
  await skopeo('delete', '--tls-verify=false', `docker://${hostOf(open)}/sk/again:v2`)
  await assert.rejects((await puller(open, 'sk/again')).manifest('v2'))
  return undefined
})

test('metrics count what was asked and moved', async (context) => {
  const registry = await serve(context, { root: folder(context) })
  const repository = await pusher(registry, 'm/app')
  const content = randomBytes(1234)
  await readBlob(repository, await pushBlob(repository, content), content.length)
  // The last byte reaches the client a moment before it is counted.
  await world.clock.sleep(50)
  const text = await (await http.request({ url: `${registry.url}/metrics` })).text()
  assert.match(text, /^gantry_registry_blob_sent_bytes_total 1234$/m)
  assert.match(text, /^gantry_registry_blob_received_bytes_total 1234$/m)
  assert.match(text, /^gantry_registry_requests_total\{route="upload",method="PUT",code="ok"\} 1$/m)
})
