/** Pushing blobs: resumable, chunked, monolithic, mounted from another repository (distribution spec v1.1, "Pushing blobs"). */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { RegistryError } from '../errors.ts'
import type { UploadChunk } from '../storage/upload-sessions.ts'
import { assertWritable, headerOf, nameOf } from './exchange.ts'
import type { RegistryExchange } from './exchange.ts'
import { checkDigest, checkName } from './names.ts'
import { parseContentRange } from './ranges.ts'

/** POST: begins an upload, or completes one at once by `mount` or by `digest` with the body. */
export async function startUpload(exchange: RegistryExchange): Promise<void> {
  assertWritable(exchange)
  const { request, storage } = exchange
  const name = nameOf(exchange)
  const mount = request.query.get('mount')
  if (mount !== undefined && isDigest(mount) && (await mountBlob(exchange, name, mount)))
    return created(exchange, name, mount)
  const digest = mount === undefined ? request.query.get('digest') : undefined
  if (digest !== undefined) checkDigest(digest)
  const id = await storage.uploads.start(name)
  if (digest === undefined) return accepted(exchange, { name, id, offset: 0 })
  return complete(exchange, { name, id, digest: checkDigest(digest) })
}

/** GET and HEAD: how far an upload came. */
export async function getUpload(exchange: RegistryExchange): Promise<void> {
  const name = nameOf(exchange)
  const id = exchange.request.params['id'] ?? ''
  const offset = await exchange.storage.uploads.offset(name, id)
  exchange.response.send(204, undefined, progressHeaders({ name, id, offset }))
}

/** PATCH: one chunk. */
export async function patchUpload(exchange: RegistryExchange): Promise<void> {
  assertWritable(exchange)
  const name = nameOf(exchange)
  const id = exchange.request.params['id'] ?? ''
  const offset = await withOffset(name, id, () => exchange.storage.uploads.append(name, id, chunkOf(exchange)))
  accepted(exchange, { name, id, offset })
}

/** PUT: the last chunk, possibly empty, and the digest of the whole. */
export async function finishUpload(exchange: RegistryExchange): Promise<void> {
  assertWritable(exchange)
  const name = nameOf(exchange)
  await complete(exchange, {
    name,
    id: exchange.request.params['id'] ?? '',
    digest: checkDigest(exchange.request.query.get('digest')),
  })
}

/** DELETE: gives an upload up. */
export async function cancelUpload(exchange: RegistryExchange): Promise<void> {
  const name = nameOf(exchange)
  await exchange.storage.uploads.cancel(name, exchange.request.params['id'] ?? '')
  exchange.response.send(204)
}

interface UploadProgress {
  readonly name: string
  readonly id: string
  readonly offset: number
}

async function complete(
  exchange: RegistryExchange,
  upload: { readonly name: string; readonly id: string; readonly digest: Digest },
): Promise<void> {
  const { storage } = exchange
  const { name, id, digest } = upload
  const chunk = chunkOf(exchange)
  // An empty last request has nothing to append, but its Content-Range still counts.
  if (chunk.lengthBytes !== 0 || chunk.at !== undefined)
    await withOffset(name, id, () => storage.uploads.append(name, id, chunk))
  exchange.counters.received(await storage.uploads.finish(name, id, digest))
  await storage.repositories.linkBlob(name, digest)
  created(exchange, name, digest)
}

/** The offset that a client needs in order to go on goes into the refusal of a wrong one. */
async function withOffset(name: string, id: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    const offset =
      error instanceof RegistryError && error.code === 'RANGE_INVALID'
        ? (error.detail as { offset?: number }).offset
        : undefined
    if (offset === undefined) throw error
    throw new RegistryError('RANGE_INVALID', { headers: progressHeaders({ name, id, offset }), cause: error })
  }
}

function chunkOf(exchange: RegistryExchange): UploadChunk {
  const { request } = exchange
  const range = parseContentRange(headerOf(request, 'content-range'))
  if (range === 'invalid') throw new RegistryError('RANGE_INVALID', { status: 400, message: 'malformed Content-Range' })
  const length = headerOf(request, 'content-length')
  const streamed =
    headerOf(request, 'transfer-encoding') !== undefined || (request.httpVersion === '2.0' && length === undefined)
  const lengthBytes = length === undefined ? (streamed ? undefined : 0) : Number(length)
  if (range !== undefined && lengthBytes !== undefined && lengthBytes !== range.end - range.start) {
    throw new RegistryError('SIZE_INVALID', {
      detail: { contentRange: range.end - range.start, contentLength: lengthBytes },
    })
  }
  return {
    source: wholeBody(exchange),
    ...(range === undefined ? {} : { at: range.start }),
    ...(lengthBytes === undefined ? {} : { lengthBytes }),
  }
}

/** The request's body, which must keep coming and must be whole. */
async function* wholeBody({ request, clock }: RegistryExchange): AsyncGenerator<Uint8Array> {
  let hasMoved = true
  let timer: Disposable | undefined
  const watch = (): void => {
    if (!hasMoved)
      request.body.destroy(
        new RegistryError('BLOB_UPLOAD_INVALID', { status: 408, message: 'timed out waiting for the request body' }),
      )
    hasMoved = false
    timer = clock.setTimer(request.limits.bodyIdleMs, watch)
  }
  watch()
  try {
    for await (const bytes of request.body as AsyncIterable<Uint8Array>) {
      hasMoved = true
      yield bytes
    }
    request.assertComplete()
  } finally {
    timer?.[Symbol.dispose]()
  }
}

async function mountBlob(exchange: RegistryExchange, name: string, digest: Digest): Promise<boolean> {
  const { storage, request } = exchange
  const from = request.query.get('from')
  const { repositories, blobs } = storage
  const source = from === undefined ? undefined : checkName(from)
  // Without `from` a mount is only taken when the repository has the blob itself: names of others stay private.
  if (source !== undefined && !exchange.mayPull(source)) return false
  if (!(await repositories.hasBlob(source ?? name, digest)) || (await blobs.retain(digest)) === undefined) return false
  await repositories.linkBlob(name, digest)
  return true
}

function created(exchange: RegistryExchange, name: string, digest: Digest): void {
  exchange.response.send(201, undefined, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest })
}

function accepted(exchange: RegistryExchange, progress: UploadProgress): void {
  exchange.response.send(202, undefined, progressHeaders(progress))
}

function progressHeaders({ name, id, offset }: UploadProgress): Record<string, string> {
  return {
    location: `/v2/${name}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, offset - 1)}`,
    'docker-upload-uuid': id,
  }
}
