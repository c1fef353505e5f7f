/**
 * The write pipeline that every kind goes through: decoded and defaulted object -> field ownership -> admission (mutate) ->
 * the resource's own preparation -> validation -> admission (validate) -> store. Creates, and changes of what is there.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { absent, type TxnResult, type Write } from '#kit/store/versioned-store.ts'
import { zeroValue } from '#spec/kubernetes/decode/zero-value.ts'
import { randomUuid } from '#world/ports/random.ts'
import type { AdmissionRequest } from './admission/admission.ts'
import { requestPart } from './admission/request-part.ts'
import { type ApiObject, equalJson, withMember, withMetadata } from './api-object.ts'
import { type ApiAnswer, type ApiRequest, isDryRun } from './api-request.ts'
import { fromStored, toStored } from './convert-stored.ts'
import { newName } from './new-name.ts'
import { storedForm } from './object-bytes.ts'
import { keyOf } from './object-cache.ts'
import { placeOf, subjectOf } from './read-objects.ts'
import type { ServedResource } from './served-resource.ts'
import { dedupOwners } from './dedup-owners.ts'
import { keepTimes } from './keep-times.ts'
import type { ServerParts } from './server-parts.ts'
import { alreadyExists, badRequest, type Cause, conflict, invalid, notFound, tooLarge } from './status-errors.ts'
import type { StoredObject } from './stored-object.ts'
import type { StrategyContext } from './strategies/strategy.ts'
import { partOfObject } from './subresources/part-of-object.ts'
import { trackWrite } from './track-fields.ts'

/** Largest object (what etcd takes in one request). */
const objectBytesMax = 1_572_864
const nameTriesMax = 8
/** How often a change is repeated that met another one. */
const updateTriesMax = 8

/** Things to undo or release around one write. */
class WriteScope implements AsyncDisposable {
  readonly #releases: (() => void)[] = []
  readonly #undos: (() => Promise<void> | void)[] = []
  succeeded = false

  defer(release: () => void): void {
    this.#releases.push(release)
  }

