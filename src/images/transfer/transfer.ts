/** Images from and to registries as one component: pull, push, inspect, search, login. */
import { Semaphore } from '#base/async/semaphore.ts'
import { SingleFlight } from '#base/async/single-flight.ts'
import { digestOf } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { RegistryClient } from '#clients/registry/registry-client.ts'
import { asDaemonFailure, wordPullFailure } from '#clients/registry/word-errors.ts'
import type { SearchResult } from '#clients/registry/search-hub.ts'
import type { Images } from '#images/images.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { asRecord, parseStrictJson } from '#spec/oci/strict-json.ts'
import { normalizePlatform, parsePlatform } from '#spec/oci/platform.ts'
import type { Platform } from '#spec/oci/platform.ts'
import {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  repositoryOf,
  withDefaultTag,
} from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Machine } from '#world/ports/machine.ts'
import type { Processes } from '#world/ports/processes.ts'
import { openBlobIndex } from './blob-index.ts'
import type { BlobIndex } from './blob-index.ts'
import { readManifest } from './choose-manifest.ts'
import { createLayerFetcher, fetchSmallBlob } from './fetch-layer.ts'
import type { LayerFetcher } from './fetch-layer.ts'
import { createProgressHub } from './progress-hub.ts'
import type { Emit, ProgressHub } from './progress-hub.ts'
import { pullImage } from './pull-image.ts'
import { pushImage } from './push-image.ts'
import { compileSearchFilters, splitSearchTerm } from './search-images.ts'

export interface TransferDeps {
  readonly images: Images
  readonly registries: RegistryClient
  readonly clock: Clock
  readonly files: Files
  readonly processes: Processes
  readonly machine: Pick<Machine, 'os' | 'ociArchitecture'>
}

export interface TransferConfig {
  /** File that remembers which blob a layer is in which repository. */
  readonly blobIndex: string
  /** Default 3 and 5, of all transfers together, as in Docker. */
  readonly downloadsMax?: number
  readonly uploadsMax?: number
}

export interface TransferWish {
  /** Any form: name, name:tag, name@digest. */
  readonly reference: string
  readonly allTags: boolean
  readonly auth: RegistryAuth
  /** Told of progress, one plain object a message; a slow one is told less, one that throws ends its own wait only. */
  readonly emit: Emit
  readonly signal: AbortSignal
}

export interface DistributionReport {
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number }
  readonly Platforms: readonly object[]
}

export interface Transfer {
  /**
   * Pulls an image, or with `allTags` every tag of the repository. Equal pulls at the same time are one; it ends when the
   * last one who waits for it leaves.
   */
  pull(wish: TransferWish & { readonly platform: string }): Promise<void>
  push(wish: TransferWish): Promise<void>
  /** `GET /distribution/{name}/json`. */
  inspect(reference: string, auth: RegistryAuth, signal: AbortSignal): Promise<DistributionReport>
  search(request: {
    readonly term: string
    readonly limit: number
    readonly filters: Readonly<Record<string, readonly string[]>>
    readonly auth: RegistryAuth
    readonly signal: AbortSignal
  }): Promise<SearchResult[]>
  /** Proves credentials. Throws `unauthorized` when the registry refuses them. */
  login(auth: RegistryAuth, signal: AbortSignal): Promise<{ readonly Status: string; readonly IdentityToken: string }>
}

const downloadsMaxDefault = 3
const uploadsMaxDefault = 5
const configBytesMax = 8 << 20

/** What all transfers share. */
interface Shared {
  readonly deps: TransferDeps
  readonly blobs: BlobIndex
  readonly layers: LayerFetcher
  readonly uploads: Semaphore
  readonly platform: Platform
  readonly pulls: SingleFlight<string, void>
  readonly hubs: Map<string, { readonly hub: ProgressHub; waiters: number }>
}

type PullRequest = TransferWish & { readonly platform: string }

export async function createTransfer(deps: TransferDeps, config: TransferConfig): Promise<Transfer> {
  const { images, registries, clock, processes } = deps
  const shared: Shared = {
    deps,
    blobs: await openBlobIndex(deps.files, config.blobIndex),
    layers: createLayerFetcher({
      images,
      clock,
      processes,
      slots: new Semaphore(config.downloadsMax ?? downloadsMaxDefault),
    }),
    uploads: new Semaphore(config.uploadsMax ?? uploadsMaxDefault),
    platform: normalizePlatform({ os: deps.machine.os, architecture: deps.machine.ociArchitecture }),
    pulls: new SingleFlight(),
    hubs: new Map(),
  }
  return {
    pull: (wish) => sharePull(shared, wish),
    push: (wish) => push(shared, wish),
    inspect: (text, auth, signal) =>
      inspectDistribution(registries, { reference: withDefaultTag(parseReference(text)), auth, signal }),
    async search({ term: text, limit, filters, auth, signal }) {
      const passes = compileSearchFilters(filters)
      const { host, term } = splitSearchTerm(text)
      const rows = await registries.search({ host, term, limit, credentials: auth, signal })
      return rows.filter(passes)
    },
    async login(auth, signal) {
      const { identityToken } = await registries.login(loginHost(auth.serveraddress ?? ''), auth, signal)
      return { IdentityToken: identityToken, Status: 'Login Succeeded' }
    },
  }
}

