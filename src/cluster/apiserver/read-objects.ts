/**
 * GET and LIST: which version a read must see (`resourceVersion`, `resourceVersionMatch`), pages with continue tokens, and
 * selection by labels and fields. Everything comes from the cache, except pages of a version that has changed since.
 */
import { matchesSelector, parseSelector, type Requirement } from '#base/data/label-selector.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import { isStoreError } from '#kit/store/errors.ts'
import { type FieldTerm, matchesFields, parseFieldSelector } from '#spec/kubernetes/selectors/parse-field-selector.ts'
import { fieldValues, supportedTerms } from '#spec/kubernetes/selectors/selectable-fields.ts'
import type { ApiObject } from './api-object.ts'
import { type ApiRequest, integerQuery, type ListAnswer } from './api-request.ts'
import { type ContinueToken, readContinueToken, writeContinueToken } from './continue-token.ts'
import { type ObjectCache, registryPrefix } from './cache/object-cache.ts'
import { servedAtHand } from './convert-stored.ts'
import { type AskedVersion, toVersion, versionProblem } from './wire/resource-version.ts'
import { badRequest, expired, invalid, notFound, unexplained } from './status-errors.ts'
import { StoredObject } from './cache/stored-object.ts'

export interface ReadParts {
  readonly store: VersionedStore
  readonly cache: ObjectCache
}

/** What a request selects; parsed once. */
export interface Selection {
  readonly labels: readonly Requirement[]
  readonly terms: readonly FieldTerm[]
  readonly matches: (object: StoredObject) => boolean
  readonly isEverything: boolean
}

/** The selectors of a request. @throws 400 with upstream's words. */
export function selectionOf(request: ApiRequest): Selection {
  const labels = readSelector(request.query('labelSelector') ?? '')
  const terms = supportedTerms(parseFieldSelector(request.query('fieldSelector') ?? ''), request.resource.fields)
  const { fields } = request.resource
  const { custom, conversion } = request.resource
  // Versions of built-in kinds share their fields; each version of a custom one has its own.
  const served = (object: ApiObject): ApiObject => (custom === undefined ? object : servedAtHand(object, conversion))
  const read = (object: ApiObject): Readonly<Record<string, string>> => fieldValues(served(object), fields)
  const name = request.name
  const isEverything = labels.length === 0 && terms.length === 0 && name === ''
  const matches = (object: StoredObject): boolean =>
    (name === '' || object.name === name) &&
    (labels.length === 0 || matchesSelector(labels, object.labels)) &&
    (terms.length === 0 || matchesFields(terms, object.fields(fields, read)))
  return { labels, terms, matches, isEverything }
}

function readSelector(text: string): readonly Requirement[] {
  try {
    return parseSelector(text)
  } catch (error) {
    throw badRequest(
      `unable to find a valid label selector: ${messageOf(error)}`.replace(
        'unable to find a valid label selector: ',
        '',
      ),
    )
  }
}

