import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { createRegistryClient } from '#clients/registry/registry-client.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import { createImages } from '#images/images.ts'
import type { Images } from '#images/images.ts'
import { startPeerRegistry } from '#registry/peer-registry.contract.ts'
import { createRegistry } from '#registry/registry.ts'
import { dockerConfig, dockerLayerGzip, dockerManifest, dockerManifestList } from '#spec/oci/registry-media-types.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createNetwork } from '#world/real/network.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { createTransfer } from './transfer.ts'
import type { Transfer } from './transfer.ts'

const processes = createProcesses()
const world = {
  processes,
  kernel: createKernel({ processes }),
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
  network: createNetwork(),
}
const fastRetries = { attemptsMax: 3, firstDelayMs: 5, factor: 2, delayMaxMs: 20, jitter: 0, budgetMs: 0 }
const never = new AbortController().signal
const owned = new AsyncDisposableStack()
const hosts = new Map<string, string>()

// htpasswd -Bbn walker s3cret
const htpasswd = 'walker:$2y$05$MjtDZl2.O2XUfgU0uF6Cg.fkkv/QfuCv4NiF8Z6jnK/oRIm4SgezK\n'

before(async () => {
  const { path } = owned.use(await world.files.temporaryDirectory('transfer-registries-'))
  const ours = owned.use(await createRegistry(world, { root: `${path}/ours`, limits: { durable: false } }))
  hosts.set('gantry', new URL(ours.url).host)
  const peer = await startPeerRegistry(world, path)
  if (peer !== undefined) hosts.set('docker-registry', owned.use(peer).host)
  await world.files.makeDirectory(`${path}/locked`)
  await world.files.write(`${path}/htpasswd`, htpasswd)
  const locked = owned.use(
    await createRegistry(world, { root: `${path}/locked`, auth: { kind: 'htpasswd', path: `${path}/htpasswd` } }),
  )
  hosts.set('locked', new URL(locked.url).host)
})
after(() => owned.disposeAsync())

interface Engine {
  readonly images: Images
  readonly transfer: Transfer
}

async function engine(context: TestContext): Promise<Engine> {
  const root = mkdtempSync(join(tmpdir(), 'gantry-transfer-'))
  const images = await createImages(world, { root })
  const registries = createRegistryClient(world, { retryPolicy: fastRetries })
  context.after(async () => {
    await registries[Symbol.asyncDispose]()
    await images[Symbol.asyncDispose]()
    rmSync(root, { recursive: true, force: true })
  })
  return {
    images,
    transfer: await createTransfer({ ...world, images, registries }, { blobIndex: join(root, 'blobs.json') }),
  }
}

function tarOf(name: string, content: Uint8Array): Buffer {
  const header = encodeTarHeader({ name, type: 'file', mode: 0o644, sizeBytes: content.byteLength })
  return Buffer.concat([header, content, Buffer.alloc(paddingBytes(content.byteLength)), Buffer.alloc(1024)])
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function build(images: Images, tags: readonly string[], contents: readonly Uint8Array[]): Promise<Digest> {
  const diffIds: Digest[] = []
  using lease = images.leases.open('test')
  for (const [index, content] of contents.entries()) {
    diffIds.push(
      (
        await images.layers.ingestTar(once(tarOf(`file${index}`, content)), {
          onStored: (diffId) => lease.hold({ layer: diffId }),
        })
      ).diffId,
    )
  }
  const record = await images.createImage({
    config: {
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['x'] },
      rootfs: { type: 'layers', diff_ids: diffIds },
    },
    tags,
  })
  return record.id
}

interface Heard {
  readonly lines: string[]
  readonly messages: Record<string, unknown>[]
}

function listener(): Heard & { emit: (message: object) => void } {
  const messages: Record<string, unknown>[] = []
  const lines: string[] = []
  return {
    messages,
    lines,
    emit: (message) => {
      const record = message as Record<string, unknown>
      messages.push(record)
      // Counts of bytes come as often as time allows; the words in between are what is promised.
      if (record['progress'] === undefined && record['status'] !== undefined)
        lines.push(`${record['id'] === undefined ? '' : `${String(record['id'])}: `}${String(record['status'])}`)
    },
  }
}

