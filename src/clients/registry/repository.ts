/** One repository of a registry: manifests, tags, blobs down and up. Everything that comes is checked before it is believed. */
import { createDigestStream, isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { delayAfter } from '#base/async/retry.ts'
import type { RetryPolicy } from '#base/async/retry.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import { manifestTypes } from '#spec/oci/registry-media-types.ts'
import { asRecord } from '#spec/oci/strict-json.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { Readable } from 'node:stream'
import type { Connection } from './connection.ts'
import { guardBody } from './guard-rate.ts'
import { isTransientFailure } from './word-errors.ts'

export interface FetchedManifest {
  readonly digest: Digest
  /** As the registry says; undefined when it says nothing. */
  readonly mediaType: string | undefined
  readonly content: Uint8Array
}

export interface BlobWish {
  readonly digest: Digest
  readonly sizeBytes: number
  /** Go on from here; default 0. */
  readonly start?: number
  readonly signal?: AbortSignal
  /** Told before each new attempt. */
  readonly onRetry?: (error: unknown, delayMs: number) => void
}

export interface BlobUpload {
  /** Makes the bytes anew for each attempt; the digest is asked for when they have all been read. */
  readonly open: () => Readable
  readonly digest: () => Digest
  readonly sizeBytes?: number
  readonly signal?: AbortSignal
  /** An upload that a refused mount left open. */
  readonly location?: string
}

export interface Repository {
  readonly path: string
  readonly baseUrl: string
  readonly isMirror: boolean
  /** The manifest of a tag or digest; a digest is verified. */
  manifest(reference: string, signal?: AbortSignal): Promise<FetchedManifest>
  /** What a tag or digest stands for now, without its bytes where the registry tells. */
  resolve(reference: string, signal?: AbortSignal): Promise<Digest>
  putManifest(
    reference: string,
    manifest: { readonly mediaType: string; readonly content: Uint8Array },
    signal?: AbortSignal,
  ): Promise<Digest>
  tags(signal?: AbortSignal): Promise<string[]>
  /** Size of a blob; undefined when the repository does not have it. */
  statBlob(digest: Digest, signal?: AbortSignal): Promise<number | undefined>
  /**
   * The bytes of a blob from `start` on, exactly up to its size. Broken connections are mended by asking for the rest.
   * The digest of the whole is the caller's to check.
   */
  blob(wish: BlobWish): AsyncGenerator<Uint8Array>
  /** Takes a blob over from another repository of the registry: 'mounted', or where to upload it instead. */
  mountBlob(digest: Digest, from: string, signal?: AbortSignal): Promise<'mounted' | { readonly location: string }>
  /** Uploads a blob; resolves when the registry confirmed the digest. */
  uploadBlob(upload: BlobUpload): Promise<void>
}

export interface RepositoryDeps {
  readonly clock: Clock
  readonly random: Random
  readonly connection: Connection
  readonly retryPolicy: RetryPolicy | undefined
}

export interface RepositoryOptions {
  readonly path: string
  readonly actions: readonly string[]
  readonly mountFrom?: readonly string[]
}

const manifestBytesMax = 4 << 20
const tagPagesMax = 1000
const tagPageBytesMax = 8 << 20
const blobRetryPolicy: RetryPolicy = {
  attemptsMax: 5,
  firstDelayMs: 500,
  factor: 2,
  delayMaxMs: 15_000,
  jitter: 0.3,
  budgetMs: 0,
}

export function openRepository(deps: RepositoryDeps, options: RepositoryOptions): Repository {
  const { connection } = deps
  const base = `/v2/${options.path}`
  const own = `repository:${options.path}:${options.actions.join(',')}`
  const scopes = [own, ...(options.mountFrom ?? []).map((from) => `repository:${from}:pull`)]
  const ask = (
    method: string,
    path: string,
    rest: {
      readonly headers?: Record<string, string>
      readonly body?: Uint8Array | Readable | string
      readonly signal?: AbortSignal | undefined
    } = {},
  ): Promise<HttpReply> => {
    const { signal, ...others } = rest
    return connection.request({ method, path, scopes, ...others, ...(signal === undefined ? {} : { signal }) })
  }
  const manifest = (reference: string, signal?: AbortSignal): Promise<FetchedManifest> =>
    fetchManifest(
      deps,
      () => ask('GET', `${base}/manifests/${reference}`, { headers: { accept: acceptManifests }, signal }),
      reference,
    )
  const startUpload = async (signal: AbortSignal | undefined): Promise<string> =>
    locationOf(await finished(await ask('POST', `${base}/blobs/uploads/`, { signal })))
  return {
    path: options.path,
    baseUrl: connection.baseUrl,
    isMirror: connection.isMirror,
    manifest,
    async resolve(reference, signal) {
      const asked = ask('HEAD', `${base}/manifests/${reference}`, { headers: { accept: acceptManifests }, signal })
      return (await digestOfHead(asked, reference)) ?? (await manifest(reference, signal)).digest
    },
    async putManifest(reference, { mediaType, content }, signal) {
      await finished(
        await ask('PUT', `${base}/manifests/${reference}`, {
          headers: { 'content-type': mediaType },
          body: content,
          signal,
        }),
      )
      return digestOfBytes(content, reference)
    },
    tags: (signal) => listTags((path) => ask('GET', path, { signal }), { path: base, baseUrl: connection.baseUrl }),
    async statBlob(digest, signal) {
      try {
        const reply = await finished(await ask('HEAD', `${base}/blobs/${digest}`, { signal }))
        return Number(reply.header('content-length') ?? 0)
      } catch (error) {
        if (error instanceof GantryError && error.details['status'] === 404) return undefined
        throw error
      }
    },
    blob: (wish) => streamBlob(deps, { ...wish, path: `${base}/blobs/${wish.digest}`, scopes }),
    async mountBlob(digest, from, signal) {
      const query = new URLSearchParams({ mount: digest, from }).toString()
      const reply = await finished(await ask('POST', `${base}/blobs/uploads/?${query}`, { signal }))
      return reply.status === 201 ? 'mounted' : { location: locationOf(reply) }
    },
    uploadBlob: (upload) => sendBlob({ deps, upload, startUpload, ask }),
  }
}

const acceptManifests = [...manifestTypes, 'application/vnd.docker.distribution.manifest.v1+prettyjws'].join(', ')

/** What a HEAD says that the manifest's digest is; undefined when the GET has to tell. */
async function digestOfHead(asked: Promise<HttpReply>, reference: string): Promise<Digest | undefined> {
  const reply = await asked.catch((error: unknown) => {
    // A refused HEAD has no body; the GET that follows says why.
    if (error instanceof GantryError && error.code === 'REGISTRY_REFUSED') return undefined
    throw error
  })
  await reply?.discard()
  const digest = reply?.header('docker-content-digest')
  return digest !== undefined && isDigest(digest) && (!isDigest(reference) || reference === digest) ? digest : undefined
}

async function fetchManifest(
  deps: RepositoryDeps,
  get: () => Promise<HttpReply>,
  reference: string,
): Promise<FetchedManifest> {
  await using reply = await get()
  const chunks: Uint8Array[] = []
  const tooLarge = (): GantryError =>
    new GantryError('REGISTRY_MANIFEST_TOO_LARGE', 'invalid', `manifest is larger than ${manifestBytesMax} bytes`, {
      remedy: 'No image needs such a manifest; do not trust the registry.',
    })
  if (Number(reply.header('content-length') ?? 0) > manifestBytesMax) throw tooLarge()
  let sizeBytes = 0
  for await (const chunk of guardBody(reply.body as AsyncIterable<Uint8Array>, {
    clock: deps.clock,
    bytesMax: Number.MAX_SAFE_INTEGER,
    windowBytesMin: 256,
  })) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > manifestBytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  const content = Buffer.concat(chunks)
  const digest = digestOfBytes(content, reference)
  if (isDigest(reference) && digest !== reference) {
    throw new GantryError(
      'REGISTRY_DIGEST_MISMATCH',
      'invalid',
      `manifest verification failed for digest ${reference}`,
      { details: { actual: digest }, remedy: 'The registry sent something else than was asked for; do not trust it.' },
    )
  }
  return { digest, mediaType: reply.header('content-type'), content }
}

function digestOfBytes(content: Uint8Array, reference: string): Digest {
  const stream = createDigestStream(reference.startsWith('sha512:') ? 'sha512' : 'sha256')
  stream.update(content)
  return stream.finish()
}

async function finished(reply: HttpReply): Promise<HttpReply> {
  await reply.discard()
  return reply
}

function locationOf(reply: HttpReply): string {
  const location = reply.header('location')
  if (location === undefined || !URL.canParse(location, reply.url))
    throw new GantryError('REGISTRY_LOCATION', 'unavailable', 'the registry did not say where to upload to', {
      remedy: 'Report it to the operator of the registry.',
    })
  return new URL(location, reply.url).href
}

async function listTags(
  get: (path: string) => Promise<HttpReply>,
  { path, baseUrl }: { readonly path: string; readonly baseUrl: string },
): Promise<string[]> {
  const tags: string[] = []
  let next: string | undefined = `${path}/tags/list`
  for (let page = 0; next !== undefined && page < tagPagesMax; page += 1) {
    const reply: HttpReply = await get(next)
    const list: unknown = asRecord(await reply.json(tagPageBytesMax))?.['tags']
    if (Array.isArray(list)) tags.push(...list.filter((tag) => typeof tag === 'string'))
    const [, link] = /<([^>]+)>\s*;\s*rel="?next"?/.exec(reply.header('link') ?? '') ?? []
    // Only a page of the same registry is followed.
    const target: URL | undefined =
      link !== undefined && URL.canParse(link, reply.url) ? new URL(link, reply.url) : undefined
    next =
      target?.origin === new URL(baseUrl).origin
        ? `${target.pathname.slice(new URL(baseUrl).pathname.replace(/\/$/, '').length)}${target.search}`
        : undefined
  }
  return tags
}

interface StreamWish extends BlobWish {
  readonly path: string
  readonly scopes: readonly string[]
}

async function* streamBlob(deps: RepositoryDeps, wish: StreamWish): AsyncGenerator<Uint8Array> {
  const policy = deps.retryPolicy ?? blobRetryPolicy
  let position = wish.start ?? 0
  let attempt = 1
  while (position < wish.sizeBytes) {
    const before = position
    try {
      for await (const bytes of oneDownload(deps, wish, position)) {
        position += bytes.byteLength
        yield bytes
      }
    } catch (error) {
      wish.signal?.throwIfAborted()
      // As long as something arrives it is worth going on.
      if (position > before) attempt = 1
      const delayMs =
        isTransientFailure(error) || isCut(error) ? delayAfter(policy, attempt, deps.random.float()) : undefined
      if (delayMs === undefined) throw error
      wish.onRetry?.(error, delayMs)
      attempt += 1
      await deps.clock.sleep(delayMs, wish.signal)
    }
  }
}

function isCut(error: unknown): boolean {
  return error instanceof GantryError && ['REGISTRY_BODY_CUT', 'REGISTRY_TOO_SLOW', 'HTTP_TIMEOUT'].includes(error.code)
}

async function* oneDownload(deps: RepositoryDeps, wish: StreamWish, start: number): AsyncGenerator<Uint8Array> {
  await using reply = await deps.connection.request({
    method: 'GET',
    path: wish.path,
    scopes: wish.scopes,
    headers: { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
    ...(wish.signal === undefined ? {} : { signal: wish.signal }),
  })
  // A registry that cannot do ranges sends everything again: what we have is skipped.
  let skip = reply.status === 206 ? 0 : start
  if (reply.status === 206) assertRange(reply, start)
  let received = 0
  for await (const bytes of guardBody(reply.body as AsyncIterable<Uint8Array>, {
    clock: deps.clock,
    bytesMax: wish.sizeBytes - start + skip,
  })) {
    received += bytes.byteLength
    const fresh = skip === 0 ? bytes : bytes.subarray(Math.min(skip, bytes.byteLength))
    skip -= bytes.byteLength - fresh.byteLength
    if (fresh.byteLength > 0) yield fresh
  }
  const expected = reply.status === 206 ? wish.sizeBytes - start : wish.sizeBytes
  if (received < expected)
    throw new GantryError('REGISTRY_BODY_CUT', 'unavailable', 'unexpected EOF', { remedy: 'Try again.' })
}

function assertRange(reply: HttpReply, start: number): void {
  const [, first] = /^bytes (\d+)-/.exec(reply.header('content-range') ?? '') ?? []
  if (Number(first) !== start)
    throw new GantryError(
      'REGISTRY_RANGE',
      'invalid',
      `the registry sent another range than was asked for (${reply.header('content-range') ?? 'none'})`,
      { remedy: 'The registry or something on the way to it is broken.' },
    )
}

interface BlobSending {
  readonly deps: RepositoryDeps
  readonly upload: BlobUpload
  readonly startUpload: (signal: AbortSignal | undefined) => Promise<string>
  readonly ask: (
    method: string,
    path: string,
    rest: {
      readonly headers?: Record<string, string>
      readonly body?: Readable
      readonly signal?: AbortSignal | undefined
    },
  ) => Promise<HttpReply>
}

/** Sends all in one PATCH, then names the digest; a broken upload starts again from nothing, as its source may be a compression. */
async function sendBlob({ deps, upload, startUpload, ask }: BlobSending): Promise<void> {
  const policy = deps.retryPolicy ?? blobRetryPolicy
  let { location } = upload
  for (let attempt = 1; ; attempt += 1) {
    try {
      const target = location ?? (await startUpload(upload.signal))
      location = undefined
      const headers = {
        'content-type': 'application/octet-stream',
        ...(upload.sizeBytes === undefined ? {} : { 'content-length': String(upload.sizeBytes) }),
      }
      const patched = await finished(
        await ask('PATCH', target, { headers, body: upload.open(), signal: upload.signal }),
      )
      const last = new URL(locationOf(patched))
      last.searchParams.set('digest', upload.digest())
      await finished(await ask('PUT', last.href, { signal: upload.signal }))
      return
    } catch (error) {
      upload.signal?.throwIfAborted()
      const delayMs = isTransientFailure(error) ? delayAfter(policy, attempt, deps.random.float()) : undefined
      if (delayMs === undefined) throw error
      await deps.clock.sleep(delayMs, upload.signal)
    }
  }
}
