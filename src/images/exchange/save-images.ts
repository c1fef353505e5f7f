/**
 * `docker save`: one tar that is a docker-archive (manifest.json, repositories) and an OCI layout (index.json,
 * oci-layout, blobs/sha256) at once, layers uncompressed and rebuilt from their recipes as they are sent.
 */
import type { Readable } from 'node:stream'
import { digestHex, digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { createTarWriter } from '#images/archive/write-tar.ts'
import type { TarWriter } from '#images/archive/write-tar.ts'
import type { LayerStore } from '#images/layers/layer-types.ts'
import { findImage, lookupKey } from '#images/records/find-image.ts'
import type { ImageIndex } from '#images/records/image-index.ts'
import { createdMsOf } from '#images/records/image-index.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import { familiarName, familiarReference, formatReference, parseReference, repositoryOf } from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'

export interface SaveDeps {
  readonly index: ImageIndex
  readonly layers: LayerStore
  /** Told when an image's bytes are all out. */
  readonly onSaved?: (record: ImageRecord) => void
}

interface Chosen {
  readonly record: ImageRecord
  readonly tags: Set<string>
}

/** Saves images. A name without tag means all tags of its repository, as in Docker. Throws `not-found` before the first byte. */
export function saveImages(deps: SaveDeps, names: readonly string[]): Readable {
  const chosen = chooseImages(deps.index, names)
  const writer = createTarWriter()
  void writeAll(deps, writer, [...chosen.values()]).then(
    () => writer.finish(),
    (error: unknown) => writer.fail(error instanceof Error ? error : new Error(String(error))),
  )
  return writer.output
}

function chooseImages(index: ImageIndex, names: readonly string[]): Map<Digest, Chosen> {
  const chosen = new Map<Digest, Chosen>()
  const add = (record: ImageRecord, tag?: string): void => {
    const entry = chosen.get(record.id) ?? { record, tags: new Set<string>() }
    chosen.set(record.id, entry)
    if (tag !== undefined) entry.tags.add(tag)
  }
  for (const name of names) {
    const byId = /^(?:sha256:)?[0-9a-f]{64}$/.test(name) ? findImage(index, name) : undefined
    if (byId !== undefined) add(byId)
    else addByName(index, name, add)
  }
  return chosen
}

function addByName(index: ImageIndex, name: string, add: (record: ImageRecord, tag?: string) => void): void {
  if (/^sha256:[0-9a-f]*$/.test(name)) {
    add(found(findImage(index, name), name))
    return
  }
  const reference = parseReference(name)
  if (reference.tag === undefined && reference.digest === undefined) {
    const tagged = index
      .all()
      .flatMap((record) =>
        record.tags
          .filter((tag) => repositoryOf(parseReference(tag)) === repositoryOf(reference))
          .map((tag) => ({ record, tag })),
      )
    for (const { record, tag } of tagged) add(record, tag)
    if (tagged.length === 0) add(found(findImage(index, name), name))
    return
  }
  const id = index.byReference(lookupKey(reference))
  const record = id === undefined ? undefined : index.get(id)
  if (record === undefined)
    throw new GantryError('IMAGE_MISSING', 'not-found', 'reference does not exist', {
      remedy: 'List the images and check the name.',
    })
  add(record, reference.digest === undefined ? formatReference(reference) : undefined)
}

function found(record: ImageRecord | undefined, name: string): ImageRecord {
  if (record === undefined)
    throw new GantryError('IMAGE_MISSING', 'not-found', `No such image: ${name}`, {
      remedy: 'List the images and check the name.',
    })
  return record
}

async function writeAll(deps: SaveDeps, writer: TarWriter, chosen: readonly Chosen[]): Promise<void> {
  const written = new Set<string>()
  const put = async (name: string, content: Uint8Array, mtimeMs = 0): Promise<void> => {
    if (written.has(name)) return
    written.add(name)
    await writer.add(
      {
        name,
        type: 'file',
        mode: 0o644,
        sizeBytes: content.byteLength,
        mtime: { seconds: Math.floor(mtimeMs / 1000), nanos: 0 },
      },
      content,
    )
  }
  for (const directory of ['blobs', 'blobs/sha256'])
    await writer.add({ name: directory, type: 'directory', mode: 0o755 })
  const manifests: object[] = []
  const descriptors: object[] = []
  for (const { record, tags } of chosen) {
    const createdMs = createdMsOf(record.config)
    const layers = []
    for (const diffId of record.diffIds) layers.push(await putLayer(deps, writer, { diffId, written, createdMs }))
    await put(blobPath(record.id), record.configBytes, createdMs)
    const manifest = Buffer.from(JSON.stringify(manifestOf(record, layers)))
    await put(blobPath(digestOf(manifest)), manifest, createdMs)
    descriptors.push(...indexEntries(record, manifest, [...tags]))
    manifests.push(manifestItem(record, layers, [...tags]))
    deps.onSaved?.(record)
  }
  await put(
    'index.json',
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: descriptors,
      }),
    ),
  )
  await put('manifest.json', Buffer.from(JSON.stringify(manifests)))
  await put('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'))
  await put('repositories', Buffer.from(`${JSON.stringify(repositoriesOf(chosen))}\n`))
}