async function pull(
  transfer: Transfer,
  reference: string,
  extra: Partial<Parameters<Transfer['pull']>[0]> = {},
): Promise<Heard> {
  const heard = listener()
  await transfer.pull({ reference, allTags: false, auth: {}, platform: '', emit: heard.emit, signal: never, ...extra })
  return heard
}

async function push(
  transfer: Transfer,
  reference: string,
  extra: Partial<Parameters<Transfer['push']>[0]> = {},
): Promise<Heard> {
  const heard = listener()
  await transfer.push({ reference, allTags: false, auth: {}, emit: heard.emit, signal: never, ...extra })
  return heard
}

const short = (digest: string): string => digest.slice(7, 19)

for (const kind of ['gantry', 'docker-registry']) {
  const hostOf = (context: TestContext): string | undefined => {
    const host = hosts.get(kind)
    if (host === undefined) context.skip(`${kind} is not installed`)
    return host
  }

  test(`${kind}: an image goes there and comes back the same, told in Docker's words`, async (context) => {
    const host = hostOf(context)
    if (host === undefined) return
    const a = await engine(context)
    const b = await engine(context)
    const id = await build(a.images, [`${host}/t/app:1`], [randomBytes(300_000), Buffer.from('small')])
    const { diffIds } = a.images.resolve(id)
    const pushed = await push(a.transfer, `${host}/t/app:1`)
    const [bottom, top] = diffIds.map(short)
    assert.deepEqual(pushed.lines.slice(0, 3), [
      `The push refers to repository [${host}/t/app]`,
      `${top}: Preparing`,
      `${bottom}: Preparing`,
    ])
    assert.deepEqual(pushed.lines.slice(3, 5).toSorted(), [`${top}: Pushed`, `${bottom}: Pushed`].toSorted())
    const aux = pushed.messages.at(-1)?.['aux'] as { Tag: string; Digest: string; Size: number }
    assert.equal(pushed.lines.at(-1), `1: digest: ${aux.Digest} size: ${aux.Size}`)
    assert.deepEqual(a.images.resolve(id).digests, [`${host}/t/app@${aux.Digest}`])

    const pulled = await pull(b.transfer, `${host}/t/app:1`)
    assert.equal(pulled.lines[0], '1: Pulling from t/app')
    for (const word of ['Pulling fs layer', 'Verifying Checksum', 'Download complete', 'Pull complete'])
      assert.equal(pulled.lines.filter((line) => line.endsWith(`: ${word}`)).length, 2, word)
    assert.deepEqual(pulled.lines.slice(-2), [
      `Digest: ${aux.Digest}`,
      `Status: Downloaded newer image for ${host}/t/app:1`,
    ])
    const copy = b.images.resolve(`${host}/t/app:1`)
    assert.equal(copy.id, id)
    assert.deepEqual(copy.digests, [`${host}/t/app@${aux.Digest}`])

    const again = await pull(b.transfer, `${host}/t/app:1`)
    assert.deepEqual(again.lines, [
      '1: Pulling from t/app',
      `Digest: ${aux.Digest}`,
      `Status: Image is up to date for ${host}/t/app:1`,
    ])
    // The same blobs and the same manifest come from the copy.
    await b.images.tag(id, `${host}/t/app:2`)
    const second = await push(b.transfer, `${host}/t/app:2`)
    assert.equal(second.lines.filter((line) => line.endsWith('Layer already exists')).length, 2)
    assert.equal((second.messages.at(-1)?.['aux'] as { Digest: string }).Digest, aux.Digest)
  })

  test(`${kind}: layers that are here are not fetched, layers that are in another repository are mounted`, async (context) => {
    const host = hostOf(context)
    if (host === undefined) return
    const a = await engine(context)
    const b = await engine(context)
    const base = randomBytes(5000)
    await build(a.images, [`${host}/m/base:1`], [base])
    await build(a.images, [`${host}/m/app:1`], [base, randomBytes(5000)])
    await push(a.transfer, `${host}/m/base:1`)
    const pushed = await push(a.transfer, `${host}/m/app:1`)
    assert.equal(pushed.lines.filter((line) => line.endsWith('Mounted from m/base')).length, 1)
    assert.equal(pushed.lines.filter((line) => line.endsWith(': Pushed')).length, 1)
    await pull(b.transfer, `${host}/m/base:1`)
    const pulled = await pull(b.transfer, `${host}/m/app:1`)
    assert.equal(pulled.lines.filter((line) => line.endsWith('Already exists')).length, 1)
    assert.equal(pulled.lines.filter((line) => line.endsWith('Pull complete')).length, 1)
  })

  test(`${kind}: every tag, a digest, and a name that is not there`, async (context) => {
    const host = hostOf(context)
    if (host === undefined) return
    const a = await engine(context)
    const b = await engine(context)
    await build(a.images, [`${host}/all/app:1`], [randomBytes(100)])
    await build(a.images, [`${host}/all/app:2`], [randomBytes(100)])
    await push(a.transfer, `${host}/all/app`, { allTags: true })
    await pull(b.transfer, `${host}/all/app`, { allTags: true })
    assert.deepEqual(
      b.images
        .all()
        .flatMap((image) => image.tags)
        .toSorted(),
      [`${host}/all/app:1`, `${host}/all/app:2`],
    )
    const [digest] = b.images.resolve(`${host}/all/app:1`).digests
    const c = await engine(context)
    const byDigest = await pull(c.transfer, digest ?? '')
    assert.equal(byDigest.lines.at(-1), `Status: Downloaded newer image for ${digest}`)
    assert.deepEqual(c.images.all()[0]?.tags, [])
    const report = await b.transfer.inspect(`${host}/all/app:1`, {}, never)
    assert.equal(`${host}/all/app@${report.Descriptor.digest}`, digest)
    assert.deepEqual(report.Platforms, [{ architecture: 'amd64', os: 'linux' }])
    await assert.rejects(
      pull(b.transfer, `${host}/all/app:nope`),
      (error) =>
        isErrorKind(error, 'not-found') &&
        error.message === `manifest for ${host}/all/app:nope not found: manifest unknown: manifest unknown`,
    )
    await assert.rejects(
      b.transfer.search({ term: `${host}/x`, limit: 5, filters: {}, auth: {}, signal: never }),
      /^GantryError: Unexpected status code 404$/,
    )
  })
}