  onFailure(undo: () => Promise<void> | void): void {
    this.#undos.push(undo)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const release of this.#releases) release()
    if (!this.succeeded) for (const undo of this.#undos.toReversed()) await undo()
  }
}

function strategyContext(parts: ServerParts, request: ApiRequest, scope: WriteScope): StrategyContext {
  return {
    view: parts.view,
    user: request.user,
    dryRun: isDryRun(request),
    defer: (release) => scope.defer(release),
    warn: (text) => void request.warnings.push(text),
  }
}

interface Admitted {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly object: ApiObject | undefined
  readonly old: ApiObject | undefined
  readonly scope: WriteScope
}

function admissionRequest(
  parts: ServerParts,
  request: ApiRequest,
  { operation, object, old, scope }: Admitted,
): AdmissionRequest {
  return {
    ...requestPart(parts, request, operation),
    name: request.name === '' ? (object?.metadata.name ?? '') : request.name,
    object,
    old,
    onFailure: (undo) => scope.onFailure(undo),
  }
}

/** The object with defaults, in canonical order. */
export function withDefaults(
  parts: Pick<ServerParts, 'defaulter' | 'view'>,
  resource: ServedResource,
  object: ApiObject,
): ApiObject {
  if (resource.type === undefined) return resource.custom?.withDefaults(object) ?? object
  return parts.defaulter.apply(object, resource.type, { now: parts.view.now() }) as ApiObject
}

function refuse(resource: ServedResource, name: string, causes: readonly Cause[]): void {
  // Both kinds of events are one kind inside, of the core group.
  const group = resource.group === 'events.k8s.io' ? '' : resource.group
  if (causes.length > 0) throw invalid({ group, resource: resource.kind, name }, causes)
}

/** Where an object goes must be what the body says, when it says something. @throws 400. */
export function checkNamespace(request: ApiRequest, object: ApiObject): ApiObject {
  const said = object.metadata.namespace ?? ''
  if (said === request.namespace) return object
  // What belongs to no namespace loses one that a client wrote all the same.
  if (request.namespace === '') return withMetadata(object, { namespace: undefined })
  if (said !== '')
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  return withMetadata(object, { namespace: request.namespace })
}

function withoutStatus(resource: ServedResource, object: ApiObject): ApiObject {
  if (!resource.strategy.hasStatus || resource.strategy.statusOnCreate) return object
  const field = resource.type?.struct?.byName.get('status')
  const isShown = resource.type?.struct?.always.some((one) => one.json === 'status') === true
  return withMember(object, 'status', field !== undefined && isShown ? zeroValue(field) : undefined)
}

function internal(resource: ServedResource, object: ApiObject): ApiObject {
  return resource.strategy.internalize?.(object) ?? object
}

function withSystemFields(parts: ServerParts, request: ApiRequest, object: ApiObject): ApiObject {
  const { metadata } = object
  if ((metadata.resourceVersion ?? '') !== '')
    throw badRequest('resourceVersion should not be set on objects to be created')
  const name = metadata.name ?? ''
  const generated = name === '' && (metadata.generateName ?? '') !== ''
  return withMetadata(object, {
    uid: randomUuid(parts.random),
    creationTimestamp: parts.view.now(),
    generation: request.resource.strategy.hasGeneration ? 1 : undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    selfLink: undefined,
    resourceVersion: undefined,
    ...(generated ? { name: newName(metadata.generateName ?? '', parts.random) } : {}),
  })
}

export interface CreateOptions {
  /** The object carries its managed fields already: it came from an apply. */
  readonly isApplied?: boolean
}

/**
 * Stores a new object. `decoded` is canonical, in the request's version.
 * @throws 400, 403, 409, 413, 422.
 */
// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
export async function createObject(
  parts: ServerParts,
  request: ApiRequest,
  decoded: ApiObject,
  options: CreateOptions = {},
): Promise<ApiAnswer> {
  const generates = (decoded.metadata.name ?? '') === '' && (decoded.metadata.generateName ?? '') !== ''
  for (let attempt = 1; ; attempt++) {
    try {
      return await createOnce(parts, request, decoded, options)
    } catch (error) {
      const again = generates && attempt < nameTriesMax && error instanceof GantryError && isTaken(error)
      if (!again) throw error
    }
  }
}

function isTaken(error: GantryError): boolean {
  return (error.details['status'] as { readonly reason?: string } | undefined)?.reason === 'AlreadyExists'
}

// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
async function createOnce(
  parts: ServerParts,
  request: ApiRequest,
  decoded: ApiObject,
  { isApplied = false }: CreateOptions,
): Promise<ApiAnswer> {
  const { resource } = request
  const { strategy } = resource
  await using scope = new WriteScope()
  let object = dedupOwners(request, withoutStatus(resource, checkNamespace(request, decoded)), false)
  object = internal(resource, withDefaults(parts, resource, object))
  if (!isApplied) object = trackWrite(request, undefined, object, parts.view.now())
  object = await parts.admission.mutate(
    admissionRequest(parts, request, { operation: 'CREATE', object, old: undefined, scope }),
  )
  object = dedupOwners(request, object, true)
  const context = strategyContext(parts, request, scope)
  // Those who change objects on admission see them without name and uid, as upstream shows them.
  object = withSystemFields(parts, request, object)
  object = strategy.prepareCreate?.(object, context) ?? object
  object = withDefaults(parts, resource, object)
  const name = object.metadata.name ?? ''
  refuse(resource, name, [
    ...parts.validation.create(resource, object, context.warn),
    ...(strategy.checkCreate?.(object, context) ?? []),
  ])
  await parts.admission.validate(
    admissionRequest(parts, request, { operation: 'CREATE', object, old: undefined, scope }),
  )
  const subject = { group: resource.group, resource: resource.resource, name }
  if (isDryRun(request)) {
    await parts.cache.catchUp()
    if (parts.cache.collection(resource.storage).get(placeOf({ namespace: request.namespace, name })) !== undefined)
      throw alreadyExists(subject)
    return { form: 'value', code: 201, object, resource }
  }
  const write = await putOf(parts, resource, { object, isApplied })
  const result = await parts.store.txn({ expect: [{ key: write.key, modRevision: absent }], writes: [write] })
  if (!result.ok) throw alreadyExists(subject)
  scope.succeeded = true
  return { form: 'stored', code: 201, resource, object: await written(parts, resource, write.key, result) }
}

/** What is too large only because of who owns which field goes without that, unless it is an apply, which is about nothing else. */
async function putOf(
  parts: ServerParts,
  resource: ServedResource,
  { object, isApplied = false }: { readonly object: ApiObject; readonly isApplied?: boolean | undefined },
): Promise<Write & { type: 'put' }> {
  const whole = await toStored(resource, object)
  const { namespace, name = '' } = whole.metadata
  const wholeForm = storedForm(whole)
  const isSlimmed = wholeForm.bytes.length > objectBytesMax && !isApplied
  const stored = isSlimmed ? withMetadata(whole, { managedFields: undefined }) : whole
  const { bytes, texts } = isSlimmed ? storedForm(stored) : wholeForm
  if (bytes.length > objectBytesMax) throw tooLarge(`Request entity too large: limit is ${objectBytesMax}`)
  parts.cache.expect(bytes, stored, texts)
  const key = keyOf(resource.storage, namespace, name)
  const isEvent = resource.storage === '/events'
  return { type: 'put', key, value: bytes, ...(isEvent ? { leaseId: await parts.eventLeases.id() } : {}) }
}

/** The object as the cache has it now. */
// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
async function written(
  parts: ServerParts,
  resource: ServedResource,
  key: string,
  result: TxnResult,
): Promise<StoredObject> {
  await parts.cache.reach(result.revision)
  const place = key.slice(key.indexOf(`${resource.storage}/`) + resource.storage.length + 1)
  const found = parts.cache.collection(resource.storage).get(place)
  if (found === undefined) throw notFound({ group: resource.group, resource: resource.resource, name: place })
  return found
}

/** A change of an object: from the state there now to the wanted one, or undefined to leave it. */
export interface Change {
  /** The wanted state in the request's version, canonical and defaulted, with or without managed fields. */
  next(live: ApiObject): ApiObject | Promise<ApiObject>
  /** `next` settles ownership itself (apply). */
  readonly isApplied?: boolean
  /** When the object changed in between, compute the change again; otherwise 409. */
  readonly repeats: boolean
  /** What PUT may do where nothing is. */
  create?(): Promise<ApiAnswer>
}

/** Changes an object, main resource or one of the subresources that show the whole object. @throws 400 to 422. */
export async function changeObject(parts: ServerParts, request: ApiRequest, change: Change): Promise<ApiAnswer> {
  for (let attempt = 1; ; attempt++) {
    if (attempt > 1) await parts.cache.catchUp()
    const live =
      parts.cache.collection(request.resource.storage).get(placeOf(request)) ?? (await newest(parts, request))
    if (live === undefined) {
      if (change.create !== undefined) return change.create()
      throw notFound(subjectOf(request))
    }
    const answer = await changeOnce(parts, request, { change, live })
    if (answer !== undefined) return answer
    if (!change.repeats || attempt >= updateTriesMax) throw conflict(subjectOf(request))
  }
}

async function newest(parts: ServerParts, request: ApiRequest): Promise<StoredObject | undefined> {
  await parts.cache.catchUp()
  return parts.cache.collection(request.resource.storage).get(placeOf(request))
}

interface Attempt {
  readonly change: Change
  readonly live: StoredObject
}

/** One try; undefined when somebody else was faster. */
async function changeOnce(
  parts: ServerParts,
  request: ApiRequest,
  { change, live }: Attempt,
): Promise<ApiAnswer | undefined> {
  const { resource } = request
  await using scope = new WriteScope()
  const old = await fromStored(resource, live.value)
  const wanted = await change.next(old)
  let next = settleMetadata(request, wanted, { old, repeats: change.repeats })
  next = internal(resource, keepOtherHalf(request, next, old))
  if (request.verb === 'update') next = dedupOwners(request, next, false)
  if (change.isApplied !== true) next = trackWrite(request, old, next, parts.view.now())
  next = await parts.admission.mutate(
    admissionRequest(parts, request, { operation: 'UPDATE', object: next, old, scope }),
  )
  next = dedupOwners(request, next, true)
  const context = strategyContext(parts, request, scope)
  next = prepare(request, next, { old, context })
  next = withDefaults(parts, resource, next)
  next = countGeneration(request, next, old)
  refuse(resource, request.name, [
    ...parts.validation.update(resource, { next, old, subresource: request.subresource }, context.warn),
    ...(request.subresource === '' ? (resource.strategy.checkUpdate?.(next, old, context) ?? []) : []),
  ])
  await parts.admission.validate(admissionRequest(parts, request, { operation: 'UPDATE', object: next, old, scope }))
  next = keepTimes(next, old)
  const isStale = parts.isStale?.(keyOf(resource.storage, request.namespace, request.name), live.revision) === true
  if (!isStale && equalJson(withMetadata(next, { resourceVersion: old.metadata.resourceVersion }), old)) {
    scope.succeeded = true
    return { form: 'stored', code: 200, resource, object: live }
  }
  if (isDryRun(request)) {
    const object = withMetadata(next, { resourceVersion: old.metadata.resourceVersion })
    return { form: 'value', code: 200, object, resource }
  }
  const answer = await store(parts, request, { next, live, isApplied: change.isApplied })
  // An update that somebody else was faster than is tried anew: what it took is given back first.
  scope.succeeded = answer !== undefined
  return answer
}

async function store(
  parts: ServerParts,
  request: ApiRequest,
  {
    next,
    live,
    isApplied,
  }: { readonly next: ApiObject; readonly live: StoredObject; readonly isApplied?: boolean | undefined },
): Promise<ApiAnswer | undefined> {
  const { resource } = request
  const write = await putOf(parts, resource, { object: next, isApplied })
  const expect = [{ key: write.key, modRevision: live.revision }]
  if (vanishes(resource, next, live.value)) {
    const result = await parts.store.txn({ expect, writes: [{ type: 'delete', key: write.key }] })
    if (!result.ok) return undefined
    await parts.cache.reach(result.revision)
    const object = withMetadata(next, { resourceVersion: String(result.revision) })
    return { form: 'value', code: 200, object, resource }
  }
  const result = await parts.store.txn({ expect, writes: [write] })
  if (!result.ok) return undefined
  return { form: 'stored', code: 200, resource, object: await written(parts, resource, write.key, result) }
}

/** True when the last thing that kept a deleted object has just gone. */
export function vanishes(resource: ServedResource, next: ApiObject, old: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds !== 0) return false
  if ((next.metadata.finalizers?.length ?? 0) > 0) return false
  return resource.strategy.mayVanish?.(next) ?? true
}

