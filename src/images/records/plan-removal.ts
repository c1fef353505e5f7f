/**
 * What removing an image means: which references and images go, or why not. Pure; follows the daemon's rules for
 * `DELETE /images/{name}` with its words.
 */
import { chainIdOf, digestHex } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { familiarReference, parseReference, repositoryOf } from '#spec/oci/reference.ts'
import { isIdPrefix, lookupKey } from './find-image.ts'
import type { ImageRecord, ImageUser, RemovedItem, RemoveOptions } from './record-types.ts'

export interface RemovalContext {
  readonly images: ReadonlyMap<Digest, ImageRecord>
  readonly users: readonly ImageUser[]
  /** Stacks of layers that something other than an image stands on (containers). */
  readonly otherStacks: readonly (readonly Digest[])[]
}

export interface RemovalPlan {
  /** Complete references to take away. */
  readonly untag: readonly string[]
  readonly delete: readonly Digest[]
  /** The answer's rows, in order. */
  readonly rows: readonly RemovedItem[]
  /** Layers that no image and no container needs afterwards. */
  readonly freedLayers: readonly Digest[]
}

interface Draft {
  readonly context: RemovalContext
  readonly options: RemoveOptions
  readonly untag: Set<string>
  readonly deleted: Set<Digest>
  readonly rows: RemovedItem[]
  readonly freed: Set<Digest>
}

/** Plans the removal of `record`, named as `given`. Throws `conflict` when it may not go. */
export function planRemoval(
  context: RemovalContext,
  of: { readonly record: ImageRecord; readonly given: string },
  options: RemoveOptions,
): RemovalPlan {
  const { record, given } = of
  const draft: Draft = { context, options, untag: new Set(), deleted: new Set(), rows: [], freed: new Set() }
  const force = options.force === true
  let quiet = false
  if (isIdPrefix(record.id, given)) {
    if (isSingleReference(record)) {
      refuseConflict(findConflict(draft, record, { hard: true, stopped: !force, references: false }), record)
      for (const reference of [...record.tags, ...record.digests]) untag(draft, reference)
    }
  } else {
    const [user] = context.users.filter(({ imageId }) => imageId === record.id)
    if (!force && isSingleReference(record) && user !== undefined) {
      throw conflict(
        `conflict: unable to remove repository reference ${JSON.stringify(given)} (must force) - container ${user.containerId.slice(0, 12)} is using its referenced image ${short(record.id)}`,
      )
    }
    untag(draft, lookupKey(parseReference(given)))
    untagLeftDigests(draft, record, given)
    if (referencesLeft(draft, record).length > 0) return finish(draft)
    quiet = true
  }
  deleteImage(draft, record, { force, quiet })
  return finish(draft)
}

/** A digest of a repository goes with the repository's last tag. */
function untagLeftDigests(draft: Draft, record: ImageRecord, given: string): void {
  const removed = parseReference(given)
  if (removed.digest !== undefined) return
  const inRepository = referencesLeft(draft, record).filter(
    (text) => repositoryOf(parseReference(text)) === repositoryOf(removed),
  )
  if (inRepository.some((text) => !text.includes('@'))) return
  for (const reference of inRepository) untag(draft, reference)
}

function deleteImage(draft: Draft, record: ImageRecord, how: { force: boolean; quiet: boolean }): void {
  const found = findConflict(draft, record, { hard: true, stopped: !how.force, references: !how.force })
  if (found !== undefined) {
    const dangling = referencesLeft(draft, record).length === 0 && childrenOf(draft, record).length === 0
    if (how.quiet && (!dangling || found.used)) return
    refuseConflict(found, record)
  }
  for (const reference of referencesLeft(draft, record)) untag(draft, reference)
  draft.deleted.add(record.id)
  draft.rows.push({ Deleted: record.id })
  freeLayers(draft, record)
  const parent =
    record.parent === undefined || draft.options.noPrune === true ? undefined : draft.context.images.get(record.parent)
  if (parent !== undefined) deleteImage(draft, parent, { force: false, quiet: true })
}

