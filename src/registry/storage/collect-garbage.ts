/** Garbage collection while the registry serves: gathers the facts, asks the plan, removes with each blob's lock held. */
import type { Digest } from '#base/data/digest.ts'
import { blobsOf } from '#spec/oci/manifest-document.ts'
import type { ManifestDocument } from '#spec/oci/manifest-document.ts'
import type { BlobStore } from './blob-store.ts'
import type { BlobLeases } from './leases.ts'
import { planSweep } from './plan-sweep.ts'
import type { ManifestFacts, RepositoryFacts } from './plan-sweep.ts'
import type { Repositories } from './repositories.ts'

export interface GarbageResult {
  readonly blobsRemoved: number
  readonly bytesFreed: number
  readonly manifestsRemoved: number
}

export interface GarbageDeps {
  readonly blobs: BlobStore
  readonly repositories: Repositories
  readonly leases: BlobLeases
}

/**
 * Removes what no manifest needs. Safe beside pushes: whatever a client was told to exist has a lease, and leases are
 * asked again under the blob's lock at the moment of removal.
 */
export async function collectGarbage(
  deps: GarbageDeps,
  options: { readonly removeUntagged: boolean; readonly signal?: AbortSignal },
): Promise<GarbageResult> {
  const { blobs, repositories, leases } = deps
  // Blobs are listed first: one that comes later is not in the list, whatever the marks say.
  const stored = new Map<Digest, number>()
  for await (const blob of blobs.list()) {
    options.signal?.throwIfAborted()
    stored.set(blob.digest, blob.mtimeMs)
  }
  const facts: RepositoryFacts[] = []
  for (const name of repositories.names()) {
    options.signal?.throwIfAborted()
    facts.push(await readFacts(repositories, name))
  }
  const isHeld = (digest: Digest): boolean => leases.holds(digest, stored.get(digest) ?? 0)
  const plan = planSweep({
    repositories: facts,
    blobs: [...stored.keys()],
    removeUntagged: options.removeUntagged,
    isHeld,
  })
  for (const { repository, digest } of plan.manifests) {
    if (!isHeld(digest)) await repositories.removeManifest(repository, digest)
  }
  for (const { repository, digest } of plan.layers) {
    if (!isHeld(digest)) await repositories.unlinkBlob(repository, digest)
  }
  let bytesFreed = 0
  let blobsRemoved = 0
  for (const digest of plan.blobs) {
    options.signal?.throwIfAborted()
    const freed = await blobs.sweep(digest)
    bytesFreed += freed
    if (freed > 0) blobsRemoved += 1
  }
  return { blobsRemoved, bytesFreed, manifestsRemoved: plan.manifests.length }
}

async function readFacts(repositories: Repositories, name: string): Promise<RepositoryFacts> {
  const manifests: ManifestFacts[] = []
  for (const digest of await repositories.manifests(name)) {
    const stored = await repositories.manifest(name, digest)
    if (stored === undefined) continue
    const { subject } = stored.document
    manifests.push({
      digest,
      references: referencesOf(stored.document),
      ...(subject === undefined ? {} : { subject: subject.digest }),
    })
  }
  const tagged: Digest[] = []
  for (const tag of await repositories.tags(name)) {
    const digest = await repositories.resolveTag(name, tag)
    if (digest !== undefined) tagged.push(digest)
  }
  return { name, manifests, tagged, layers: await repositories.layers(name) }
}

function referencesOf(document: ManifestDocument): Digest[] {
  const descriptors = document.kind === 'index' ? document.manifests : blobsOf(document)
  return descriptors.map((descriptor) => descriptor.digest)
}
