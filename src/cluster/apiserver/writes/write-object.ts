/**
 * The write pipeline that every kind goes through: decoded and defaulted object -> field ownership -> admission (mutate) ->
 * the resource's own preparation -> validation -> admission (validate) -> store. Creates, and changes of what is there.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { zeroValue } from '#spec/kubernetes/decode/zero-value.ts'
import { randomUuid } from '#world/ports/random.ts'
import { type ApiObject, equalJson, withMember, withMetadata } from '../api-object.ts'
import { type ApiAnswer, type ApiRequest, isDryRun } from '../api-request.ts'
import { changeLive } from './change-live.ts'
import { fromStored } from '../convert-stored.ts'
import { dedupOwners } from './dedup-owners.ts'
import { keepTimes } from './keep-times.ts'
import { newName } from './new-name.ts'
import { keyOf } from '../cache/object-cache.ts'
import { placeOf } from '../read-objects.ts'
import type { ServedResource } from '../served-resource.ts'
import type { ServerParts } from '../server-parts.ts'
import { countGeneration, keepOtherHalf, prepare, settleMetadata } from './settle-change.ts'
import { alreadyExists, badRequest, type Cause, invalid } from '../status-errors.ts'
import { storeChange, storeNew } from './store-object.ts'
import type { StoredObject } from '../cache/stored-object.ts'
import { trackWrite } from './track-fields.ts'
import { admissionRequest, strategyContext, WriteScope } from './write-scope.ts'

const nameTriesMax = 8

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
    // Of kinds that do not count it, a generation stays what the client says.
    generation: request.resource.strategy.hasGeneration ? 1 : metadata.generation,
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
  if (!isApplied) object = await trackWrite(request, { live: undefined, next: object, now: parts.view.now() })
  object = await parts.admission.mutate(
    admissionRequest(parts, request, { operation: 'CREATE', object, old: undefined, scope }),
  )
  // Nobody moves an object on its way in to where its writer was not asked about.
  object = dedupOwners(request, checkNamespace(request, object), true)
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
    const there = parts.cache.collection(resource.storage).get(placeOf({ namespace: request.namespace, name }))
    if (there !== undefined) throw alreadyExists(subject)
    return { form: 'value', code: 201, object, resource }
  }
  const answer = await storeNew(parts, resource, { object, isApplied })
  if (answer === undefined) throw alreadyExists(subject, await isLeaving(parts, request, name))
  scope.succeeded = true
  return answer
}

/** Whether the object that has the name of a new one is being deleted. */
async function isLeaving(parts: ServerParts, { resource, namespace }: ApiRequest, name: string): Promise<boolean> {
  await parts.cache.catchUp()
  const there = parts.cache.collection(resource.storage).get(placeOf({ namespace, name }))
  return there?.value.metadata.deletionTimestamp !== undefined
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
  return changeLive(parts, request, { ...change, change: (live) => changeOnce(parts, request, { change, live }) })
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
  let next = internal(resource, settleMetadata(request, wanted, { old, repeats: change.repeats }))
  if (request.verb === 'update') next = dedupOwners(request, next, false)
  if (change.isApplied !== true) next = await trackWrite(request, { live: old, next, now: parts.view.now() })
  // Owners are told by what was asked for, also where the request cannot write it.
  next = keepOtherHalf(request, next, old)
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
  const answer = await storeChange(parts, request, { next, live, isApplied: change.isApplied })
  // An update that somebody else was faster than is tried anew: what it took is given back first.
  scope.succeeded = answer !== undefined
  return answer
}
