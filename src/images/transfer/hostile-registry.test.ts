import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { digestOf } from '#base/data/digest.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { dockerManifest, dockerManifestList } from '#spec/oci/registry-media-types.ts'
import { engine, fakeImage, lyingRegistry, pull, serveImage, world } from './transfer.contract.ts'

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
