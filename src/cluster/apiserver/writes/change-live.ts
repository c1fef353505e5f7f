/** What every change of an object has in common: it starts from what is there now, and anew when somebody else was faster. */
import type { ApiObject } from '../api-object.ts'
import { type ApiAnswer, type ApiRequest, isDryRun } from '../api-request.ts'
import { fromStored } from '../convert-stored.ts'
import { placeOf, subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { conflict, notFound } from '../status-errors.ts'
import { storeChange } from './store-object.ts'
import type { StoredObject } from '../cache/stored-object.ts'

/** How often a change is repeated that met another one. */
const triesMax = 8

interface LiveChange {
  /** One try; undefined when somebody else was faster. */
  change(live: StoredObject): Promise<ApiAnswer | undefined>
  /** When the object changed in between, try again; otherwise 409. */
  readonly repeats: boolean
  /** What may be done where nothing is. */
  create?(): Promise<ApiAnswer>
}

/** Tries a change on what is there now, until nobody else was faster. @throws 404, 409, and what the change throws. */
export async function changeLive(
  parts: ServerParts,
  request: ApiRequest,
  { change, repeats, create }: LiveChange,
): Promise<ApiAnswer> {
  for (let attempt = 1; ; attempt++) {
    if (attempt > 1) await parts.cache.catchUp()
    const live = find(parts, request) ?? (await newest(parts, request))
    if (live === undefined) {
      if (create !== undefined) return create()
      throw notFound(subjectOf(request))
    }
    const answer = await change(live)
    if (answer !== undefined) return answer
    if (!repeats || attempt >= triesMax) throw conflict(subjectOf(request))
  }
}

/**
 * Changes an object around its strategy, as upstream's GuaranteedUpdate of the storage does: what `next` makes of it is
 * stored as it is, owned by no manager, neither admitted nor validated. @throws 404, 409, 413, and what `next` throws.
 */
export async function changeDirectly(
  parts: ServerParts,
  request: ApiRequest,
  next: (live: ApiObject) => ApiObject,
): Promise<ApiAnswer> {
  const { resource } = request
  return changeLive(parts, request, {
    repeats: true,
    change: async (live) => {
      const object = next(await fromStored(resource, live.value))
      if (!isDryRun(request)) return storeChange(parts, request, { next: object, live })
      return { form: 'value', code: 200, object, resource }
    },
  })
}

function find(parts: ServerParts, request: ApiRequest): StoredObject | undefined {
  return parts.cache.collection(request.resource.storage).get(placeOf(request))
}

async function newest(parts: ServerParts, request: ApiRequest): Promise<StoredObject | undefined> {
  await parts.cache.catchUp()
  return find(parts, request)
}
