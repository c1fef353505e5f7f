/** A registry in front of another one: what was pulled once is served from here, also while the other one is away. */
import { SingleFlight } from '#base/async/single-flight.ts'
import type { Digest } from '#base/data/digest.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { parseManifest } from '#spec/oci/manifest-document.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Upstream } from '../api/exchange.ts'
import type { StoredManifest } from '../storage/repositories.ts'
import type { RegistryStorage } from '../storage/storage.ts'

/** The other registry, as far as the cache needs it; a registry client fits. */
export interface UpstreamRegistry {
  /** Throws `not-found` when it is not there, `unavailable` when the registry cannot be asked. */
  fetchManifest(
    repository: string,
    reference: string,
    signal: AbortSignal,
  ): Promise<{ readonly digest: Digest; readonly mediaType: string; readonly content: Uint8Array }>
  /** The digest that a tag has now. */
  resolveTag(repository: string, tag: string, signal: AbortSignal): Promise<Digest>
  /** The verified bytes of a blob. */
  fetchBlob(repository: string, digest: Digest, signal: AbortSignal): AsyncIterable<Uint8Array>
}

export interface PullThroughDeps {
  readonly clock: Clock
  readonly storage: RegistryStorage
  readonly upstream: UpstreamRegistry
  /** How long a tag is believed without asking again. */
  readonly tagFreshMs?: number
}

const tagFreshMsDefault = 10_000

export function createPullThrough(deps: PullThroughDeps): Upstream {
  const { storage, upstream, clock } = deps
  const { repositories, blobs, uploads } = storage
  const blobFlights = new SingleFlight<string, boolean>()
  const freshUntil = new Map<string, number>()
  const isFresh = (key: string): boolean => (freshUntil.get(key) ?? 0) > clock.monotonicMs()
  const markFresh = (key: string): void => {
    if (freshUntil.size > 10_000) freshUntil.clear()
    freshUntil.set(key, clock.monotonicMs() + (deps.tagFreshMs ?? tagFreshMsDefault))
  }
  const byDigest = async (name: string, digest: Digest, signal: AbortSignal): Promise<StoredManifest | undefined> => {
    const local = await repositories.manifest(name, digest)
    if (local !== undefined) return local
    const fetched = await orMissing(upstream.fetchManifest(name, digest, signal))
    if (fetched === undefined) return undefined
    const document = parseManifest(fetched.content, fetched.mediaType)
    const stored: StoredManifest = { digest, mediaType: document.mediaType, content: fetched.content, document }
    await blobs.put(fetched.content, digest)
    await repositories.addManifest(name, stored)
    return stored
  }
  const byTag = async (name: string, tag: string, signal: AbortSignal): Promise<StoredManifest | undefined> => {
    const key = `${name}:${tag}`
    const known = await repositories.resolveTag(name, tag)
    if (known !== undefined && isFresh(key)) return repositories.manifest(name, known)
    const current = await orStale(orMissing(upstream.resolveTag(name, tag, signal)), known)
    if (current === undefined) return undefined
    const stored = await byDigest(name, current, signal)
    if (stored !== undefined && current !== known) await repositories.setTag(name, tag, current)
    markFresh(key)
    return stored
  }
  const download = async (name: string, digest: Digest, signal: AbortSignal): Promise<boolean> => {
    if ((await blobs.retain(digest)) === undefined) {
      const id = await uploads.start(name)
      try {
        await uploads.append(name, id, { source: upstream.fetchBlob(name, digest, signal) })
        await uploads.finish(name, id, digest)
      } catch (error) {
        await uploads.cancel(name, id).catch(() => undefined)
        if (isErrorKind(error, 'not-found')) return false
        throw error
      }
    }
    await repositories.linkBlob(name, digest)
    return true
  }
  return {
    manifest: (name, reference, signal) =>
      'tag' in reference ? byTag(name, reference.tag, signal) : byDigest(name, reference.digest, signal),
    blob: (name, digest, signal) =>
      blobFlights.run(`${name} ${digest}`, (shared) => download(name, digest, shared), signal),
  }
}

async function orMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isErrorKind(error, 'not-found')) return undefined
    throw error
  }
}

/** While the upstream is away the last known answer serves. */
async function orStale(asked: Promise<Digest | undefined>, known: Digest | undefined): Promise<Digest | undefined> {
  try {
    return await asked
  } catch (error) {
    if (known !== undefined && (isErrorKind(error, 'unavailable') || isErrorKind(error, 'deadline'))) return known
    throw error
  }
}
