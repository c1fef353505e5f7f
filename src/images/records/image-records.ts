/**
 * Changes to images, one at a time: create, tag, remove, prune, collect garbage. Questions about images need no turn.
 */
import { digestOf, isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError, isErrorKind } from '#base/errors/gantry-error.ts'
import type { ContentStore } from '#images/content/content-types.ts'
import type { LeaseBook } from '#images/content/leases.ts'
import type { LayerStore } from '#images/layers/layer-types.ts'
import type { Snapshots } from '#images/snapshots/snapshot-types.ts'
import { encodeImageConfig, parseImageConfig } from '#spec/oci/image-config.ts'
import { familiarReference, formatReference, parseReference, withDefaultTag } from '#spec/oci/reference.ts'
import type { Clock } from '#world/ports/clock.ts'
import { isIdPrefix, resolveImage } from './find-image.ts'
import { compileFilters } from './image-filters.ts'
import type { ImageIndex } from './image-index.ts'
import { planRemoval } from './plan-removal.ts'
import type { RemovalPlan } from './plan-removal.ts'
import type {
  CreateImageOptions,
  ImageAction,
  ImageEvent,
  ImageFilters,
  ImageRecord,
  ImageUser,
  PruneResult,
  RemovedItem,
  RemoveOptions,
} from './record-types.ts'

export interface RecordsDeps {
  readonly clock: Clock
  readonly index: ImageIndex
  readonly layers: LayerStore
  readonly content: ContentStore
  readonly leases: LeaseBook
  readonly snapshots: Snapshots
  readonly users: () => readonly ImageUser[]
  readonly onEvent: (event: ImageEvent) => void
}

export interface ImageRecords {
  create(options: CreateImageOptions): Promise<ImageRecord>
  /** Several at once: all of them, or none when one cannot be. */
  createAll(images: readonly CreateImageOptions[]): Promise<ImageRecord[]>
  tag(refOrId: string, reference: string): Promise<ImageRecord>
  remove(refOrId: string, options: RemoveOptions): Promise<RemovedItem[]>
  prune(filters: ImageFilters): Promise<PruneResult>
  collectGarbage(): Promise<number>
  /** Removes those of the layers that nothing needs (what a refused load had stored). */
  releaseLayers(diffIds: Iterable<Digest>): Promise<void>
  /** Reports what happened to an image, with its labels and name, as the events API has it. */
  announce(action: ImageAction, record: ImageRecord, name: string): void
}

/** The one who changes image records. */
export function createImageRecords(deps: RecordsDeps): ImageRecords {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.catch(() => undefined).then(work)
    last = turn
    return turn
  }
  const announce: ImageRecords['announce'] = (action, record, name) => {
    deps.onEvent({ action, actor: record.id, attributes: { ...record.config.config?.Labels, name } })
  }
  return {
    announce,
    create: (options) => inTurn(async () => (await createAll(deps, [options]))[0] as ImageRecord),
    createAll: (images) => inTurn(() => createAll(deps, images)),
    tag: (refOrId, text) =>
      inTurn(async () => {
        const record = resolveImage(deps.index, refOrId)
        const reference = completeTag(text)
        await deps.index.setReferences(new Map([[reference, record.id]]), deps.clock.now())
        const tagged = deps.index.get(record.id) ?? record
        announce('tag', tagged, familiarReference(parseReference(reference)))
        return tagged
      }),
    remove: (refOrId, options) =>
      inTurn(async () => (await removeOne(deps, announce, { refOrId, options })).rows.slice()),
    prune: (filters) => inTurn(() => pruneImages(deps, announce, filters)),
    collectGarbage: () => inTurn(() => collectGarbage(deps)),
    releaseLayers: (diffIds) =>
      inTurn(async () => {
        const needed = neededLayers(deps)
        await removeLayers(
          deps,
          [...diffIds].filter((diffId) => !needed.has(diffId)),
        )
      }),
  }
}

/** A tag's complete form. Throws `invalid` for a digest or a name that could be taken for one. */
export function completeTag(text: string): string {
  const reference = withDefaultTag(parseReference(text))
  if (reference.digest !== undefined)
    throw new GantryError('IMAGE_TAG_INVALID', 'invalid', 'refusing to create a tag with a digest reference', {
      remedy: 'Name a tag.',
    })
  if (reference.domain === 'docker.io' && reference.path === 'library/sha256') {
    throw new GantryError(
      'IMAGE_TAG_INVALID',
      'invalid',
      'refusing to create an ambiguous tag using digest algorithm as name',
      { remedy: 'Choose another name.' },
    )
  }
  return formatReference(reference)
}

async function createAll(deps: RecordsDeps, images: readonly CreateImageOptions[]): Promise<ImageRecord[]> {
  const checked = images.map((options) => checkImage(deps, options))
  const added: Digest[] = []
  try {
    const references = new Map<string, Digest>()
    for (const image of checked) {
      const known = deps.index.byPrefix('').length
      const record = await deps.index.add(image)
      if (deps.index.byPrefix('').length > known) added.push(record.id)
      for (const reference of image.references) references.set(reference, record.id)
    }
    if (references.size > 0) await deps.index.setReferences(references, deps.clock.now())
    return checked.map(({ id }) => deps.index.get(id) as ImageRecord)
  } catch (error) {
    for (const id of added) await deps.index.remove(id)
    throw error
  }
}

interface CheckedImage {
  readonly id: Digest
  readonly configBytes: Uint8Array
  readonly sizeBytes: number
  readonly addedMs: number
  readonly parent?: Digest
  readonly containerId?: string
  readonly references: readonly string[]
}