test('what cannot be reached or is not allowed is worded as dockerd words it', async (context) => {
  const { transfer, images } = await engine(context)
  const closed = await world.network.listen({ host: '127.0.0.1', port: 0 }, (socket) => socket.destroy())
  const { port } = closed
  await closed[Symbol.asyncDispose]()
  await assert.rejects(pull(transfer, `127.0.0.1:${port}/x:1`), {
    message: `Get "http://127.0.0.1:${port}/v2/": dial tcp 127.0.0.1:${port}: connect: connection refused`,
  })
  const host = hosts.get('locked') ?? ''
  await assert.rejects(pull(transfer, `${host}/cw/nosuch:1`), {
    message: `Head "http://${host}/v2/cw/nosuch/manifests/1": no basic auth credentials`,
  })
  await build(images, [`${host}/cw/a:1`], [Buffer.from('x')])
  await assert.rejects(push(transfer, `${host}/cw/a:1`), { message: 'no basic auth credentials' })
  await assert.rejects(push(transfer, `${host}/cw/none:1`), {
    message: `An image does not exist locally with the tag: ${host}/cw/none`,
  })
  await assert.rejects(push(transfer, `${host}/cw/a:9`), { message: `tag does not exist: ${host}/cw/a:9` })
  await assert.rejects(
    transfer.login({ serveraddress: host, username: 'walker', password: 'wrong' }, never),
    (error) =>
      isErrorKind(error, 'unauthorized') &&
      error.message === `login attempt to http://${host}/v2/ failed with status: 401 Unauthorized`,
  )
  await assert.rejects(pull(transfer, 'scratch'), { message: "'scratch' is a reserved name" })
})

/** A registry that says what a test wants. */
type Lie = (request: IncomingMessage, response: ServerResponse) => boolean