interface Conflict {
  readonly hard: boolean
  readonly used: boolean
  readonly message: string
}

function findConflict(
  draft: Draft,
  record: ImageRecord,
  check: { hard: boolean; stopped: boolean; references: boolean },
): Conflict | undefined {
  if (childrenOf(draft, record).length > 0)
    return { hard: true, used: false, message: 'image has dependent child images' }
  const users = draft.context.users.filter(({ imageId }) => imageId === record.id)
  const running = users.find((user) => user.running)
  if (running !== undefined)
    return {
      hard: true,
      used: true,
      message: `image is being used by running container ${running.containerId.slice(0, 12)}`,
    }
  if (check.references && referencesLeft(draft, record).length > 0)
    return { hard: false, used: false, message: 'image is referenced in multiple repositories' }
  const [stopped] = users
  if (check.stopped && stopped !== undefined)
    return {
      hard: false,
      used: true,
      message: `image is being used by stopped container ${stopped.containerId.slice(0, 12)}`,
    }
  return undefined
}

function refuseConflict(found: Conflict | undefined, record: ImageRecord): void {
  if (found === undefined) return
  throw conflict(
    `conflict: unable to delete ${short(record.id)} (${found.hard ? 'cannot be forced' : 'must be forced'}) - ${found.message}`,
  )
}

/** At most one tag, and digests only of that tag's repository. */
function isSingleReference(record: ImageRecord): boolean {
  const all = [...record.tags, ...record.digests]
  if (all.length <= 1) return true
  if (record.tags.length > 1) return false
  const repositories = new Set(record.digests.map((text) => repositoryOf(parseReference(text))))
  const single = repositoryOf(parseReference(record.tags[0] ?? record.digests[0] ?? ''))
  return repositories.size === 1 && repositories.has(single)
}

/** Layers, topmost first, whose whole stack nothing else stands on. */
function freeLayers(draft: Draft, record: ImageRecord): void {
  const { images, otherStacks } = draft.context
  const others = [...images.values()].filter((image) => !draft.deleted.has(image.id)).map((image) => image.diffIds)
  const neededStacks = new Set(
    [...others, ...otherStacks].flatMap((stack) => stack.map((_, depth) => chainIdOf(stack.slice(0, depth + 1)))),
  )
  const neededLayers = new Set([...others, ...otherStacks].flat())
  for (let depth = record.diffIds.length; depth > 0; depth -= 1) {
    const chain = chainIdOf(record.diffIds.slice(0, depth))
    if (chain === undefined || neededStacks.has(chain)) break
    draft.rows.push({ Deleted: chain })
    const diffId = record.diffIds[depth - 1]
    if (diffId !== undefined && !neededLayers.has(diffId)) draft.freed.add(diffId)
  }
}

function untag(draft: Draft, reference: string): void {
  draft.untag.add(reference)
  draft.rows.push({ Untagged: familiarReference(parseReference(reference)) })
}

function referencesLeft(draft: Draft, record: ImageRecord): string[] {
  return [...record.tags, ...record.digests].filter((text) => !draft.untag.has(text))
}

function childrenOf(draft: Draft, record: ImageRecord): Digest[] {
  return [...draft.context.images.values()]
    .filter((image) => image.parent === record.id && !draft.deleted.has(image.id))
    .map((image) => image.id)
}

function finish(draft: Draft): RemovalPlan {
  return { untag: [...draft.untag], delete: [...draft.deleted], rows: draft.rows, freedLayers: [...draft.freed] }
}

function short(id: Digest): string {
  return digestHex(id).slice(0, 12)
}

function conflict(message: string): GantryError {
  return new GantryError('IMAGE_IN_USE', 'conflict', message, {
    remedy: 'Remove what uses the image first, or force where that is possible.',
  })
}