/** Joins the pull of the same thing that runs, or starts it. */
async function sharePull(shared: Shared, wish: PullRequest): Promise<void> {
  const { hubs, pulls } = shared
  refuseReserved(parseReference(wish.reference))
  if (wish.platform !== '') parsePlatform(wish.platform)
  const key = digestOf(JSON.stringify([wish.reference, wish.platform, wish.allTags, wish.auth]))
  const own = hubs.get(key) ?? { hub: createProgressHub(), waiters: 0 }
  hubs.set(key, own)
  own.waiters += 1
  const gone = new AbortController()
  const listener = own.hub.listen(wish.emit, (error) => gone.abort(error))
  try {
    await pulls.run(
      key,
      (signal) => pull(shared, wish, { hub: own.hub, signal }),
      AbortSignal.any([wish.signal, gone.signal]),
    )
    await listener.drained()
  } catch (error) {
    await listener.drained().catch(() => undefined)
    throw error
  } finally {
    listener.leave()
    own.waiters -= 1
    if (own.waiters === 0 && hubs.get(key) === own) hubs.delete(key)
  }
}

async function pull(
  { deps, blobs, layers, platform }: Shared,
  wish: PullRequest,
  { hub, signal }: { readonly hub: ProgressHub; readonly signal: AbortSignal },
): Promise<void> {
  const reference = parseReference(wish.reference)
  const wanted = wish.platform === '' ? undefined : parsePlatform(wish.platform, platform.architecture)
  const sources = await deps.registries.forPull({
    host: reference.domain,
    path: reference.path,
    credentials: wish.auth,
    signal,
  })
  const names = wish.allTags ? await listTags(sources.at(-1), reference, signal) : [pulledAs(reference)]
  for (const one of names)
    await pullImage(
      { images: deps.images, layers, blobs, platform },
      { reference: one, platform: wanted, sources, publish: hub.publish, signal },
    )
  await blobs.flush()
}

async function push(shared: Shared, wish: TransferWish): Promise<void> {
  const reference = parseReference(wish.reference)
  if (reference.digest !== undefined)
    throw new GantryError('IMAGE_PUSH_DIGEST', 'invalid', 'cannot push a digest reference', { remedy: 'Push by tag.' })
  const hub = createProgressHub()
  const gone = new AbortController()
  const listener = hub.listen(wish.emit, (error) => gone.abort(error))
  hub.publish({ status: `The push refers to repository [${repositoryOf(reference)}]` })
  try {
    const tagged = localTags(shared.deps.images, reference)
    if (tagged.length === 0) throw missing(`An image does not exist locally with the tag: ${familiarName(reference)}`)
    const references = wish.allTags ? tagged : [withDefaultTag(reference)]
    await pushAll(shared, { references, auth: wish.auth, hub, signal: AbortSignal.any([wish.signal, gone.signal]) })
  } catch (error) {
    await listener.drained().catch(() => undefined)
    throw wordPushFailure(error)
  }
  await listener.drained()
}

interface PushOfMany {
  /** Tags of one repository. */
  readonly references: readonly Reference[]
  readonly auth: RegistryAuth
  readonly hub: ProgressHub
  readonly signal: AbortSignal
}

async function pushAll({ deps, blobs, uploads }: Shared, { references, auth, hub, signal }: PushOfMany): Promise<void> {
  const { images, clock, registries } = deps
  const [first] = references
  if (first === undefined) return
  const repository = await registries.forPush({
    host: first.domain,
    path: first.path,
    credentials: auth,
    mountFrom: mountSources(blobs, images, references),
    signal,
  })
  for (const reference of references) {
    const image = images.find(formatReference(reference))
    if (image === undefined) throw missing(`tag does not exist: ${familiarReference(reference)}`)
    await pushImage(
      { images, clock, blobs, slots: uploads },
      { reference, image, repository, publish: hub.publish, signal },
    )
  }
  await blobs.flush()
}