async function lyingRegistry(
  context: TestContext,
  lie: Lie,
): Promise<{ host: string; requests: string[]; closed: () => number }> {
  const requests: string[] = []
  let closed = 0
  const server = createServer((request, response) => {
    requests.push(
      `${request.method} ${request.url}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`,
    )
    response.on('close', () => {
      if (!response.writableFinished) closed += 1
    })
    if (request.url === '/v2/') response.end('{}')
    else if (!lie(request, response)) {
      response.statusCode = 404
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests, closed: () => closed }
}

interface Fake {
  readonly manifest: Buffer
  readonly config: Buffer
  readonly layer: Buffer
}

function fakeImage(content: Uint8Array): Fake {
  const tar = tarOf('f', content)
  const layer = gzipSync(tar, { level: 0 })
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: dockerManifest,
      config: { mediaType: dockerConfig, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: dockerLayerGzip, digest: digestOf(layer), size: layer.length }],
    }),
  )
  return { manifest, config, layer }
}

/** Answers truthfully for an image, except for the layer, which `serveLayer` answers. */
function serveImage(image: Fake, serveLayer: (request: IncomingMessage, response: ServerResponse) => void): Lie {
  return (request, response) => {
    const { url = '' } = request
    if (url.includes('/manifests/')) {
      response.setHeader('content-type', dockerManifest)
      response.setHeader('docker-content-digest', digestOf(image.manifest))
      response.end(request.method === 'HEAD' ? undefined : image.manifest)
    } else if (url.endsWith(digestOf(image.config))) response.end(image.config)
    else if (url.endsWith(digestOf(image.layer))) serveLayer(request, response)
    else return false
    return true
  }
}

test('a registry that sends other bytes than its manifest names leaves nothing behind', async (context) => {
  const image = fakeImage(randomBytes(10_000))
  const wrong = Buffer.from(image.layer)
  wrong[wrong.length - 2000] = (wrong[wrong.length - 2000] ?? 0) ^ 1
  const { host } = await lyingRegistry(
    context,
    serveImage(image, (_request, response) => response.end(wrong)),
  )
  const { transfer, images } = await engine(context)
  await assert.rejects(pull(transfer, `${host}/x:1`), (error) => isErrorKind(error, 'invalid'))
  assert.equal(images.all().length, 0)
  assert.equal(images.layers.list().length, 0)
})

test('endless bodies and manifests too large to be true end soon, with a clear word', async (context) => {
  const image = fakeImage(randomBytes(1000))
  const flood = Buffer.alloc(1 << 20)
  const pour = (response: ServerResponse): void => {
    const more = (): void => {
      while (!response.destroyed && response.write(flood)) continue
    }
    response.on('drain', more)
    more()
  }
  const endless = await lyingRegistry(
    context,
    serveImage(image, (_request, response) => pour(response)),
  )
  const { transfer } = await engine(context)
  await assert.rejects(pull(transfer, `${endless.host}/x:1`), /sent more than the \d+ bytes that were announced/)
  const fat = await lyingRegistry(context, (request, response) => {
    if (!(request.url ?? '').includes('/manifests/')) return false
    if (request.method === 'HEAD') response.end()
    else pour(response)
    return true
  })
  await assert.rejects(pull(transfer, `${fat.host}/x:1`), { message: 'manifest is larger than 4194304 bytes' })
})

test('a body that breaks off is asked for again from where it broke', async (context) => {
  const image = fakeImage(randomBytes(3_000_000))
  const { host, requests } = await lyingRegistry(
    context,
    serveImage(image, (request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': image.layer.length - start,
        ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${image.layer.length - 1}/${image.layer.length}` }),
      })
      // The length is a lie: after a million bytes the line is cut.
      response.write(image.layer.subarray(start, start + 1_000_000), () =>
        start + 1_000_000 >= image.layer.length ? response.end() : setImmediateLater(() => response.destroy()),
      )
    }),
  )
  const { transfer, images } = await engine(context)
  await pull(transfer, `${host}/x:1`)
  assert.equal(images.all().length, 1)
  assert.ok(requests.filter((line) => line.includes('bytes=')).length >= 2, requests.join('\n'))
})

function setImmediateLater(work: () => void): void {
  void world.clock.sleep(20).then(work)
}

test('what arrived of a large layer is kept for the next attempt', async (context) => {
  const image = fakeImage(randomBytes(9_000_000))
  let honest = false
  const { host, requests } = await lyingRegistry(
    context,
    serveImage(image, (request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      if (!honest && start > 0) {
        response.statusCode = 503
        response.end()
        return
      }
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': image.layer.length - start,
        ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${image.layer.length - 1}/${image.layer.length}` }),
      })
      if (honest) response.end(image.layer.subarray(start))
      else response.write(image.layer.subarray(0, 5_000_000), () => setImmediateLater(() => response.destroy()))
    }),
  )
  const { transfer, images } = await engine(context)
  await assert.rejects(pull(transfer, `${host}/x:1`), /503/)
  honest = true
  requests.length = 0
  await pull(transfer, `${host}/x:1`)
  assert.equal(images.all().length, 1)
  const [asked] = requests.filter((line) => line.includes('/blobs/') && line.includes('bytes='))
  assert.ok(Number(/bytes=(\d+)-/.exec(asked ?? '')?.[1]) > 1_000_000, requests.join('\n'))
})

