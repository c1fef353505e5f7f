/**
 * The four workflows of the OCI distribution spec (pull, push, discovery, management) as a black box: only HTTP, so
 * that any registry can be held to them. `supports` names what a target has by its own account.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import type { HttpClient, ClientBody } from '#kit/http/client.ts'
import { ociConfig, ociEmpty, ociIndex, ociManifest } from '#spec/oci/registry-media-types.ts'

export type RegistryFeature =
  | 'referrers'
  | 'tag-delete'
  | 'tag-pages'
  | 'sha512'
  | 'oci-index'
  | 'chunk-order'
  | 'etag'
  | 'range-refusal'

export interface RegistryTarget {
  readonly name: string
  readonly url: string
  readonly http: HttpClient
  readonly supports: ReadonlySet<RegistryFeature>
}

interface Answer {
  readonly status: number
  readonly body: Buffer
  header(name: string): string | undefined
  json(): Record<string, unknown>
  code(): unknown
}

type Call = (
  method: string,
  path: string,
  options?: { readonly headers?: Record<string, string>; readonly body?: ClientBody },
) => Promise<Answer>

function caller(target: () => RegistryTarget): Call {
  return async (method, path, options = {}) => {
    const { http, url } = target()
    const reply = await http.request({
      method,
      url: new URL(path, url).href,
      headers: options.headers ?? {},
      ...(options.body === undefined ? {} : { body: options.body }),
    })
    const body = await reply.bytes()
    const json = (): Record<string, unknown> => JSON.parse(body.toString('utf8')) as Record<string, unknown>
    return {
      status: reply.status,
      body,
      header: (name) => reply.header(name),
      json,
      code: () => (json()['errors'] as { code: string }[])[0]?.code,
    }
  }
}

const bytes = (text: string, count = 1): Buffer => Buffer.from(text.repeat(count))

/** Registers the tests. `target` is read when they run. */
export function distributionContract(label: string, target: () => RegistryTarget): void {
  const call = caller(target)
  const check = (name: string, needs: RegistryFeature | undefined, body: () => Promise<void>): void =>
    test(`${label}: ${name}`, (context) => {
      if (needs !== undefined && !target().supports.has(needs))
        return context.skip(`${target().name} does not support ${needs}`)
      return body()
    }) as unknown as void
  const push = async (repository: string, content: Buffer, digest: Digest = digestOf(content)): Promise<Digest> => {
    const start = await call('POST', `/v2/${repository}/blobs/uploads/`)
    assert.equal(start.status, 202)
    const location = new URL(start.header('location') ?? '', target().url)
    location.searchParams.set('digest', digest)
    const done = await call('PUT', location.href, {
      headers: { 'content-type': 'application/octet-stream' },
      body: content,
    })
    assert.equal(done.status, 201, done.body.toString())
    return digest
  }
  const pushImage = async (
    repository: string,
    reference: string,
    { text, ...extra }: { readonly text: string; readonly [field: string]: unknown },
  ): Promise<{ digest: Digest; content: Buffer; layer: Digest }> => {
    const config = bytes('{}')
    const layer = bytes(text)
    const content = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: ociManifest,
        config: { mediaType: ociConfig, digest: await push(repository, config), size: config.length },
        layers: [
          {
            mediaType: 'application/vnd.oci.image.layer.v1.tar',
            digest: await push(repository, layer),
            size: layer.length,
          },
        ],
        ...extra,
      }),
    )
    const put = await call('PUT', `/v2/${repository}/manifests/${reference === '' ? digestOf(content) : reference}`, {
      headers: { 'content-type': ociManifest },
      body: content,
    })
    assert.equal(put.status, 201, put.body.toString())
    return { digest: digestOf(content), content, layer: digestOf(layer) }
  }

  check('the base path says what it is', undefined, async () => {
    const answer = await call('GET', '/v2/')
    assert.equal(answer.status, 200)
    assert.equal(answer.header('docker-distribution-api-version'), 'registry/2.0')
  })

  check(
    'pull: a manifest comes by tag and by digest with type, digest and length; HEAD says the same',
    undefined,
    async () => {
      const { digest, content } = await pushImage('pull/one', 'v1', { text: 'layer' })
      for (const reference of ['v1', digest]) {
        const got = await call('GET', `/v2/pull/one/manifests/${reference}`, { headers: { accept: ociManifest } })
        assert.equal(got.status, 200)
        assert.deepEqual(got.body, content)
        assert.equal(got.header('content-type'), ociManifest)
        assert.equal(got.header('docker-content-digest'), digest)
        const head = await call('HEAD', `/v2/pull/one/manifests/${reference}`, { headers: { accept: ociManifest } })
        assert.equal(head.status, 200)
        assert.equal(head.header('content-length'), String(content.length))
        assert.equal(head.header('docker-content-digest'), digest)
        assert.equal(head.body.length, 0)
      }
    },
  )

  check('pull: a blob comes whole, in ranges, and not at all when the range is outside', undefined, async () => {
    const content = bytes('0123456789', 1000)
    const digest = await push('pull/blob', content)
    const path = `/v2/pull/blob/blobs/${digest}`
    const whole = await call('GET', path)
    assert.deepEqual(whole.body, content)
    assert.equal(whole.header('docker-content-digest'), digest)
    const part = await call('GET', path, { headers: { range: 'bytes=5-14' } })
    assert.equal(part.status, 206)
    assert.equal(part.body.toString(), '5678901234')
    assert.equal(part.header('content-range'), 'bytes 5-14/10000')
    const rest = await call('GET', path, { headers: { range: 'bytes=9990-' } })
    assert.equal(rest.body.toString(), '0123456789')
    const head = await call('HEAD', path)
    assert.equal(head.header('content-length'), '10000')
    assert.equal(head.body.length, 0)
  })

  check('pull: a range outside the blob is refused with its size', 'range-refusal', async () => {
    const digest = await push('pull/blob', bytes('0123456789'))
    const refused = await call('GET', `/v2/pull/blob/blobs/${digest}`, { headers: { range: 'bytes=20-' } })
    assert.equal(refused.status, 416)
    assert.equal(refused.header('content-range'), 'bytes */10')
  })

  check('pull: what a client has already is not sent again', 'etag', async () => {
    const digest = await push('pull/etag', bytes('x'))
    const first = await call('GET', `/v2/pull/etag/blobs/${digest}`)
    const again = await call('GET', `/v2/pull/etag/blobs/${digest}`, {
      headers: { 'if-none-match': first.header('etag') ?? '' },
    })
    assert.equal(again.status, 304)
    assert.equal(again.body.length, 0)
  })

  check('pull: what does not exist is named with its code', undefined, async () => {
    await pushImage('pull/errors', 'here', { text: 'x' })
    const manifest = await call('GET', '/v2/pull/errors/manifests/missing')
    assert.equal(manifest.status, 404)
    assert.equal(manifest.code(), 'MANIFEST_UNKNOWN')
    const blob = await call('GET', `/v2/pull/errors/blobs/${digestOf('nothing')}`)
    assert.equal(blob.status, 404)
    assert.equal(blob.code(), 'BLOB_UNKNOWN')
    assert.equal((await call('HEAD', '/v2/pull/nowhere/manifests/x')).status, 404)
  })

  check('push: chunks add up, the offset is told, and a finished upload is gone', undefined, async () => {
    const content = bytes('abcdefghij', 20_000)
    const start = await call('POST', '/v2/push/chunks/blobs/uploads/')
    let location = start.header('location') ?? ''
    for (let at = 0; at < content.length; at += 70_000) {
      const chunk = content.subarray(at, at + 70_000)
      const patched = await call('PATCH', location, {
        headers: { 'content-type': 'application/octet-stream', 'content-range': `${at}-${at + chunk.length - 1}` },
        body: chunk,
      })
      assert.equal(patched.status, 202, patched.body.toString())
      assert.equal(patched.header('range'), `0-${at + chunk.length - 1}`)
      location = patched.header('location') ?? ''
    }
    const status = await call('GET', location)
    assert.equal(status.status, 204)
    assert.equal(status.header('range'), `0-${content.length - 1}`)
    const final = new URL(location, target().url)
    final.searchParams.set('digest', digestOf(content))
    assert.equal((await call('PUT', final.href)).status, 201)
    assert.deepEqual((await call('GET', `/v2/push/chunks/blobs/${digestOf(content)}`)).body, content)
    assert.equal((await call('GET', location)).status, 404)
  })

  check('push: a chunk out of order is refused and changes nothing', 'chunk-order', async () => {
    const start = await call('POST', '/v2/push/order/blobs/uploads/')
    const location = start.header('location') ?? ''
    await call('PATCH', location, { headers: { 'content-range': '0-3' }, body: bytes('abcd') })
    const wrong = await call('PATCH', location, { headers: { 'content-range': '10-13' }, body: bytes('wxyz') })
    assert.equal(wrong.status, 416)
    assert.equal((await call('GET', location)).header('range'), '0-3')
  })

  check('push: one POST with the digest and the bytes is enough, where it is taken', 'chunk-order', async () => {
    const content = bytes('monolithic')
    const done = await call('POST', `/v2/push/mono/blobs/uploads/?digest=${digestOf(content)}`, { body: content })
    assert.equal(done.status, 201)
    assert.deepEqual((await call('GET', `/v2/push/mono/blobs/${digestOf(content)}`)).body, content)
  })

  check('push: bytes that are not what the digest says are refused and kept nowhere', undefined, async () => {
    const start = await call('POST', '/v2/push/lie/blobs/uploads/')
    const location = new URL(start.header('location') ?? '', target().url)
    location.searchParams.set('digest', digestOf('the truth'))
    const put = await call('PUT', location.href, { body: bytes('a lie') })
    assert.equal(put.status, 400)
    assert.equal(put.code(), 'DIGEST_INVALID')
    assert.equal((await call('HEAD', `/v2/push/lie/blobs/${digestOf('the truth')}`)).status, 404)
  })

  check('push: a blob is mounted from another repository, and uploaded when it is not there', undefined, async () => {
    const digest = await push('push/from', bytes('shared'))
    const mounted = await call('POST', `/v2/push/to/blobs/uploads/?mount=${digest}&from=push/from`)
    assert.equal(mounted.status, 201)
    assert.equal((await call('HEAD', `/v2/push/to/blobs/${digest}`)).status, 200)
    assert.equal(
      (await call('POST', `/v2/push/to/blobs/uploads/?mount=${digestOf('absent')}&from=push/from`)).status,
      202,
    )
  })

  check('push: a cancelled upload is unknown', undefined, async () => {
    const location = (await call('POST', '/v2/push/cancel/blobs/uploads/')).header('location') ?? ''
    assert.equal((await call('DELETE', location)).status, 204)
    assert.equal((await call('GET', location)).status, 404)
  })

  check('push: a manifest whose blobs are missing is refused', undefined, async () => {
    const ghost = { mediaType: ociConfig, digest: digestOf('ghost'), size: 5 }
    const body = JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, config: ghost, layers: [] })
    const put = await call('PUT', '/v2/push/ghost/manifests/x', { headers: { 'content-type': ociManifest }, body })
    assert.equal(put.status, 400)
    assert.equal(put.code(), 'MANIFEST_BLOB_UNKNOWN')
  })

  check('push: what is no manifest is refused', undefined, async () => {
    for (const body of ['', '{', '[]', '{"schemaVersion":2}']) {
      const put = await call('PUT', '/v2/push/bad/manifests/x', { headers: { 'content-type': ociManifest }, body })
      assert.equal(put.status, 400, body)
      assert.match(String(put.code()), /^(?:MANIFEST|DIGEST)_INVALID$/, body)
    }
  })

  check('push: an index keeps its type and its bytes', 'oci-index', async () => {
    const { digest, content } = await pushImage('push/index', 'amd', { text: 'layer' })
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: ociIndex,
        manifests: [
          { mediaType: ociManifest, digest, size: content.length, platform: { os: 'linux', architecture: 'amd64' } },
        ],
      }),
    )
    assert.equal(
      (await call('PUT', '/v2/push/index/manifests/all', { headers: { 'content-type': ociIndex }, body: index }))
        .status,
      201,
    )
    const got = await call('GET', '/v2/push/index/manifests/all', { headers: { accept: ociIndex } })
    assert.equal(got.header('content-type'), ociIndex)
    assert.deepEqual(got.body, index)
  })

  check('push: many clients push the same blob at once and all succeed', undefined, async () => {
    const content = bytes('same', 50_000)
    await Promise.all(Array.from({ length: 8 }, () => push('push/same', content)))
    assert.deepEqual((await call('GET', `/v2/push/same/blobs/${digestOf(content)}`)).body, content)
  })

  check('push: names that are no repository are refused', undefined, async () => {
    for (const name of ['UPPER', 'a//b', '-x', 'a/..%2f..%2fb'])
      assert.ok([400, 404, 301].includes((await call('POST', `/v2/${name}/blobs/uploads/`)).status), name)
  })

  check('discovery: the tags of a repository; an unknown repository has none', undefined, async () => {
    for (const tag of ['c', 'a', 'b']) await pushImage('list/tags', tag, { text: 'layer' })
    const { name, tags } = (await call('GET', '/v2/list/tags/tags/list')).json()
    assert.equal(name, 'list/tags')
    // The order came with version 1.1 of the specification, together with pages.
    assert.deepEqual(target().supports.has('tag-pages') ? tags : (tags as string[]).toSorted(), ['a', 'b', 'c'])
    const missing = await call('GET', '/v2/list/nothing/tags/list')
    assert.equal(missing.status, 404)
    assert.equal(missing.code(), 'NAME_UNKNOWN')
  })

  check('discovery: tags come in pages that link to the next one', 'tag-pages', async () => {
    for (const tag of ['c', 'a', 'b', 'd', 'e']) await pushImage('list/pages', tag, { text: 'layer' })
    const seen: unknown[] = []
    let path: string | undefined = '/v2/list/pages/tags/list?n=2'
    for (let pages = 0; path !== undefined; pages += 1) {
      const page: Answer = await call('GET', path)
      seen.push(...(page.json()['tags'] as unknown[]))
      path = /<([^>]+)>; rel="next"/.exec(page.header('link') ?? '')?.[1]
      assert.ok(pages < 4)
    }
    assert.deepEqual(seen, ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual((await call('GET', '/v2/list/pages/tags/list?last=c')).json()['tags'], ['d', 'e'])
  })

  check('discovery: the catalog names what was pushed', undefined, async () => {
    await pushImage('list/catalog', 'x', { text: 'layer' })
    const names = (await call('GET', '/v2/_catalog?n=1000')).json()['repositories'] as string[]
    assert.ok(names.includes('list/catalog'))
    assert.deepEqual(names, names.toSorted())
  })

  check('discovery: referrers are found by subject and by artifact type', 'referrers', async () => {
    const { digest, content } = await pushImage('list/refs', 'app', { text: 'layer' })
    const subject = { mediaType: ociManifest, digest, size: content.length }
    const signature = await pushImage('list/refs', '', {
      text: 'sig',
      subject,
      artifactType: 'application/x-signature',
      annotations: { who: 'me' },
    })
    const plain = await pushImage('list/refs', '', { text: 'sbom', subject })
    const all = (await call('GET', `/v2/list/refs/referrers/${digest}`)).json()['manifests'] as { digest: string }[]
    assert.deepEqual(all.map((row) => row.digest).toSorted(), [signature.digest, plain.digest].toSorted())
    const some = await call('GET', `/v2/list/refs/referrers/${digest}?artifactType=application/x-signature`)
    assert.equal(some.header('oci-filters-applied'), 'artifactType')
    assert.equal(some.header('content-type'), ociIndex)
    assert.deepEqual(some.json()['manifests'], [
      {
        mediaType: ociManifest,
        digest: signature.digest,
        size: signature.content.length,
        artifactType: 'application/x-signature',
        annotations: { who: 'me' },
      },
    ])
    const none = await call('GET', `/v2/list/refs/referrers/${digestOf('nobody')}`)
    assert.equal(none.status, 200)
    assert.deepEqual(none.json()['manifests'], [])
    await call('DELETE', `/v2/list/refs/manifests/${signature.digest}`)
    assert.equal(((await call('GET', `/v2/list/refs/referrers/${digest}`)).json()['manifests'] as unknown[]).length, 1)
  })

  check('push: a manifest may name a subject that is not there yet, and is told so', 'referrers', async () => {
    const empty = bytes('{}')
    const config = { mediaType: ociEmpty, digest: await push('list/early', empty), size: 2 }
    const subject = { mediaType: ociManifest, digest: digestOf('later'), size: 5 }
    const body = JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, config, layers: [config], subject })
    const put = await call('PUT', `/v2/list/early/manifests/${digestOf(body)}`, {
      headers: { 'content-type': ociManifest },
      body,
    })
    assert.equal(put.status, 201)
    assert.equal(put.header('oci-subject'), subject.digest)
  })

  check('management: a manifest goes by digest with its tags, a blob goes from its repository', undefined, async () => {
    const { digest, layer } = await pushImage('manage/all', 'gone', { text: 'management' })
    assert.equal((await call('DELETE', `/v2/manage/all/manifests/${digest}`)).status, 202)
    assert.equal((await call('GET', '/v2/manage/all/manifests/gone')).status, 404)
    assert.equal((await call('GET', `/v2/manage/all/manifests/${digest}`)).status, 404)
    assert.equal((await call('DELETE', `/v2/manage/all/blobs/${layer}`)).status, 202)
    assert.equal((await call('HEAD', `/v2/manage/all/blobs/${layer}`)).status, 404)
    assert.equal((await call('DELETE', `/v2/manage/all/blobs/${layer}`)).status, 404)
    assert.equal((await call('DELETE', `/v2/manage/all/manifests/${digest}`)).status, 404)
  })

  check('management: a tag goes alone, the manifest stays', 'tag-delete', async () => {
    const { digest } = await pushImage('manage/tag', 'one', { text: 'layer' })
    assert.equal((await call('DELETE', '/v2/manage/tag/manifests/one')).status, 202)
    assert.equal((await call('GET', '/v2/manage/tag/manifests/one')).status, 404)
    assert.equal((await call('GET', `/v2/manage/tag/manifests/${digest}`)).status, 200)
  })
}
