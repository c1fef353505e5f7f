/** Decides what garbage collection removes. Pure: everything that exists goes in, a list of removals comes out. */
import type { Digest } from '#base/data/digest.ts'

export interface ManifestFacts {
  readonly digest: Digest
  /** Blobs and manifests that it names. */
  readonly references: readonly Digest[]
  /** What it is attached to (signatures, SBOMs). */
  readonly subject?: Digest
}

export interface RepositoryFacts {
  readonly name: string
  readonly manifests: readonly ManifestFacts[]
  /** Digests that tags point at. */
  readonly tagged: readonly Digest[]
  /** Blobs linked into the repository. */
  readonly layers: readonly Digest[]
}

export interface SweepInput {
  readonly repositories: readonly RepositoryFacts[]
  readonly blobs: readonly Digest[]
  /** True: manifests that no tag leads to go too. */
  readonly removeUntagged: boolean
  /** Leases, and what arrived a moment ago. */
  readonly isHeld: (digest: Digest) => boolean
}

export interface SweepPlan {
  readonly manifests: readonly { readonly repository: string; readonly digest: Digest }[]
  readonly layers: readonly { readonly repository: string; readonly digest: Digest }[]
  readonly blobs: readonly Digest[]
}

/**
 * Marks from tags (or from every manifest, unless `removeUntagged`) through indexes, blobs and referrers; what is
 * neither marked nor held goes. A referrer lives as long as its subject.
 */
export function planSweep(input: SweepInput): SweepPlan {
  const live = new Set<Digest>()
  const manifests: { repository: string; digest: Digest }[] = []
  const layers: { repository: string; digest: Digest }[] = []
  for (const repository of input.repositories) {
    const marked = markRepository(repository, input)
    for (const digest of marked) live.add(digest)
    for (const { digest } of repository.manifests)
      if (!marked.has(digest)) manifests.push({ repository: repository.name, digest })
    for (const digest of repository.layers)
      if (!marked.has(digest) && !input.isHeld(digest)) layers.push({ repository: repository.name, digest })
  }
  return { manifests, layers, blobs: input.blobs.filter((digest) => !live.has(digest) && !input.isHeld(digest)) }
}

function markRepository(repository: RepositoryFacts, input: SweepInput): Set<Digest> {
  const byDigest = new Map(repository.manifests.map((facts) => [facts.digest, facts]))
  const attached = Map.groupBy(
    repository.manifests.filter((facts) => facts.subject !== undefined),
    (facts) => facts.subject,
  )
  const roots = input.removeUntagged
    ? [
        ...repository.tagged,
        ...repository.manifests.filter(({ digest }) => input.isHeld(digest)).map(({ digest }) => digest),
      ]
    : [...repository.tagged, ...byDigest.keys()]
  const marked = new Set<Digest>()
  const waiting = [...roots]
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if (marked.has(digest)) continue
    marked.add(digest)
    waiting.push(
      ...(byDigest.get(digest)?.references ?? []),
      ...(attached.get(digest) ?? []).map((facts) => facts.digest),
    )
  }
  return marked
}
