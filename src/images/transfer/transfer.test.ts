import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { startPeerRegistry } from '#registry/peer-registry.contract.ts'
import { createRegistry } from '#registry/registry.ts'
import { build, engine, never, pull, push, short, world } from './transfer.contract.ts'

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
    assert.equal((second.messages.at(-1) as { aux: { Digest: string } }).aux.Digest, aux.Digest)
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
