/**
 * The records of all images, in memory for every question and on disk for the next start.
 *
 *     records/images/<hex>/config.json   the config's bytes as received
 *                         /record.json   parent, times, sizes
 *            /references.json            reference -> image, tags and digests; replaced as a whole
 *
 * An image is written before what refers to it and removed after; a record without its config is half-made.
 */
import { digestHex, digestOf, isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { epochMsAt, readInstant } from '#base/data/rfc3339.ts'
import { errnoOf } from '#base/errors/gantry-error.ts'
import { parseImageConfig } from '#spec/oci/image-config.ts'
import type { ImageConfig } from '#spec/oci/image-config.ts'
import type { Files } from '#world/ports/files.ts'
import type { ImageRecord } from './record-types.ts'

interface StoredImage {
  readonly parent?: Digest
  readonly sizeBytes: number
  readonly lastTagMs: number
  readonly addedMs: number
  readonly containerId?: string
}

interface IndexedImage extends StoredImage {
  readonly id: Digest
  readonly configBytes: Uint8Array
  readonly config: ImageConfig
}

export interface ImageIndex {
  get(id: Digest): ImageRecord | undefined
  all(): ImageRecord[]
  /** The image that a complete reference (tag or digest) points to. */
  byReference(reference: string): Digest | undefined
  /** Ids that begin with these hex digits. */
  byPrefix(hexPrefix: string): Digest[]
  childrenOf(id: Digest): Digest[]
  add(image: {
    readonly configBytes: Uint8Array
    readonly parent?: Digest
    readonly sizeBytes: number
    readonly addedMs: number
    readonly containerId?: string
  }): Promise<ImageRecord>
  /** Points references at images, or takes them away (undefined); all or nothing. */
  setReferences(changes: ReadonlyMap<string, Digest | undefined>, nowMs: number): Promise<void>
  setParent(id: Digest, parent: Digest): Promise<void>
  /** Removes an image and whatever still refers to it. */
  remove(id: Digest): Promise<void>
}

/** Opens the records under `root`. */
export async function createImageIndex(files: Files, root: string): Promise<ImageIndex> {
  await files.makeDirectory(`${root}/images`, { recursive: true, mode: 0o700 })
  return new DiskIndex(files, root, {
    images: await readImages(files, root),
    references: await readReferences(files, root),
  })
}

class DiskIndex implements ImageIndex {
  readonly #files: Files
  readonly #root: string
  readonly #images: Map<Digest, IndexedImage>
  #references: Map<string, Digest>
  /** Built when first asked after a change. */
  #records: Map<Digest, ImageRecord> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(
    files: Files,
    root: string,
    state: { images: Map<Digest, IndexedImage>; references: Map<string, Digest> },
  ) {
    this.#files = files
    this.#root = root
    this.#images = state.images
    this.#references = new Map([...state.references].filter(([, id]) => state.images.has(id)))
  }

  get(id: Digest): ImageRecord | undefined {
    return this.#view().get(id)
  }

  all(): ImageRecord[] {
    return [...this.#view().values()]
  }

  byReference(reference: string): Digest | undefined {
    return this.#references.get(reference)
  }

  byPrefix(hexPrefix: string): Digest[] {
    return [...this.#images.keys()].filter((id) => digestHex(id).startsWith(hexPrefix))
  }

  childrenOf(id: Digest): Digest[] {
    return [...this.#images.values()].filter((image) => image.parent === id).map((image) => image.id)
  }

  async add(image: Parameters<ImageIndex['add']>[0]): Promise<ImageRecord> {
    const id = digestOf(image.configBytes)
    const existing = this.get(id)
    if (existing !== undefined) return existing
    const config = parseImageConfig(image.configBytes)
    const { configBytes, ...rest } = image
    const stored: StoredImage = { ...rest, lastTagMs: 0 }
    const directory = `${this.#root}/images/${digestHex(id)}`
    await this.#files.makeDirectory(directory, { recursive: true, mode: 0o700 })
    await this.#files.replace(`${directory}/record.json`, JSON.stringify(stored))
    await this.#files.replace(`${directory}/config.json`, configBytes)
    this.#images.set(id, { ...stored, id, configBytes, config })
    this.#records = undefined
    return this.#view().get(id) as ImageRecord
  }

  async setReferences(changes: ReadonlyMap<string, Digest | undefined>, nowMs: number): Promise<void> {
    // One writer at a time, each starting from what the one before made durable.
    const turn = this.#writing
      .catch(() => undefined)
      .then(async () => {
        const next = new Map(this.#references)
        for (const [reference, id] of changes) {
          if (id === undefined) next.delete(reference)
          else next.set(reference, id)
        }
        await this.#files.replace(
          `${this.#root}/references.json`,
          JSON.stringify(Object.fromEntries([...next].sort(([a], [b]) => (a < b ? -1 : 1)))),
          // Replaced as a whole: what a power cut left of a half-written one would be nothing.
          { durable: true },
        )
        this.#references = next
        this.#records = undefined
      })
    this.#writing = turn
    await turn
    for (const id of new Set(changes.values())) if (id !== undefined) await this.#update(id, { lastTagMs: nowMs })
  }

  async setParent(id: Digest, parent: Digest): Promise<void> {
    await this.#update(id, { parent })
  }

  async remove(id: Digest): Promise<void> {
    const doomed = [...this.#references].filter(([, target]) => target === id)
    if (doomed.length > 0) await this.setReferences(new Map(doomed.map(([reference]) => [reference, undefined])), 0)
    await this.#files.remove(`${this.#root}/images/${digestHex(id)}/config.json`, { force: true })
    this.#images.delete(id)
    this.#records = undefined
    await this.#files.remove(`${this.#root}/images/${digestHex(id)}`, { recursive: true, force: true })
  }

  async #update(id: Digest, change: Partial<StoredImage>): Promise<void> {
    const image = this.#images.get(id)
    if (image === undefined) return
    const next: IndexedImage = { ...image, ...change }
    this.#images.set(id, next)
    this.#records = undefined
    const { id: _id, configBytes: _bytes, config: _config, ...stored } = next
    await this.#files.replace(`${this.#root}/images/${digestHex(id)}/record.json`, JSON.stringify(stored))
  }

  #view(): Map<Digest, ImageRecord> {
    if (this.#records !== undefined) return this.#records
    const tags = new Map<Digest, string[]>()
    const digests = new Map<Digest, string[]>()
    for (const [reference, id] of this.#references) {
      const target = reference.includes('@') ? digests : tags
      const list = target.get(id)
      if (list === undefined) target.set(id, [reference])
      else list.push(reference)
    }
    const newestFirst = [...this.#images.values()]
      .map((image) => ({ image, createdMs: createdMsOf(image.config) }))
      .sort((a, b) => b.createdMs - a.createdMs || b.image.addedMs - a.image.addedMs)
    this.#records = new Map(
      newestFirst.map(({ image }) => [
        image.id,
        {
          ...image,
          diffIds: image.config.rootfs.diff_ids,
          tags: (tags.get(image.id) ?? []).sort(),
          digests: (digests.get(image.id) ?? []).sort(),
        },
      ]),
    )
    return this.#records
  }
}

/** When an image says it was made; 0 when it does not say. */
export function createdMsOf(config: ImageConfig): number {
  const at = readInstant(config.created ?? '')
  return at === undefined ? 0 : epochMsAt(at)
}

async function readImages(files: Files, root: string): Promise<Map<Digest, IndexedImage>> {
  const images = new Map<Digest, IndexedImage>()
  for (const { name } of await files.list(`${root}/images`)) {
    const id = `sha256:${name}`
    if (!isDigest(id)) continue
    const directory = `${root}/images/${name}`
    const image = await readImage(files, directory, id)
    if (image === undefined) await files.remove(directory, { recursive: true, force: true })
    else images.set(id, image)
  }
  return images
}

/** Undefined for a record that was never finished or no longer is what its id says. */
async function readImage(files: Files, directory: string, id: Digest): Promise<IndexedImage | undefined> {
  try {
    const configBytes = await files.read(`${directory}/config.json`)
    if (digestOf(configBytes) !== id) return undefined
    const stored = JSON.parse(await files.readText(`${directory}/record.json`)) as StoredImage
    return { ...stored, id, configBytes, config: parseImageConfig(configBytes) }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

async function readReferences(files: Files, root: string): Promise<Map<string, Digest>> {
  try {
    return new Map(
      Object.entries(JSON.parse(await files.readText(`${root}/references.json`)) as Record<string, Digest>),
    )
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Map()
    throw error
  }
}