test('pulls of the same reference share one download, and it ends when the last one leaves', async (context) => {
  const image = fakeImage(randomBytes(200_000))
  const { host, requests, closed } = await lyingRegistry(
    context,
    serveImage(image, (_request, response) => {
      response.writeHead(200, { 'content-length': image.layer.length })
      response.write(image.layer.subarray(0, 1000))
    }),
  )
  const { transfer, images } = await engine(context)
  const first = new AbortController()
  const second = new AbortController()
  const one = pull(transfer, `${host}/x:1`, { signal: first.signal })
  const two = pull(transfer, `${host}/x:1`, { signal: second.signal })
  const blobs = (): number => requests.filter((line) => line.endsWith(digestOf(image.layer))).length
  while (blobs() === 0) await world.clock.sleep(5)
  first.abort(new Error('left'))
  await assert.rejects(one, /left/)
  await world.clock.sleep(50)
  assert.equal(closed(), 0)
  second.abort(new Error('left too'))
  await assert.rejects(two, /left too/)
  while (closed() === 0) await world.clock.sleep(5)
  assert.equal(blobs(), 1)
  assert.equal(images.all().length, 0)
})

test('a list without this platform says which one is missing', async (context) => {
  const image = fakeImage(randomBytes(100))
  const entry = { mediaType: dockerManifest, digest: digestOf(image.manifest), size: image.manifest.length }
  const list = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: dockerManifestList,
      manifests: [
        { ...entry, platform: { os: 'linux', architecture: 'arm', variant: 'v6' } },
        { ...entry, platform: { os: 'unknown', architecture: 'unknown' } },
      ],
    }),
  )
  const inner = serveImage(image, (_request, response) => response.end(image.layer))
  const { host } = await lyingRegistry(context, (request, response) => {
    if (request.url !== '/v2/x/manifests/1' && request.url !== `/v2/x/manifests/${digestOf(list)}`)
      return inner(request, response)
    response.setHeader('content-type', dockerManifestList)
    response.end(request.method === 'HEAD' ? undefined : list)
    return true
  })
  const { transfer } = await engine(context)
  await assert.rejects(pull(transfer, `${host}/x:1`, { platform: 'linux/s390x' }), {
    message: 'no matching manifest for linux/s390x in the manifest list entries',
  })
  // 32-bit arm runs images of older variants.
  await pull(transfer, `${host}/x:1`, { platform: 'linux/arm/v7' })
})

test('credentials stay with the registry when it sends its blobs elsewhere, and circles of redirects end', async (context) => {
  const image = fakeImage(randomBytes(1000))
  const seen: (string | undefined)[] = []
  const elsewhere = await lyingRegistry(context, (request, response) => {
    seen.push(request.headers.authorization)
    response.end(image.layer)
    return true
  })
  const { host } = await lyingRegistry(context, (request, response) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' })
      response.end()
      return true
    }
    if ((request.url ?? '').startsWith('/v2/round/')) {
      response.writeHead(307, { location: request.url ?? '' })
      response.end()
      return true
    }
    return serveImage(image, (_request, reply) => {
      reply.writeHead(307, { location: `http://${elsewhere.host}/somewhere` })
      reply.end()
    })(request, response)
  })
  const { transfer, images } = await engine(context)
  await pull(transfer, `${host}/x:1`, { auth: { username: 'me', password: 'secret' } })
  assert.equal(images.all().length, 1)
  assert.deepEqual(seen, [undefined])
  await assert.rejects(
    pull(transfer, `${host}/round:1`, { auth: { username: 'me', password: 'secret' } }),
    /stopped after 10 redirects/,
  )
})
