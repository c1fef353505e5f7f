/**
 * DELETE: preconditions, grace, finalizers and propagation. An object goes at once when nothing keeps it; otherwise it is
 * marked with `deletionTimestamp` and waits for its finalizers or its kubelet.
 */
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { parseTime } from '#spec/kubernetes/decode/time-text.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { requestPart } from '../admission/request-part.ts'
import { type ApiObject, timeText, withMetadata } from '../api-object.ts'
import { changeLive } from './change-live.ts'
import { checkDeleteOptions } from './check-options.ts'
import { type ApiAnswer, type ApiRequest, booleanQuery, integerQuery, isDryRun } from '../api-request.ts'
import { fromStored } from '../convert-stored.ts'
import { decodeBody } from '../wire/decode-body.ts'
import { storedBytes } from '../cache/object-bytes.ts'
import { keyOf } from '../cache/object-cache.ts'
import { placeOf, selectionOf, subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { conflict, forbidden } from '../status-errors.ts'
import type { StoredObject } from '../cache/stored-object.ts'
import { shortenGrace } from './shorten-grace.ts'

const orphanFinalizer = 'orphan'
const foregroundFinalizer = 'foregroundDeletion'

/** What a client asks of a deletion. */
export interface Deletion {
  readonly graceSeconds: number | undefined
  readonly propagation: 'Background' | 'Foreground' | 'Orphan' | undefined
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
  readonly dryRun: boolean
  /** One of a whole collection: admission is told the object, and no name. */
  readonly isOfMany?: boolean
}

/** The options of a request, from its body or its query. @throws 400, 422. */
export function deletionOf(request: ApiRequest): Deletion {
  const options = optionsOf(request)
  const preconditions = isJsonObject(options['preconditions']) ? options['preconditions'] : {}
  const grace = options['gracePeriodSeconds']
  const orphan = options['orphanDependents']
  checkDeleteOptions(options)
  const policy =
    options['propagationPolicy'] ?? (orphan === true ? 'Orphan' : orphan === false ? 'Background' : undefined)
  return {
    graceSeconds: typeof grace === 'number' ? grace : undefined,
    propagation: policy as Deletion['propagation'],
    uid: typeof preconditions['uid'] === 'string' ? preconditions['uid'] : undefined,
    resourceVersion:
      typeof preconditions['resourceVersion'] === 'string' ? preconditions['resourceVersion'] : undefined,
    dryRun: isDryRun(request) || (Array.isArray(options['dryRun']) && options['dryRun'].length > 0),
  }
}

/** They are the same in every group, and clients send them in the group of what they delete. */
const deleteOptions = {
  apiVersion: 'v1',
  kind: 'DeleteOptions',
  type: builtInTypes.find('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'),
  takesVersion: () => true,
  isOptions: true,
}

function optionsOf(request: ApiRequest): JsonObject {
  const { body } = request
  const isEmpty = body === undefined || ('bytes' in body && body.bytes.length === 0)
  if (!isEmpty) {
    return decodeBody(request, deleteOptions)
  }
  return {
    gracePeriodSeconds: integerQuery(request, 'gracePeriodSeconds'),
    propagationPolicy: request.query('propagationPolicy'),
    orphanDependents: booleanQuery(request, 'orphanDependents'),
  }
}

/** Deletes one object. @throws 403, 404, 409. */
export async function deleteObject(
  parts: ServerParts,
  request: ApiRequest,
  deletion: Deletion = deletionOf(request),
): Promise<ApiAnswer> {
  // Preconditions are held against what is there, not against an older picture of it.
  await parts.cache.catchUp()
  return changeLive(parts, request, {
    repeats: true,
    change: (live) => {
      const why = request.resource.strategy.whyUndeletable?.(request.name)
      if (why !== undefined) throw forbidden(subjectOf(request), why)
      return deleteOnce(parts, request, { deletion, live })
    },
  })
}

interface Attempt {
  readonly deletion: Deletion
  readonly live: StoredObject
}

async function deleteOnce(
  parts: ServerParts,
  request: ApiRequest,
  { deletion, live }: Attempt,
): Promise<ApiAnswer | undefined> {
  const { resource } = request
  const old = live.value
  checkPreconditions(request, deletion, old)
  await admit(parts, request, { deletion, live })
  const marked = mark(parts, request, { deletion, live })
  if (marked === undefined) return removeNow(parts, request, { deletion, live })
  if (!deletion.dryRun && marked !== old) return keepMarked(parts, request, { deletion, live, marked })
  return { form: 'value', code: 200, object: await fromStored(resource, marked), resource }
}

async function admit(parts: ServerParts, request: ApiRequest, { deletion, live }: Attempt): Promise<void> {
  const admitted: AdmissionRequest = {
    ...requestPart(parts, request, 'DELETE'),
    name: deletion.isOfMany === true ? '' : request.name,
    object: undefined,
    old: live.value,
    dryRun: deletion.dryRun,
    onFailure: () => {},
  }
  await parts.admission.announce(admitted)
  await parts.admission.validate(admitted)
}

/** Stores the marked object, and removes it at once where nothing keeps it; undefined when somebody else was faster. */
async function keepMarked(
  parts: ServerParts,
  request: ApiRequest,
  { deletion, live, marked }: Attempt & { readonly marked: ApiObject },
): Promise<ApiAnswer | undefined> {
  const { resource } = request
  const revision = await storeMarked(parts, request, { live, marked })
  if (revision === undefined) return undefined
  if (isOver(request, marked)) {
    const next = parts.cache.collection(resource.storage).get(placeOf(request))
    if (next === undefined) return deletedAnswer(request, marked)
    return next.revision === revision ? removeNow(parts, request, { deletion, live: next }) : undefined
  }
  const object = withMetadata(await fromStored(resource, marked), { resourceVersion: String(revision) })
  const isLeft = deletion.propagation === 'Foreground' || deletion.propagation === 'Orphan'
  return {
    form: 'value',
    code: isLeft && request.query('orphanDependents') !== undefined ? 202 : 200,
    object,
    resource,
  }
}

/** Puts the marked object where the live one is; its revision, undefined when somebody else was faster. */
async function storeMarked(
  parts: ServerParts,
  request: ApiRequest,
  { live, marked }: { readonly live: StoredObject; readonly marked: ApiObject },
): Promise<number | undefined> {
  const key = keyOf(request.resource.storage, request.namespace, request.name)
  const bytes = storedBytes(marked)
  parts.cache.expect(bytes, marked)
  const result = await parts.store.txn({
    expect: [{ key, modRevision: live.revision }],
    writes: [{ type: 'put', key, value: bytes }],
  })
  if (!result.ok) return undefined
  await parts.cache.reach(result.revision)
  return result.revision
}

/** Whether nothing keeps a marked object any longer. */
function isOver(request: ApiRequest, { metadata, ...object }: ApiObject): boolean {
  if (metadata.deletionGracePeriodSeconds !== 0) return false
  return isUnhindered(request, metadata.finalizers ?? [], { metadata, ...object })
}

/** Whether nothing but its grace keeps an object. */
function isUnhindered(request: ApiRequest, finalizers: readonly string[], object: ApiObject): boolean {
  return finalizers.length === 0 && (request.resource.strategy.mayVanish?.(object) ?? true)
}

function checkPreconditions(request: ApiRequest, { uid, resourceVersion }: Deletion, { metadata }: ApiObject): void {
  const { group, kind } = request.resource
  const subject = { group, resource: kind, name: request.name }
  const told = (what: string, asked: string, stored: string | undefined): string =>
    `the ${what} in the precondition (${asked}) does not match the ${what} in record (${stored ?? ''})`
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(subject, `${told('UID', uid, metadata.uid)}. The object might have been deleted and then recreated`)
  const stored = metadata.resourceVersion
  if (resourceVersion !== undefined && resourceVersion !== stored)
    throw conflict(subject, `${told('ResourceVersion', resourceVersion, stored)}. The object might have been modified`)
}

/**
 * The object marked as deleted, itself when nothing changes, undefined when it may go at once. What has a grace is marked
 * even when that is none, so that watchers see it end before it is gone.
 */
function mark(parts: ServerParts, request: ApiRequest, { deletion, live }: Attempt): ApiObject | undefined {
  const { strategy } = request.resource
  const old = live.value
  const finalizers = finalizersFor(request, deletion, old)
  const isFree = isUnhindered(request, finalizers, old)
  if (old.metadata.deletionTimestamp !== undefined) return shortened(parts, { deletion, live }, { finalizers, isFree })
  if (isFree && strategy.graceSeconds === undefined) return undefined
  const seconds = strategy.graceSeconds?.(old, deletion.graceSeconds) ?? 0
  const { generation } = old.metadata
  const next = withMetadata(old, {
    deletionTimestamp: timeText(parts.clock.now() + seconds * 1000),
    deletionGracePeriodSeconds: seconds,
    finalizers: finalizers.length === 0 ? undefined : finalizers,
    generation: strategy.hasGeneration ? (generation ?? 0) + 1 : generation,
  })
  return strategy.beginDelete?.(next) ?? next
}

interface Hold {
  readonly finalizers: readonly string[]
  /** Nothing but its grace keeps it. */
  readonly isFree: boolean
}

/** What a repeated delete makes of a marked object. */
function shortened(
  parts: ServerParts,
  { deletion, live }: Attempt,
  { finalizers, isFree }: Hold,
): ApiObject | undefined {
  const old = live.value
  const { deletionTimestamp = '', deletionGracePeriodSeconds = 0 } = old.metadata
  if (isFree && deletionGracePeriodSeconds === 0) return undefined
  const before = { endMs: parseTime(deletionTimestamp).seconds * 1000, seconds: deletionGracePeriodSeconds }
  const after = shortenGrace(before, deletion.graceSeconds, parts.clock.now())
  if (after === before && finalizers.join() === (old.metadata.finalizers ?? []).join()) return old
  return withMetadata(old, {
    deletionTimestamp: timeText(after.endMs),
    deletionGracePeriodSeconds: after.seconds,
    finalizers: finalizers.length === 0 ? undefined : finalizers,
  })
}

/** Propagation is kept as a finalizer that the garbage collector takes away when it is done. */
function finalizersFor(request: ApiRequest, deletion: Deletion, old: ApiObject): readonly string[] {
  const before = old.metadata.finalizers ?? []
  const { finalizersOnDelete } = request.resource.strategy
  if (finalizersOnDelete !== undefined && old.metadata.deletionTimestamp === undefined)
    return [...new Set([...before, ...finalizersOnDelete])]
  const asked = deletion.propagation
  const inherited = before.includes(orphanFinalizer)
    ? 'Orphan'
    : before.includes(foregroundFinalizer)
      ? 'Foreground'
      : undefined
  const policy = asked ?? inherited ?? request.resource.strategy.defaultPropagation ?? 'Background'
  const rest = before.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer)
  if (policy === 'Orphan') return [...rest, orphanFinalizer]
  return policy === 'Foreground' ? [...rest, foregroundFinalizer] : rest
}

