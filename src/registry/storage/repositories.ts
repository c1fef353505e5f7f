/** Repositories: which blobs and manifests each one has, its tags, and who refers to whom. All of it is small link files. */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import { parseManifest, ManifestError } from '#spec/oci/manifest-document.ts'
import type { ManifestDocument } from '#spec/oci/manifest-document.ts'
import type { Files } from '#world/ports/files.ts'
import { join } from 'node:path'
import { ignoreMissing, listNames } from './blob-store.ts'
import type { BlobStore } from './blob-store.ts'
import type { Layout } from './layout.ts'

export interface StoredManifest {
  readonly digest: Digest
  readonly mediaType: string
  readonly content: Uint8Array
  readonly document: ManifestDocument
}

export interface Repositories {
  /** Names of all repositories, sorted. */
  names(): readonly string[]
  exists(name: string): boolean
  linkBlob(name: string, digest: Digest): Promise<void>
  hasBlob(name: string, digest: Digest): Promise<boolean>
  /** False when the repository did not have it. */
  unlinkBlob(name: string, digest: Digest): Promise<boolean>
  /** Records a manifest whose bytes are in the blob store, with its place among its subject's referrers. */
  addManifest(name: string, manifest: StoredManifest): Promise<void>
  manifest(name: string, digest: Digest): Promise<StoredManifest | undefined>
  /** Takes a manifest out with the tags that point at it; false when it was not there. */
  removeManifest(name: string, digest: Digest): Promise<boolean>
  manifests(name: string): Promise<Digest[]>
  layers(name: string): Promise<Digest[]>
  tags(name: string): Promise<string[]>
  resolveTag(name: string, tag: string): Promise<Digest | undefined>
  setTag(name: string, tag: string, digest: Digest): Promise<void>
  removeTag(name: string, tag: string): Promise<boolean>
  referrers(name: string, subject: Digest): Promise<Digest[]>
}

export interface RepositoriesDeps {
  readonly files: Files
  readonly layout: Layout
  readonly blobs: BlobStore
  readonly durable: boolean
  readonly manifestBytesMax: number
}

const manifestCacheBytes = 32 << 20
const linksKnownMax = 65_536

