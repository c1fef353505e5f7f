import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { digestOf } from '#base/data/digest.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { ociManifest } from '#spec/oci/registry-media-types.ts'
import { startPeerRegistry } from './peer-registry.contract.ts'
import { createRegistry } from './registry.ts'
import {
  closeClients,
  folder,
  http,
  puller,
  pushBlob,
  pushImage,
  pusher,
  readBlob,
  serve,
  world,
} from './registry-fixture.contract.ts'

after(closeClients)

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

/** Uploads bytes on a line that is cut `heldMs` after they were sent; answers where the upload is and how far it came. */
async function uploadOnBrokenLine(
  url: string,
  { bytes, announced, heldMs }: { readonly bytes: Buffer; readonly announced: number; readonly heldMs: number },
): Promise<{ readonly path: string; readonly offset: number }> {
  const path = (await http.request({ method: 'POST', url: `${url}/v2/a/b/blobs/uploads/` })).header('location') ?? ''
  const broken = Readable.from(
    (async function* () {
      yield bytes
      await world.clock.sleep(heldMs)
      throw new Error('the line is cut')
    })(),
  )
  const headers = { 'content-length': String(announced) }
  await assert.rejects(http.request({ method: 'PATCH', url: `${url}${path}`, body: broken, headers }))
  let offset = 0
  for (let tries = 0; tries < 100 && offset !== bytes.length; tries += 1) {
    await world.clock.sleep(10)
    const range = (await http.request({ url: `${url}${path}` })).header('range') ?? ''
    offset = Number(/^0-(\d+)$/.exec(range)?.[1] ?? -1) + 1
  }
  return { path, offset }
}

test('a chunk that breaks off keeps what came, and the upload goes on from there', async (context) => {
  const registry = await serve(context, { root: folder(context) })
  const content = randomBytes(200_000)
  const part = { bytes: content.subarray(0, 80_000), announced: content.length }
  let upload = await uploadOnBrokenLine(registry.url, { ...part, heldMs: 50 })
  // A machine that was busy has not sent everything before the line was cut.
  for (const heldMs of [500, 5000, 20_000])
    if (upload.offset !== 80_000) upload = await uploadOnBrokenLine(registry.url, { ...part, heldMs })
  const { path, offset } = upload
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
  const leaseMs = 3_600_000
  let aheadMs = 0
  const clock = { ...world.clock, now: () => world.clock.now() + aheadMs }
  const registry = await serve(context, { root, limits: { leaseMs } }, { clock })
  const repository = await pusher(registry, 'gc/app')
  const kept = randomBytes(50_000)
  const dropped = randomBytes(50_000)
  await pushImage(repository, 'kept', kept)
  const doomed = await pushImage(repository, 'doomed', dropped)
  await http.request({ method: 'DELETE', url: `${registry.url}/v2/gc/app/manifests/${doomed}` })
  assert.equal((await registry.collectGarbage()).blobsRemoved, 0, 'a lease still holds')
  aheadMs += 2 * leaseMs
  let stop = false
  const collecting = (async () => {
    let freed = 0
    while (!stop) freed += (await registry.collectGarbage({ removeUntagged: true })).bytesFreed
    return freed
  })()
  const layers = Array.from({ length: 20 }, () => randomBytes(20_000))
  await Promise.all(layers.map((layer, index) => pushImage(repository, `t${index}`, layer)))
  aheadMs += 2 * leaseMs
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

test('metrics count what was asked and moved', async (context) => {
  const registry = await serve(context, { root: folder(context) })
  const repository = await pusher(registry, 'm/app')
  const content = randomBytes(1234)
  await readBlob(repository, await pushBlob(repository, content), content.length)
  const counted = async (): Promise<string> => (await http.request({ url: `${registry.url}/metrics` })).text()
  let text = await counted()
  // The last byte reaches the client a moment before it is counted.
  for (let tries = 0; tries < 500 && !/blob_sent_bytes_total 1234$/m.test(text); tries += 1) {
    await world.clock.sleep(20)
    text = await counted()
  }
  assert.match(text, /^gantry_registry_blob_sent_bytes_total 1234$/m)
  assert.match(text, /^gantry_registry_blob_received_bytes_total 1234$/m)
  assert.match(text, /^gantry_registry_requests_total\{route="upload",method="PUT",code="ok"\} 1$/m)
})