/** A version parameter. @throws 500 for anything else, as upstream takes it for its own failure. */
export function readVersion(text: string | undefined): AskedVersion | undefined {
  if (text === undefined || text === '') return undefined
  const problem = versionProblem(text)
  if (problem !== undefined) throw unexplained(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${problem}`)
  return toVersion(text)
}

/** As `readVersion`; lists say that it is the request's failure. @throws 400. */
function readListVersion(text: string | undefined): AskedVersion | undefined {
  try {
    return readVersion(text)
  } catch (error) {
    throw badRequest(`invalid resource version: ${messageOf(error)}`)
  }
}

/** The subject of failures about a request's object. */
export function subjectOf(request: Pick<ApiRequest, 'resource' | 'name'>): {
  readonly group: string
  readonly resource: string
  readonly name: string
} {
  const { group, resource } = request.resource
  return { group, resource, name: request.name }
}

/** The place of an object in its collection. */
export function placeOf(request: Pick<ApiRequest, 'namespace' | 'name'>): string {
  return request.namespace === '' ? request.name : `${request.namespace}/${request.name}`
}

/** One object. @throws 404, 504 for a version that is not there yet. */
export async function readObject({ cache }: ReadParts, request: ApiRequest): Promise<StoredObject> {
  const version = readVersion(request.query('resourceVersion'))
  if (version === undefined) await cache.catchUp()
  else await cache.reach(version)
  const found = cache.collection(request.resource.storage).get(placeOf(request))
  if (found === undefined) throw notFound(subjectOf(request))
  return found
}

/** One page. @throws 400 for parameters that do not go together, 410 for a version that is gone. */
export async function listObjects(parts: ReadParts, request: ApiRequest): Promise<ListAnswer> {
  const { cache } = parts
  const selection = selectionOf(request)
  const limit = readLimit(request)
  const token = readContinueToken(request.query('continue') ?? '')
  const version = readListVersion(request.query('resourceVersion'))
  integerQuery(request, 'timeoutSeconds')
  checkNoInitialEvents(request)
  checkMatch(request, { version, token })
  if (token !== undefined) return continueList(parts, request, { selection, limit, token })
  const match = request.query('resourceVersionMatch')
  if (version === undefined) await cache.catchUp()
  else await cache.reach(version)
  const exact = match === 'Exact' || (match === undefined && version !== undefined && version > 0 && limit > 0)
  if (exact && version !== undefined) {
    const revision = Number(version)
    const then = await objectsAt(parts, request, { revision, start: '', ...wantedOf(selection, limit) })
    return pageOf(request, then.objects, { selection, limit, revision, beyond: then.beyond })
  }
  const revision = cache.revision
  const objects = cache.collection(request.resource.storage).selected(selection.labels, prefixOf(request))
  return pageOf(request, objects, { selection, limit: version === 0 ? 0 : limit, revision })
}

function prefixOf({ namespace }: Pick<ApiRequest, 'namespace'>): string {
  return namespace === '' ? '' : `${namespace}/`
}

function readLimit(request: ApiRequest): number {
  return Math.max(0, integerQuery(request, 'limit') ?? 0)
}

/** Lists have no events to begin with. */
function checkNoInitialEvents(request: ApiRequest): void {
  const field = 'sendInitialEvents'
  if (request.query(field) === undefined) return
  const message = 'Forbidden: sendInitialEvents is forbidden for list'
  throw invalid({ group: 'meta.k8s.io', resource: 'ListOptions', name: '' }, [
    { reason: 'FieldValueForbidden', message, field },
  ])
}

interface AskedPage {
  readonly version: AskedVersion | undefined
  readonly token: ContinueToken | undefined
}

function checkMatch(request: ApiRequest, page: AskedPage): void {
  const field = 'resourceVersionMatch'
  const match = request.query(field) ?? ''
  if (match === '') {
    if (page.token === undefined || page.version === undefined || page.version === 0) return
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  const cause = matchCause(match, page)
  if (cause === undefined) return
  throw invalid({ group: 'meta.k8s.io', resource: 'ListOptions', name: '' }, [{ ...cause, field }])
}

/** Why a list may not say how its version is meant. */
function matchCause(
  match: string,
  { version, token }: AskedPage,
): { readonly reason: string; readonly message: string } | undefined {
  const forbidden = (when: string): { readonly reason: string; readonly message: string } => ({
    reason: 'FieldValueForbidden',
    message: `Forbidden: resourceVersionMatch ${when}`,
  })
  if (token !== undefined) return forbidden('is forbidden when continue is provided')
  if (version === undefined) return forbidden('is forbidden unless resourceVersion is provided')
  if (match === 'Exact' && version === 0) return forbidden('"exact" is forbidden for resourceVersion "0"')
  if (match === 'Exact' || match === 'NotOlderThan') return undefined
  const message = `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`
  return { reason: 'FieldValueNotSupported', message }
}

interface PageOptions {
  readonly selection: Selection
  readonly limit: number
  readonly revision: number
  /** How many more there are than were handed over. */
  readonly beyond?: number
}

/** Takes one page off objects in key order; what is left is counted only when nothing is selected away. */
function pageOf(request: ApiRequest, objects: Iterable<StoredObject>, options: PageOptions): ListAnswer {
  const { selection, limit, revision, beyond = 0 } = options
  const items: StoredObject[] = []
  let left = beyond
  for (const object of objects) {
    if (!selection.isEverything && !selection.matches(object)) continue
    if (limit === 0 || items.length < limit) items.push(object)
    else {
      left++
      if (!selection.isEverything) break
    }
  }
  const last = items.at(-1)
  const more = left > 0 && last !== undefined
  return {
    form: 'list',
    resource: request.resource,
    resourceVersion: String(revision),
    items,
    continueToken: more ? writeContinueToken({ revision, start: `${last.place}\0` }) : '',
    remaining: more && selection.isEverything ? left : undefined,
  }
}

interface Continued {
  readonly selection: Selection
  readonly limit: number
  readonly token: ContinueToken
}

async function continueList(
  parts: ReadParts,
  request: ApiRequest,
  { selection, limit, token }: Continued,
): Promise<ListAnswer> {
  const { cache } = parts
  if (token.revision < 0) {
    await cache.catchUp()
    const collection = cache.collection(request.resource.storage)
    return pageOf(request, collection.selected(selection.labels, prefixOf(request), token.start), {
      selection,
      limit,
      revision: cache.revision,
    })
  }
  const { objects, beyond } = await objectsAt(parts, request, { ...token, ...wantedOf(selection, limit) })
  return pageOf(request, objects, { selection, limit, revision: token.revision, beyond })
}

/** How many objects of the past a page is made of at most; unknown where selectors leave some out. */
function wantedOf({ isEverything }: Selection, limit: number): { readonly wanted?: number } {
  return isEverything && limit > 0 ? { wanted: limit + 1 } : {}
}

interface Past {
  readonly objects: Iterable<StoredObject>
  /** How many follow on those. */
  readonly beyond: number
}

/** Objects as of a version: from the cache while nothing has changed since, else from the store's history. */
async function objectsAt(
  { store, cache }: ReadParts,
  request: ApiRequest,
  token: ContinueToken & { readonly wanted?: number },
): Promise<Past> {
  const { storage } = request.resource
  const collection = cache.collection(storage)
  const prefix = prefixOf(request)
  await cache.reach(token.revision)
  const from = token.start > prefix ? token.start : prefix
  if (collection.lastChange <= token.revision && collection.oldestResumable <= token.revision)
    return { objects: Array.from(collection.range(prefix, from)), beyond: 0 }
  const base = `${registryPrefix}${storage}/`
  try {
    const range = { prefix: `${base}${prefix}`, start: `${base}${from}`, revision: token.revision }
    const found = await store.range(token.wanted === undefined ? range : { ...range, limit: token.wanted })
    const objects = found.entries.map(
      ({ key, value, modRevision }) =>
        new StoredObject(key.slice(base.length), { bytes: value, revision: modRevision }),
    )
    return { objects, beyond: found.count - objects.length }
  } catch (error) {
    if (!isStoreError(error, 'STORE_COMPACTED')) throw error
    if (token.start === '') throw expired(`The resourceVersion for the provided list is too old.`)
    const again = writeContinueToken({ revision: -1, start: token.start })
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      again,
    )
  }
}