function missing(message: string): GantryError {
  return new GantryError('IMAGE_PUSH_MISSING', 'not-found', message, { remedy: 'Tag an image with this name first.' })
}

/** `name:tag@digest` is pulled by its digest. */
function pulledAs(reference: Reference): Reference {
  const { tag: _tag, ...byDigest } = reference
  return reference.digest === undefined ? withDefaultTag(reference) : byDigest
}

function refuseReserved({ domain, path }: Reference): void {
  if (domain === 'docker.io' && path === 'library/scratch')
    throw new GantryError('IMAGE_RESERVED', 'invalid', "'scratch' is a reserved name", {
      remedy: 'scratch is the empty base of a Dockerfile; there is nothing to pull.',
    })
}

async function listTags(
  source: { tags(signal?: AbortSignal): Promise<string[]> } | undefined,
  reference: Reference,
  signal: AbortSignal,
): Promise<Reference[]> {
  try {
    const tags = (await source?.tags(signal)) ?? []
    return tags.flatMap((tag) =>
      /^\w[\w.-]{0,127}$/.test(tag) ? [{ domain: reference.domain, path: reference.path, tag }] : [],
    )
  } catch (error) {
    throw wordPullFailure(error, { familiar: familiarName(reference), reference: familiarReference(reference) })
  }
}

function localTags(images: Images, reference: Reference): Reference[] {
  const prefix = `${repositoryOf(reference)}:`
  return images
    .all()
    .flatMap((image) => image.tags.filter((tag) => tag.startsWith(prefix)))
    .toSorted()
    .map((tag) => parseReference(tag))
}

/** Repositories of the same registry that layers may be taken over from; a token must allow reading them. */
function mountSources(blobs: BlobIndex, images: Images, references: readonly Reference[]): string[] {
  const names = references.flatMap((reference) => {
    const prefix = `${reference.domain}/`
    const diffIds = images.find(formatReference(reference))?.diffIds ?? []
    const others = diffIds.flatMap((diffId) => blobs.find(diffId)?.repositories ?? [])
    return others
      .filter((name) => name.startsWith(prefix) && name !== repositoryOf(reference))
      .map((name) => name.slice(prefix.length))
  })
  return [...new Set(names)].slice(-mountScopesMax)
}

const mountScopesMax = 8

/** Docker names no request where a push was refused for want of credentials. */
function wordPushFailure(error: unknown): unknown {
  if (!(error instanceof GantryError) || error.code !== 'REGISTRY_NO_CREDENTIALS') return asDaemonFailure(error)
  return new GantryError(error.code, error.kind, 'no basic auth credentials', {
    cause: error,
    remedy: 'Log in to the registry.',
  })
}

async function inspectDistribution(
  registries: RegistryClient,
  {
    reference,
    auth,
    signal,
  }: { readonly reference: Reference; readonly auth: RegistryAuth; readonly signal: AbortSignal },
): Promise<DistributionReport> {
  const sources = await registries.forPull({ host: reference.domain, path: reference.path, credentials: auth, signal })
  let failure: unknown = new GantryError('IMAGE_NO_SOURCE', 'unavailable', 'no registry to ask')
  for (const source of sources) {
    try {
      const manifest = await source.manifest(reference.digest ?? reference.tag ?? 'latest', signal)
      const document = readManifest(manifest.content, manifest.mediaType, familiarReference(reference))
      const platforms =
        document.kind === 'index'
          ? document.manifests.flatMap((entry) => entry.platform ?? [])
          : document.kind === 'image'
            ? [readPlatform(await fetchSmallBlob([source], document.config, { bytesMax: configBytesMax, signal }))]
            : []
      return {
        Descriptor: { mediaType: document.mediaType, digest: manifest.digest, size: manifest.content.byteLength },
        Platforms: platforms.filter(Boolean) as object[],
      }
    } catch (error) {
      signal.throwIfAborted()
      failure = error
    }
  }

  throw failure
}

function readPlatform(config: Uint8Array): object | undefined {
  const record = asRecord(parseStrictJson(config))
  if (record === undefined) return undefined
  const picked = ['architecture', 'os', 'os.version', 'os.features', 'variant'].filter(
    (key) => record[key] !== undefined && record[key] !== '',
  )
  return picked.length === 0 ? undefined : Object.fromEntries(picked.map((key) => [key, record[key]]))
}

/** Docker Hub's own names for itself in credentials. */
const hubAddresses = new Set(['', 'index.docker.io', 'docker.io', 'registry-1.docker.io'])

/** The registry host of a login's server address (`https://index.docker.io/v1/`, `host:port`). */
function loginHost(address: string): string {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return hubAddresses.has(host) ? 'docker.io' : host
}
