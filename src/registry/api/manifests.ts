/** Manifests and tags: pull, push, delete (distribution spec v1.1; Docker Registry HTTP API v2). */
import { createDigestStream } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { readBody } from '#kit/http/read-body.ts'
import { blobsOf, ManifestError, parseManifest } from '#spec/oci/manifest-document.ts'
import type { ManifestDescriptor, ManifestDocument } from '#spec/oci/manifest-document.ts'
import { dockerManifestList, isForeignLayer } from '#spec/oci/registry-media-types.ts'
import { RegistryError } from '../errors.ts'
import type { StoredManifest } from '../storage/repositories.ts'
import { assertDeletable, assertWritable, headerOf, isUnmodified, nameOf } from './exchange.ts'
import type { RegistryExchange } from './exchange.ts'
import { checkReference } from './names.ts'

/** GET and HEAD of a manifest by tag or digest. */
export async function getManifest(exchange: RegistryExchange): Promise<void> {
  const { request, response } = exchange
  const name = nameOf(exchange)
  const reference = checkReference(request.params['reference'])
  const found = await findManifest(exchange, name, reference)
  const stored = 'tag' in reference ? await forOldClients(exchange, name, found) : found
  const headers = {
    'content-type': stored.mediaType,
    'docker-content-digest': stored.digest,
    etag: `"${stored.digest}"`,
  }
  if (isUnmodified(request, stored.digest)) return response.send(304, undefined, headers)
  if (request.method !== 'HEAD') return response.send(200, stored.content, headers)
  response.start(200, { ...headers, 'content-length': stored.content.byteLength })
  response.end()
  return undefined
}

/** PUT: checks the document and everything it names, then stores it, then moves the tag. */
export async function putManifest(exchange: RegistryExchange): Promise<void> {
  assertWritable(exchange)
  const { request, response, storage } = exchange
  const name = nameOf(exchange)
  const reference = checkReference(request.params['reference'])
  const content = await readBody(request, { bytesMax: storage.limits.manifestBytesMax })
  const document = readManifest(content, headerOf(request, 'content-type'))
  const wanted = 'digest' in reference ? reference.digest : undefined
  const digest = digestLike(wanted, content)
  if (wanted !== undefined && wanted !== digest)
    throw new RegistryError('DIGEST_INVALID', { detail: { digest: wanted, actual: digest } })
  await assertComplete(exchange, name, document)
  await storage.blobs.put(content, digest)
  await storage.repositories.addManifest(name, { digest, mediaType: document.mediaType, content, document })
  if ('tag' in reference) await storage.repositories.setTag(name, reference.tag, digest)
  response.send(201, undefined, {
    location: `/v2/${name}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(document.subject === undefined ? {} : { 'oci-subject': document.subject.digest }),
  })
}

/** DELETE: a tag alone, or by digest the manifest with every tag that points at it. */
export async function deleteManifest(exchange: RegistryExchange): Promise<void> {
  assertDeletable(exchange)
  const { repositories } = exchange.storage
  const name = nameOf(exchange)
  const reference = checkReference(exchange.request.params['reference'])
  const removed =
    'tag' in reference
      ? await repositories.removeTag(name, reference.tag)
      : await repositories.removeManifest(name, reference.digest)
  if (!removed) throw unknownManifest(reference)
  exchange.response.send(202)
}

async function findManifest(
  exchange: RegistryExchange,
  name: string,
  reference: ReturnType<typeof checkReference>,
): Promise<StoredManifest> {
  const { storage, upstream, request } = exchange
  const found =
    upstream === undefined
      ? await localManifest(exchange, name, reference)
      : await upstream.manifest(name, reference, request.signal)
  if (found !== undefined) return found
  if (upstream === undefined && !storage.repositories.exists(name))
    throw new RegistryError('NAME_UNKNOWN', { detail: { name } })
  throw unknownManifest(reference)
}

async function localManifest(
  { storage }: RegistryExchange,
  name: string,
  reference: ReturnType<typeof checkReference>,
): Promise<StoredManifest | undefined> {
  const digest = 'digest' in reference ? reference.digest : await storage.repositories.resolveTag(name, reference.tag)
  return digest === undefined ? undefined : storage.repositories.manifest(name, digest)
}

/** A client from before manifest lists gets the linux/amd64 image of one, as from Docker's registry. */
async function forOldClients(exchange: RegistryExchange, name: string, found: StoredManifest): Promise<StoredManifest> {
  const accept = headerOf(exchange.request, 'accept')
  if (
    found.mediaType !== dockerManifestList ||
    accept === undefined ||
    !accept.includes('vnd.docker.distribution.manifest.v2') ||
    accept.includes(dockerManifestList)
  )
    return found
  const entries = found.document.kind === 'index' ? found.document.manifests : []
  const entry = entries.find(({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64')
  const chosen = entry === undefined ? undefined : await exchange.storage.repositories.manifest(name, entry.digest)
  return chosen ?? found
}

function readManifest(content: Uint8Array, contentType: string | undefined): ManifestDocument {
  try {
    return parseManifest(content, contentType)
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    throw new RegistryError('MANIFEST_INVALID', { detail: error.message, cause: error })
  }
}

function digestLike(wanted: Digest | undefined, content: Uint8Array): Digest {
  const stream = createDigestStream(wanted?.startsWith('sha512:') === true ? 'sha512' : 'sha256')
  stream.update(content)
  return stream.finish()
}

/** Every blob (foreign layers excepted) and every manifest of an index must be in the repository. A subject may come later. */
async function assertComplete(exchange: RegistryExchange, name: string, document: ManifestDocument): Promise<void> {
  const missing: ManifestDescriptor[] = []
  const { repositories, blobs } = exchange.storage
  for (const descriptor of document.kind === 'index' ? document.manifests : blobsOf(document)) {
    if (isForeignLayer(descriptor.mediaType)) continue
    const linked =
      document.kind === 'index'
        ? (await repositories.manifest(name, descriptor.digest)) !== undefined
        : await repositories.hasBlob(name, descriptor.digest)
    const stat = await blobs.retain(descriptor.digest)
    if (!linked || stat === undefined) missing.push(descriptor)
    else if (stat.sizeBytes !== descriptor.sizeBytes) {
      throw new RegistryError('MANIFEST_INVALID', {
        detail: `${descriptor.digest} has ${stat.sizeBytes} bytes, the manifest says ${descriptor.sizeBytes}`,
      })
    }
  }
  if (missing.length > 0)
    throw new RegistryError('MANIFEST_BLOB_UNKNOWN', {
      detail: { digest: missing[0]?.digest, missing: missing.map(({ digest }) => digest) },
    })
}

function unknownManifest(reference: ReturnType<typeof checkReference>): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', {
    detail: 'tag' in reference ? { Tag: reference.tag } : { Digest: reference.digest },
  })
}
