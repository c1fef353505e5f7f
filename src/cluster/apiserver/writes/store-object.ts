/** The last step of a write: the object's bytes go to the store if nobody changed it meanwhile, and come back through the cache. */
import { absent, type Write } from '#kit/store/versioned-store.ts'
import { type ApiObject, withMetadata } from '../api-object.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import { toStored } from '../convert-stored.ts'
import { storedForm } from '../cache/object-bytes.ts'
import { keyOf } from '../cache/object-cache.ts'
import type { ServedResource } from '../served-resource.ts'
import type { ServerParts } from '../server-parts.ts'
import { notFound, tooLarge } from '../status-errors.ts'
import type { StoredObject } from '../cache/stored-object.ts'

/** Largest object (what etcd takes in one request). */
const objectBytesMax = 1_572_864

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

/** The object as the cache has it once it has heard of the write. */
async function written(
  { cache }: ServerParts,
  resource: ServedResource,
  { key, revision }: { readonly key: string; readonly revision: number },
): Promise<StoredObject> {
  await cache.reach(revision)
  const place = key.slice(key.indexOf(`${resource.storage}/`) + resource.storage.length + 1)
  const found = cache.collection(resource.storage).get(place)
  if (found === undefined) throw notFound({ group: resource.group, resource: resource.resource, name: place })
  return found
}

/** Stores an object where none is; undefined when there is one. @throws 413. */
export async function storeNew(
  parts: ServerParts,
  resource: ServedResource,
  created: { readonly object: ApiObject; readonly isApplied: boolean },
): Promise<ApiAnswer | undefined> {
  const write = await putOf(parts, resource, created)
  const { key } = write
  const { ok, revision } = await parts.store.txn({ expect: [{ key, modRevision: absent }], writes: [write] })
  if (!ok) return undefined
  return { form: 'stored', code: 201, resource, object: await written(parts, resource, { key, revision }) }
}

/** Stores a changed object, or removes it when nothing keeps it any longer; undefined when somebody else was faster. @throws 413. */
export async function storeChange(
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
  const { ok, revision } = await parts.store.txn({ expect, writes: [write] })
  if (!ok) return undefined
  const { key } = write
  return { form: 'stored', code: 200, resource, object: await written(parts, resource, { key, revision }) }
}

/** True when the last thing that kept a deleted object has just gone. */
function vanishes(resource: ServedResource, next: ApiObject, old: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata
  if (deletionTimestamp === undefined || (deletionGracePeriodSeconds ?? 0) !== 0) return false
  if ((next.metadata.finalizers?.length ?? 0) > 0) return false
  return resource.strategy.mayVanish?.(next) ?? true
}