/** Reads the names of the repositories that exist and serves them from memory from then on. */
export async function openRepositories(deps: RepositoriesDeps): Promise<Repositories> {
  const { files, layout, blobs } = deps
  const known = new Set<string>()
  await collectNames(files, layout.repositories, '', known)
  let sorted: readonly string[] | undefined
  const cached = new LruCache<Digest, StoredManifest>({
    capacity: manifestCacheBytes,
    weigh: (manifest) => manifest.content.byteLength * 4,
  })
  const links = new LruCache<string, true>({ capacity: linksKnownMax })

  const writeLink = async (directory: string, digest: Digest): Promise<void> => {
    await files.makeDirectory(directory, { recursive: true })
    await files.replace(join(directory, 'link'), digest, { durable: deps.durable })
  }
  const notice = (name: string): void => {
    if (known.has(name)) return
    known.add(name)
    sorted = undefined
  }
  const manifest = async (name: string, digest: Digest): Promise<StoredManifest | undefined> => {
    if (!(await isLinked(files, layout.revision(name, digest)))) return undefined
    const hit = cached.get(digest)
    if (hit !== undefined) return hit
    const read = await readStored(blobs, digest, deps.manifestBytesMax)
    if (read !== undefined) cached.set(digest, read)
    return read
  }
  const tags = (name: string): Promise<string[]> => listNames(files, layout.tags(name))
  const resolveTag = async (name: string, tag: string): Promise<Digest | undefined> =>
    readLink(files, join(layout.tag(name, tag), 'current'))
  return {
    names: () => (sorted ??= [...known].toSorted()),
    exists: (name) => known.has(name),
    async linkBlob(name, digest) {
      if (links.get(`${name} ${digest}`) !== undefined) return
      await writeLink(layout.layer(name, digest), digest)
      notice(name)
      links.set(`${name} ${digest}`, true)
    },
    async hasBlob(name, digest) {
      const key = `${name} ${digest}`
      if (links.get(key) !== undefined) return true
      const linked = await isLinked(files, layout.layer(name, digest))
      if (linked) links.set(key, true)
      return linked
    },
    async unlinkBlob(name, digest) {
      links.delete(`${name} ${digest}`)
      return dropLink(files, layout.layer(name, digest))
    },
    async addManifest(name, stored) {
      cached.set(stored.digest, stored)
      await writeLink(layout.revision(name, stored.digest), stored.digest)
      const { subject } = stored.document
      if (subject !== undefined) await writeLink(layout.referrer(name, subject.digest, stored.digest), stored.digest)
      notice(name)
    },
    manifest,
    async removeManifest(name, digest) {
      const stored = await manifest(name, digest)
      for (const tag of await tags(name)) {
        if ((await resolveTag(name, tag)) === digest)
          await files.remove(layout.tag(name, tag), { recursive: true, force: true })
      }
      if (stored?.document.subject !== undefined)
        await dropLink(files, layout.referrer(name, stored.document.subject.digest, digest))
      return dropLink(files, layout.revision(name, digest))
    },
    manifests: (name) => listDigests(files, layout.revisions(name)),
    layers: (name) => listDigests(files, join(layout.repository(name), '_layers')),
    tags,
    resolveTag,
    async setTag(name, tag, digest) {
      await writeLink(join(layout.tag(name, tag), 'current'), digest)
    },
    removeTag: (name, tag) => dropLink(files, join(layout.tag(name, tag), 'current'), layout.tag(name, tag)),
    referrers: (name, subject) => listDigests(files, layout.referrersOf(name, subject)),
  }
}

async function readStored(blobs: BlobStore, digest: Digest, maxBytes: number): Promise<StoredManifest | undefined> {
  const content = await blobs.read(digest, maxBytes)
  if (content === undefined) return undefined
  try {
    const document = parseManifest(content)
    return { digest, mediaType: document.mediaType, content, document }
  } catch (error) {
    // A data directory of an older registry may hold formats that nobody serves any more.
    if (error instanceof ManifestError) return undefined
    throw error
  }
}

async function readLink(files: Files, directory: string): Promise<Digest | undefined> {
  const text = await files.readText(join(directory, 'link'), { maxBytes: 256 }).catch(ignoreMissing)
  const digest = text?.trim()
  return digest !== undefined && isDigest(digest) ? digest : undefined
}

async function isLinked(files: Files, directory: string): Promise<boolean> {
  return (await readLink(files, directory)) !== undefined
}

async function dropLink(files: Files, directory: string, whole: string = directory): Promise<boolean> {
  const there = await isLinked(files, directory)
  await files.remove(whole, { recursive: true, force: true })
  return there
}

/** Linked digests below a directory of `<algorithm>/<hex>/link`. */
async function listDigests(files: Files, directory: string): Promise<Digest[]> {
  const found: Digest[] = []
  for (const algorithm of await listNames(files, directory)) {
    for (const hex of await listNames(files, join(directory, algorithm))) {
      const digest = `${algorithm}:${hex}`
      if (isDigest(digest) && (await isLinked(files, join(directory, algorithm, hex)))) found.push(digest)
    }
  }
  return found
}

async function collectNames(files: Files, directory: string, prefix: string, into: Set<string>): Promise<void> {
  const entries = await files.list(directory).catch(ignoreMissing)
  for (const { name, type } of entries ?? []) {
    if (type !== 'directory') continue
    if (name === '_layers' || name === '_manifests') into.add(prefix)
    else if (!name.startsWith('_'))
      await collectNames(files, join(directory, name), prefix === '' ? name : `${prefix}/${name}`, into)
  }
}