function checkImage(deps: RecordsDeps, options: CreateImageOptions): CheckedImage {
  const configBytes = options.config instanceof Uint8Array ? options.config : encodeImageConfig(options.config)
  const config = parseImageConfig(configBytes)
  const sizes = config.rootfs.diff_ids.map((diffId) => {
    const layer = deps.layers.get(diffId)
    if (layer === undefined)
      throw new GantryError('LAYER_MISSING', 'invalid', `layer ${diffId} does not exist`, {
        remedy: 'Store the layers before the image.',
      })
    return layer.sizeBytes
  })
  return {
    id: digestOf(configBytes),
    configBytes,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    addedMs: deps.clock.now(),
    references: [...(options.tags ?? []).map(completeTag), ...(options.digests ?? []).map(completeDigest)],
    ...(options.parent === undefined ? {} : { parent: options.parent }),
    ...(options.containerId === undefined ? {} : { containerId: options.containerId }),
  }
}

function completeDigest(text: string): string {
  const { tag: _tag, ...reference } = parseReference(text)
  if (reference.digest === undefined || !isDigest(reference.digest))
    throw new GantryError('IMAGE_REFERENCE_INVALID', 'invalid', `${text} has no digest`, {
      remedy: 'Write name@sha256:….',
    })
  return formatReference(reference)
}

async function removeOne(
  deps: RecordsDeps,
  announce: ImageRecords['announce'],
  of: { refOrId: string; options: RemoveOptions },
): Promise<RemovalPlan & { freedBytes: number }> {
  const record = resolveImage(deps.index, of.refOrId)
  if (deps.leases.holdsImage(record.id) && isIdPrefix(record.id, of.refOrId)) {
    throw new GantryError(
      'IMAGE_IN_USE',
      'conflict',
      `conflict: unable to delete ${record.id.slice(7, 19)} (cannot be forced) - image is being used by a build`,
      { remedy: 'Wait for the build.' },
    )
  }
  const images = new Map(deps.index.all().map((image) => [image.id, image]))
  const otherStacks = deps.snapshots.list().map(({ diffIds }) => diffIds)
  const plan = planRemoval({ images, users: deps.users(), otherStacks }, { record, given: of.refOrId }, of.options)
  await deps.index.setReferences(new Map(plan.untag.map((reference) => [reference, undefined])), deps.clock.now())
  for (const _reference of plan.untag) announce('untag', record, record.id)
  for (const id of plan.delete) {
    await deps.index.remove(id)
    announce('delete', images.get(id) ?? record, id)
  }
  return { ...plan, freedBytes: await removeLayers(deps, plan.freedLayers) }
}

async function pruneImages(
  deps: RecordsDeps,
  announce: ImageRecords['announce'],
  filters: ImageFilters,
): Promise<PruneResult> {
  const compiled = compileFilters(filters, 'prune', {
    nowMs: deps.clock.now(),
    resolve: (text) => resolveImage(deps.index, text),
  })
  const danglingOnly = compiled.dangling ?? true
  const rows: RemovedItem[] = []
  let freedBytes = 0
  for (const record of deps.index.all()) {
    if ((danglingOnly && record.tags.length > 0) || !compiled.matches(record) || isNeeded(deps, record)) continue
    const names = [...record.tags, ...record.digests]
    for (const refOrId of names.length === 0 ? [record.id] : names) {
      if (names.length > 0 && deps.index.byReference(refOrId) !== record.id) continue
      const removed = await removeOne(deps, announce, { refOrId, options: {} }).catch(leaveIfTaken)
      rows.push(...removed.rows)
      freedBytes += removed.freedBytes
    }
  }
  return { ImagesDeleted: rows, SpaceReclaimed: freedBytes }
}

/** True for an image that a container or build uses, that others stand on without a name of its own, or that is gone. */
function isNeeded(deps: RecordsDeps, record: ImageRecord): boolean {
  if (deps.users().some(({ imageId }) => imageId === record.id) || deps.leases.holdsImage(record.id)) return true
  if (deps.index.get(record.id) === undefined) return true
  return record.tags.length === 0 && deps.index.childrenOf(record.id).length > 0
}

/** Another image stands on it or a container took it meanwhile: prune leaves it. */
function leaveIfTaken(error: unknown): { rows: readonly RemovedItem[]; freedBytes: number } {
  if (!isErrorKind(error, 'conflict')) throw error
  return { rows: [], freedBytes: 0 }
}

async function removeLayers(deps: RecordsDeps, diffIds: Iterable<Digest>): Promise<number> {
  let freed = 0
  for (const diffId of diffIds) {
    const layer = deps.layers.get(diffId)
    if (layer === undefined || deps.leases.holdsLayer(diffId)) continue
    await deps.layers.remove(diffId)
    freed += layer.sizeBytes
  }
  return freed
}

function neededLayers(deps: RecordsDeps): Set<Digest> {
  return new Set([
    ...deps.index.all().flatMap(({ diffIds }) => diffIds),
    ...deps.snapshots.list().flatMap(({ diffIds }) => diffIds),
  ])
}

async function collectGarbage(deps: RecordsDeps): Promise<number> {
  const needed = neededLayers(deps)
  let freed = await removeLayers(
    deps,
    deps.layers
      .list()
      .map(({ diffId }) => diffId)
      .filter((diffId) => !needed.has(diffId)),
  )
  for (const { digest, sizeBytes } of deps.content.list()) {
    if (deps.leases.holdsBlob(digest)) continue
    await deps.content.remove(digest)
    freed += sizeBytes
  }
  return freed
}