async function removeNow(
  parts: ServerParts,
  request: ApiRequest,
  { deletion, live }: Attempt,
): Promise<ApiAnswer | undefined> {
  const { resource } = request
  let { value } = live
  if (!deletion.dryRun) {
    const key = keyOf(resource.storage, request.namespace, request.name)
    const result = await parts.store.txn({
      expect: [{ key, modRevision: live.revision }],
      writes: [{ type: 'delete', key }],
    })
    if (!result.ok) return undefined
    await parts.cache.reach(result.revision)
    value = withMetadata(value, { resourceVersion: String(result.revision) })
  }
  return deletedAnswer(request, value)
}

async function deletedAnswer(request: ApiRequest, value: ApiObject): Promise<ApiAnswer> {
  const { resource } = request
  const object = await fromStored(resource, value)
  if (resource.strategy.returnsDeleted) return { form: 'value', code: 200, object, resource }
  return { form: 'value', code: 200, object: deletedStatus(request, value) }
}

/** The Status that says what was deleted. */
export function deletedStatus(request: ApiRequest, object: ApiObject): ApiObject {
  const { group, resource } = request.resource
  const details = {
    name: request.name,
    ...(group === '' ? {} : { group }),
    kind: resource,
    uid: object.metadata.uid,
  }
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}

/** Deletes everything that a request selects. Answers with what was there. */
export async function deleteCollection(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const deletion = deletionOf(request)
  const selection = selectionOf(request)
  await parts.cache.catchUp()
  const { resource } = request
  const prefix = request.namespace === '' ? '' : `${request.namespace}/`
  const chosen = Array.from(parts.cache.collection(resource.storage).range(prefix)).filter(selection.matches)
  for (const { name, namespace } of chosen) {
    try {
      // One after the other keeps a large deletion from crowding out the rest.
      await deleteObject(
        parts,
        { ...request, verb: 'delete', query: (key) => request.query(key), name, namespace },
        { ...deletion, isOfMany: true },
      )
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
  return {
    form: 'list',
    resource,
    resourceVersion: String(parts.cache.revision),
    items: chosen,
    continueToken: '',
    remaining: undefined,
  }
}

function isGone(error: unknown): boolean {
  const { details } = error as { readonly details?: { readonly status?: { readonly code?: number } } }
  return details?.status?.code === 404
}