interface Before {
  readonly old: ApiObject
  readonly repeats: boolean
}

/** What a PUT says of its name and namespace must be what its path says. @throws 400. */
function checkPlace(request: ApiRequest, { metadata: { name = '', namespace = '' } }: ApiObject): void {
  if (name === '')
    throw badRequest(`the name of the object (${request.name} based on URL) was undeterminable: name must be provided`)
  if (request.namespace !== '' && namespace !== '' && namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (name !== '' && name !== request.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name})`)
}

/** A patch asks for another uid; an update that names one means another object. */
function immutableUid(uid: string): Cause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`,
    field: 'metadata.uid',
  }
}

/** The server's own metadata stays; versions and uids that the client names must be those that are there. */
// oxlint-disable-next-line complexity -- independent checks, one after the other
function settleMetadata(request: ApiRequest, next: ApiObject, { old, repeats }: Before): ApiObject {
  const { metadata } = next
  const subject = subjectOf(request)
  checkPlace(request, next)
  const uid = metadata.uid ?? ''
  if (uid !== '' && uid !== old.metadata.uid) {
    if (request.verb === 'patch') throw invalid({ ...subject, resource: request.resource.kind }, [immutableUid(uid)])
    const { group, resource, type } = request.resource
    const key = keyOf(type === undefined ? `${group}/${resource}` : resource, request.namespace, request.name)
    throw conflict(
      subject,
      `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
    )
  }
  const version = metadata.resourceVersion ?? ''
  if (version !== '' && version !== '0' && version !== old.metadata.resourceVersion) throw conflict(subject)
  const isBlind = version === '' || version === '0'
  if (isBlind && !repeats && !request.resource.strategy.unconditionalUpdate && request.verb === 'update') {
    throw invalid(subject, [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
        field: 'metadata.resourceVersion',
      },
    ])
  }
  const kept = old.metadata
  return withMetadata(next, {
    name: request.name,
    namespace: kept.namespace,
    generateName: kept.generateName,
    uid: kept.uid,
    creationTimestamp: kept.creationTimestamp,
    generation: kept.generation,
    deletionTimestamp: kept.deletionTimestamp,
    deletionGracePeriodSeconds: kept.deletionGracePeriodSeconds,
    selfLink: undefined,
    resourceVersion: kept.resourceVersion,
  })
}

/** The main resource leaves the status alone, the status subresource everything else. */
function keepOtherHalf(request: ApiRequest, next: ApiObject, old: ApiObject): ApiObject {
  const { strategy } = request.resource
  if (request.subresource === '') return strategy.hasStatus ? withMember(next, 'status', old['status']) : next
  if (request.subresource !== 'status') return partOfObject(request.subresource, next, old) ?? next
  if (strategy.statusKeepsMetadata === true)
    return { ...withMetadata(old, { managedFields: next.metadata.managedFields }), status: next['status'] }
  const { metadata } = next
  const labels = strategy.statusKeepsLabels ? old.metadata.labels : metadata.labels
  return { ...old, metadata: { ...metadata, ...(labels === undefined ? {} : { labels }) }, status: next['status'] }
}

function prepare(
  request: ApiRequest,
  next: ApiObject,
  { old, context }: { readonly old: ApiObject; readonly context: StrategyContext },
): ApiObject {
  const { strategy } = request.resource
  if (request.subresource === '') return strategy.prepareUpdate?.(next, old, context) ?? next
  const writesStatus = request.subresource === 'status' || request.subresource === 'approval'
  return (writesStatus ? strategy.prepareStatusUpdate?.(next, old, context) : undefined) ?? next
}

function contentOf(object: ApiObject): ApiObject {
  const { metadata: _, status: __, ...content } = object
  return content as unknown as ApiObject
}

/** A status is no change of what is wanted; a binding goes around the strategy upstream. */
const withoutGeneration: ReadonlySet<string> = new Set(['status', 'binding'])

function countGeneration(request: ApiRequest, next: ApiObject, old: ApiObject): ApiObject {
  const { strategy } = request.resource
  if (!strategy.hasGeneration || withoutGeneration.has(request.subresource)) return next
  const changed = strategy.changesGeneration?.(next, old) ?? !equalJson(contentOf(next), contentOf(old))
  if (!changed) return next
  return withMetadata(next, { generation: (old.metadata.generation ?? 0) + 1 })
}