interface SavedLayer {
  readonly mediaType: string
  readonly size: number
  readonly digest: Digest
}

async function putLayer(
  deps: SaveDeps,
  writer: TarWriter,
  of: { diffId: Digest; written: Set<string>; createdMs: number },
): Promise<SavedLayer> {
  const { diffId, written, createdMs } = of
  const record = deps.layers.get(diffId)
  if (record === undefined)
    throw new GantryError('LAYER_MISSING', 'not-found', `layer ${diffId} does not exist`, {
      remedy: 'Pull or load the image again.',
    })
  const name = blobPath(diffId)
  if (!written.has(name)) {
    written.add(name)
    const content = deps.layers.reproduceTar(diffId) as AsyncIterable<Uint8Array>
    await writer.add(
      {
        name,
        type: 'file',
        mode: 0o644,
        sizeBytes: record.tarBytes,
        mtime: { seconds: Math.floor(createdMs / 1000), nanos: 0 },
      },
      content,
    )
  }
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', size: record.tarBytes, digest: diffId }
}

function manifestOf(record: ImageRecord, layers: readonly SavedLayer[]): object {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: record.id,
      size: record.configBytes.byteLength,
    },
    layers,
  }
}

function manifestItem(record: ImageRecord, layers: readonly SavedLayer[], tags: readonly string[]): object {
  return {
    Config: blobPath(record.id),
    RepoTags: tags.length === 0 ? null : tags.map((tag) => familiarReference(parseReference(tag))).sort(),
    Layers: layers.map(({ digest }) => blobPath(digest)),
    LayerSources: Object.fromEntries(layers.map((layer) => [layer.digest, layer])),
  }
}

function indexEntries(record: ImageRecord, manifest: Buffer, tags: readonly string[]): object[] {
  const descriptor = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(manifest),
    size: manifest.length,
    platform: {
      architecture: record.config.architecture,
      os: record.config.os,
      ...(record.config.variant === undefined ? {} : { variant: record.config.variant }),
    },
  }
  if (tags.length === 0) return [descriptor]
  return tags.toSorted().map((tag) => ({
    ...descriptor,
    annotations: {
      'io.containerd.image.name': tag,
      'org.opencontainers.image.ref.name': parseReference(tag).tag ?? '',
    },
  }))
}

/** The oldest index: repository to tag to the topmost layer. */
function repositoriesOf(chosen: readonly Chosen[]): Record<string, Record<string, string>> {
  const repositories: Record<string, Record<string, string>> = {}
  for (const { record, tags } of chosen) {
    for (const tag of tags) {
      const reference: Reference = parseReference(tag)
      const name = familiarName(reference)
      repositories[name] = {
        ...repositories[name],
        [reference.tag ?? 'latest']: digestHex(record.diffIds.at(-1) ?? record.id),
      }
    }
  }
  return repositories
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`
}
