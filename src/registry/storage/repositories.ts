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
  const known = new Set<string>()
  await collectNames(deps.files, { directory: deps.layout.repositories, prefix: '', into: known })
  let sorted: readonly string[] | undefined
  const notice = (name: string): void => {
    if (known.has(name)) return
    known.add(name)
    sorted = undefined
  }
  const tags = tagLinks(deps)
  return {
    names: () => (sorted ??= [...known].toSorted()),
    exists: (name) => known.has(name),
    ...blobLinks(deps, notice),
    ...manifestLinks(deps, tags, notice),
    ...tags,
  }
}

async function writeLink({ files, durable }: RepositoriesDeps, directory: string, digest: Digest): Promise<void> {
  await files.makeDirectory(directory, { recursive: true })
  await files.replace(join(directory, 'link'), digest, { durable })
}

type BlobLinks = Pick<Repositories, 'linkBlob' | 'hasBlob' | 'unlinkBlob' | 'layers'>

function blobLinks(deps: RepositoriesDeps, notice: (name: string) => void): BlobLinks {
  const { files, layout } = deps
  const links = new LruCache<string, true>({ capacity: linksKnownMax })
  return {
    async linkBlob(name, digest) {
      const key = `${name} ${digest}`
      if (links.has(key)) return
      await writeLink(deps, layout.layer(name, digest), digest)
      notice(name)
      links.set(key, true)
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
    layers: (name) => listDigests(files, join(layout.repository(name), '_layers')),
  }
}

type TagLinks = Pick<Repositories, 'tags' | 'resolveTag' | 'setTag' | 'removeTag'>

function tagLinks(deps: RepositoriesDeps): TagLinks {
  const { files, layout } = deps
  const current = (name: string, tag: string): string => join(layout.tag(name, tag), 'current')
  return {
    tags: (name) => listNames(files, layout.tags(name)),
    resolveTag: (name, tag) => readLink(files, current(name, tag)),
    setTag: (name, tag, digest) => writeLink(deps, current(name, tag), digest),
    removeTag: (name, tag) => dropLink(files, current(name, tag), layout.tag(name, tag)),
  }
}

type ManifestLinks = Pick<Repositories, 'addManifest' | 'manifest' | 'removeManifest' | 'manifests' | 'referrers'>

function manifestLinks(deps: RepositoriesDeps, tags: TagLinks, notice: (name: string) => void): ManifestLinks {
  const { files, layout } = deps
  const cached = new LruCache<Digest, StoredManifest>({
    capacity: manifestCacheBytes,
    weigh: ({ content }) => content.byteLength * 4,
  })
  const manifest: Repositories['manifest'] = async (name, digest) => {
    if (!(await isLinked(files, layout.revision(name, digest)))) return undefined
    const hit = cached.get(digest)
    if (hit !== undefined) return hit
    const read = await readStored(deps.blobs, digest, deps.manifestBytesMax)
    if (read !== undefined) cached.set(digest, read)
    return read
  }
  return {
    manifest,
    async addManifest(name, stored) {
      cached.set(stored.digest, stored)
      await writeLink(deps, layout.revision(name, stored.digest), stored.digest)
      const { subject } = stored.document
      if (subject !== undefined)
        await writeLink(deps, layout.referrer(name, subject.digest, stored.digest), stored.digest)
      notice(name)
    },
    async removeManifest(name, digest) {
      const stored = await manifest(name, digest)
      for (const tag of await tags.tags(name)) {
        if ((await tags.resolveTag(name, tag)) === digest) await tags.removeTag(name, tag)
      }
      const subject = stored?.document.subject
      if (subject !== undefined) await dropLink(files, layout.referrer(name, subject.digest, digest))
      return dropLink(files, layout.revision(name, digest))
    },
    manifests: (name) => listDigests(files, layout.revisions(name)),
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

interface NameWalk {
  readonly directory: string
  readonly prefix: string
  readonly into: Set<string>
}

async function collectNames(files: Files, { directory, prefix, into }: NameWalk): Promise<void> {
  const entries = await files.list(directory).catch(ignoreMissing)
  for (const { name, type } of entries ?? []) {
    if (type !== 'directory') continue
    if (name === '_layers' || name === '_manifests') into.add(prefix)
    else if (!name.startsWith('_'))
      await collectNames(files, {
        directory: join(directory, name),
        prefix: prefix === '' ? name : `${prefix}/${name}`,
        into,
      })
  }
}
