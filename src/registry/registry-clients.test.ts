import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { randomBytes } from 'node:crypto'
import { hashSync } from 'bcryptjs'
import { digestOf } from '#base/data/digest.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { createRegistryClient } from '#clients/registry/registry-client.ts'
import { createClientUpstream } from './proxy/client-upstream.ts'
import { createRegistry } from './registry.ts'
import { loopbackCertificate } from '../../test/fixtures/loopback-certificate.ts'
import {
  closeClients,
  folder,
  hostOf,
  http,
  noRetries,
  puller,
  pushBlob,
  pushImage,
  pusher,
  readBlob,
  serve,
  world,
} from './registry-fixture.contract.ts'

after(closeClients)

const run = promisify(execFile)

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
  const found = await mirrored.forPull({ host: hostOf(origin), path: 'lib/app', signal: new AbortController().signal })
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

/** Begins an upload that stalls after 400 of 1000 bytes; answers where it is and how far the server says it came. */
async function stall(
  registry: { readonly url: string },
  content: Buffer,
): Promise<{ readonly path: string; readonly range: string | undefined }> {
  const path =
    (await http.request({ method: 'POST', url: `${registry.url}/v2/a/b/blobs/uploads/` })).header('location') ?? ''
  const enough = new AbortController()
  const stalled = Readable.from(
    (async function* () {
      yield content.subarray(0, 400)
      await world.clock.sleep(600_000, enough.signal).catch(() => undefined)
    })(),
  )
  const answer = await http
    .request({ method: 'PATCH', url: `${registry.url}${path}`, body: stalled, headers: { 'content-length': '1000' } })
    .catch((error: unknown) => error)
  enough.abort()
  stalled.destroy()
  assert.ok(answer instanceof Error || (answer as { status: number }).status >= 400)
  // The connection is cut a moment before the last bytes are accounted for.
  let range: string | undefined
  for (let tries = 0; tries < 100 && range !== '0-399'; tries += 1) {
    await world.clock.sleep(10)
    range = (await http.request({ url: `${registry.url}${path}` })).header('range')
  }
  return { path, range }
}

test('an upload that stalls is cut off, and goes on with the next request', async (context) => {
  const content = randomBytes(1000)
  const root = folder(context)
  let registry = await serve(context, { root: join(root, '0'), bodyIdleMs: 100 })
  let { path, range } = await stall(registry, content)
  // On a machine that was busy even the first bytes came too late.
  for (const bodyIdleMs of [1000, 10_000]) {
    if (range === '0-399') break
    registry = await serve(context, { root: join(root, String(bodyIdleMs)), bodyIdleMs })
    ;({ path, range } = await stall(registry, content))
  }
  assert.equal(range, '0-399')
  const done = await http.request({
    method: 'PUT',
    url: `${registry.url}${path}?digest=${digestOf(content)}`,
    body: content.subarray(400),
  })
  assert.equal(done.status, 201)
})

test('over TLS the certificate laid down for the registry is presented', async (context) => {
  const root = folder(context)
  const tls = {
    ...loopbackCertificate,
    clientAuthorities: loopbackCertificate.certificate,
    clientCertificate: 'require' as const,
  }
  const registry = await serve(context, { root: join(root, 'data'), listen: { tls } })
  const own = join(root, 'certs.d', hostOf(registry))
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'ca.crt'), loopbackCertificate.certificate)
  writeFileSync(join(own, 'client.cert'), loopbackCertificate.certificate)
  writeFileSync(join(own, 'client.key'), loopbackCertificate.key)
  await assert.rejects(pusher(registry, 'a/b'))
  const known = createRegistryClient(world, { retryPolicy: noRetries, certificateFolders: [join(root, 'certs.d')] })
  context.after(() => known[Symbol.asyncDispose]())
  const repository = await known.forPush({ host: hostOf(registry), path: 'a/b' })
  const content = randomBytes(700_000)
  assert.deepEqual(await readBlob(repository, await pushBlob(repository, content), content.length), content)
})
