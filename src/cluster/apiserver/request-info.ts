/** What a path and a method ask for (Kubernetes' request info): the resource and verb that are routed and authorised. */

export interface RequestInfo {
  /** False for discovery, documents, health and metrics. */
  readonly isResource: boolean
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly name: string
  readonly subresource: string
  /** What follows a proxying subresource, with its slash. */
  readonly tail: string
  /** Of requests for several objects. */
  readonly fieldSelector: string
  readonly labelSelector: string
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
  GET: 'get',
  HEAD: 'get',
}
/** Subresources of namespaces; anything else below a namespace is a resource in it. */
const ofNamespaces: ReadonlySet<string> = new Set(['status', 'finalize'])

const ofSeveral: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])

const noSelectors: Omit<VerbQuery, 'watch'> = { fieldSelector: '', labelSelector: '' }

/** Query parameters that decide about the verb. */
export interface VerbQuery {
  readonly watch: boolean
  readonly fieldSelector: string
  readonly labelSelector?: string
}

/** Reads a path without query. A path that is broken in its percent-encoding is not a resource's. */
export function requestInfoOf(method: string, path: string, query: VerbQuery): RequestInfo {
  const none: RequestInfo = {
    isResource: false,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    name: '',
    subresource: '',
    tail: '',
    fieldSelector: '',
    labelSelector: '',
  }
  const inGroup = pathInGroup(segmentsOf(path) ?? [])
  if (inGroup === undefined) return none
  const { group, version, rest } = inGroup
  const isLegacyWatch = rest[0] === 'watch' && rest.length > 1
  const place = placeOf(isLegacyWatch ? rest.slice(1) : rest)
  const verb = verbOf(method, place.name, isLegacyWatch || query.watch)
  const { fieldSelector, labelSelector = '' } = ofSeveral.has(verb) ? query : noSelectors
  const name = place.name || nameIn(fieldSelector)
  return { isResource: true, group, version, verb, ...place, name, fieldSelector, labelSelector }
}

/** `/api/VERSION/…` and `/apis/GROUP/VERSION/…` with something behind the version. */
function pathInGroup([prefix, ...parts]: readonly string[]):
  | { readonly group: string; readonly version: string; readonly rest: string[] }
  | undefined {
  if (prefix !== 'api' && prefix !== 'apis') return undefined
  const [group = '', version = '', ...rest] = prefix === 'api' ? ['', ...parts] : parts
  return rest.length === 0 ? undefined : { group, version, rest }
}

function segmentsOf(path: string): string[] | undefined {
  try {
    return path
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .map((segment) => (segment.includes('%') ? decodeURIComponent(segment) : segment))
  } catch {
    return undefined
  }
}

function placeOf(
  rest: readonly string[],
): Pick<RequestInfo, 'namespace' | 'resource' | 'name' | 'subresource' | 'tail'> {
  let namespace = ''
  let parts = rest
  if (rest[0] === 'namespaces') {
    const [, name = '', below = ''] = rest
    if (rest.length > 2 && !ofNamespaces.has(below)) {
      namespace = name
      parts = rest.slice(2)
    } else namespace = name
  }
  const [resource = '', name = '', subresource = '', ...tail] = parts
  return { namespace, resource, name, subresource, tail: tail.length === 0 ? '' : `/${tail.join('/')}` }
}

function verbOf(method: string, name: string, watch: boolean): string {
  const verb = verbs[method] ?? method.toLowerCase()
  if (name !== '') return watch && verb === 'get' ? 'watch' : verb
  if (verb === 'get') return watch ? 'watch' : 'list'
  return verb === 'delete' ? 'deletecollection' : verb
}

/** A list of one name is authorised like a get of it. */
function nameIn(fieldSelector: string): string {
  const match = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(fieldSelector)
  return match?.[1] ?? ''
}
