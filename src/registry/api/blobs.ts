/** Downloads and deletion of blobs (distribution spec v1.1, "Pulling blobs", "Deleting Blobs"). */
import type { Digest } from '#base/data/digest.ts'
import { RegistryError } from '../errors.ts'
import { assertDeletable, headerOf, isUnmodified, nameOf } from './exchange.ts'
import type { RegistryExchange } from './exchange.ts'
import { checkDigest } from './names.ts'
import { parseRange } from './ranges.ts'
import { sendFile } from './send-file.ts'

/** GET and HEAD of a blob, whole or one range. */
export async function getBlob(exchange: RegistryExchange): Promise<void> {
  const { request, response, storage } = exchange
  const name = nameOf(exchange)
  const digest = checkDigest(request.params['digest'])
  const sizeBytes = await findBlob(exchange, name, digest)
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'max-age=31536000',
  }
  if (isUnmodified(request, digest)) return response.send(304, undefined, headers)
  const ifRange = headerOf(request, 'if-range')
  const asked =
    ifRange === undefined || ifRange === headers.etag ? parseRange(headerOf(request, 'range'), sizeBytes) : undefined
  if (asked === 'unsatisfiable')
    throw new RegistryError('RANGE_INVALID', { headers: { 'content-range': `bytes */${sizeBytes}` } })
  const { start, end } = asked ?? { start: 0, end: sizeBytes }
  const head = {
    ...headers,
    'content-length': end - start,
    ...(asked === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` }),
  }
  if (request.method === 'HEAD' || end === start) response.start(asked === undefined ? 200 : 206, head)
  else {
    await using file = await storage.blobs.open(digest)
    response.start(asked === undefined ? 200 : 206, head)
    await sendFile({ file, range: { start, end }, pool: storage.pool, request, response })
    exchange.counters.sent(end - start)
  }
  response.end()
  return undefined
}

/** DELETE of a blob: the repository forgets it; the bytes go with the next collection. */
export async function deleteBlob(exchange: RegistryExchange): Promise<void> {
  assertDeletable(exchange)
  const name = nameOf(exchange)
  const digest = checkDigest(exchange.request.params['digest'])
  if (!(await exchange.storage.repositories.unlinkBlob(name, digest)))
    throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } })
  exchange.response.send(202, undefined, { 'docker-content-digest': digest })
}

async function findBlob(exchange: RegistryExchange, name: string, digest: Digest): Promise<number> {
  const { storage, upstream, request } = exchange
  const local = await localBlob(exchange, name, digest)
  if (local !== undefined) return local
  if (upstream !== undefined && (await upstream.blob(name, digest, request.signal))) {
    const fetched = await storage.blobs.retain(digest)
    if (fetched !== undefined) return fetched.sizeBytes
  }
  throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } })
}

async function localBlob({ storage }: RegistryExchange, name: string, digest: Digest): Promise<number | undefined> {
  if (!(await storage.repositories.hasBlob(name, digest))) return undefined
  return (await storage.blobs.retain(digest))?.sizeBytes
}
