/** Every operation on a resource, in a form from which both OpenAPI dialects are written. */

/** A resource as documents describe it; the API server adds those of custom resources. */
export interface DocumentedResource {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resource: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  /** Schema name of the object and of its list. */
  readonly type: string
  readonly listType: string | undefined
  readonly subresources: readonly DocumentedSubresource[]
  /** False for custom resources, which have no strategic merge patch and no protobuf. */
  readonly builtIn: boolean
}
export interface DocumentedSubresource {
  readonly name: string
  readonly verbs: readonly string[]
  readonly kind: string
  readonly group: string
  readonly version: string
  readonly type: string
  /** Streams and proxies: the body is text, every method connects. */
  readonly connects: boolean
}

export type Method = 'get' | 'put' | 'post' | 'patch' | 'delete' | 'options' | 'head'

export interface Operation {
  readonly path: string
  readonly method: Method
  readonly id: string
  readonly tag: string
  /** `''` for endpoints that are no resource. */
  readonly action: string
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string }
  readonly query: readonly string[]
  readonly body: string | undefined
  readonly bodyRequired: boolean
  readonly patchTypes: readonly string[]
  /** Status codes that carry `result`. */
  readonly codes: readonly number[]
  /** Schema name of the result; undefined for text. */
  readonly result: string | undefined
  readonly builtIn: boolean
}

const writeQuery = ['dryRun', 'fieldManager', 'fieldValidation']
const listQuery = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
]
const deleteQuery = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
]
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
/** Kinds whose deletion answers with the object, not with a Status. */
export const returnsObject: ReadonlySet<string> = new Set([
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodTemplate',
  'ResourceQuota',
  'Service',
  'ServiceAccount',
  'DeviceClass',
  'ResourceClaim',
  'ResourceClaimTemplate',
  'ResourceSlice',
  'CSIDriver',
  'CSINode',
  'StorageClass',
  'VolumeAttachment',
  'VolumeAttributesClass',
])
const basePatchTypes = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json']

/** Query parameters and their types. */
export const queryTypes: Readonly<Record<string, 'string' | 'integer' | 'boolean'>> = {
  ...Object.fromEntries(
    [...writeQuery, ...listQuery, ...deleteQuery, 'pretty', 'command', 'container', 'path'].map((name) => [
      name,
      'string',
    ]),
  ),
  allowWatchBookmarks: 'boolean',
  sendInitialEvents: 'boolean',
  watch: 'boolean',
  force: 'boolean',
  limit: 'integer',
  timeoutSeconds: 'integer',
  gracePeriodSeconds: 'integer',
  ignoreStoreReadErrorWithClusterBreakingPotential: 'boolean',
  orphanDependents: 'boolean',
  follow: 'boolean',
  insecureSkipTLSVerifyBackend: 'boolean',
  limitBytes: 'integer',
  previous: 'boolean',
  sinceSeconds: 'integer',
  stream: 'string',
  tailLines: 'integer',
  timestamps: 'boolean',
  stdin: 'boolean',
  stdout: 'boolean',
  stderr: 'boolean',
  tty: 'boolean',
  ports: 'integer',
}
const connectQuery: Readonly<Record<string, readonly string[]>> = {
  log: [
    'container',
    'follow',
    'insecureSkipTLSVerifyBackend',
    'limitBytes',
    'pretty',
    'previous',
    'sinceSeconds',
    'stream',
    'tailLines',
    'timestamps',
  ],
  exec: ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'],
  attach: ['container', 'stderr', 'stdin', 'stdout', 'tty'],
  portforward: ['ports'],
  proxy: ['path'],
}

const upper = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** `rbacAuthorization` of `rbac.authorization.k8s.io`, `core` of the core group. */
export function groupWord(group: string): string {
  if (group === '') return 'core'
  const [first = '', ...rest] = group.replace(/\.k8s\.io$/, '').split('.')
  return first + rest.map(upper).join('')
}

/** `/api/v1` or `/apis/apps/v1`. */
export function versionPath({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}

class OperationList {
  readonly operations: Operation[] = []
  readonly #of: DocumentedResource
  readonly #words: string

  constructor(of: DocumentedResource) {
    this.#of = of
    this.#words = upper(groupWord(of.group)) + upper(of.version)
  }

  get collectionPath(): string {
    return `${versionPath(this.#of)}${this.#of.namespaced ? '/namespaces/{namespace}' : ''}/${this.#of.resource}`
  }

  add(
    parts: Partial<Operation> & { readonly path: string; readonly method: Method; readonly action: string },
    verb: string,
    rest: string,
  ): void {
    const { group, version, kind, type, builtIn } = this.#of
    this.operations.push({
      id: verb + this.#words + rest,
      tag: `${groupWord(group)}_${version}`,
      gvk: { group, version, kind },
      query: [],
      body: undefined,
      bodyRequired: true,
      patchTypes: [],
      codes: [200],
      result: type,
      builtIn,
      ...parts,
    })
  }

  get scope(): string {
    return this.#of.namespaced ? 'Namespaced' : ''
  }

  get patchTypes(): readonly string[] {
    return this.#of.builtIn ? [...basePatchTypes, 'application/strategic-merge-patch+json'] : basePatchTypes
  }
}

function collectionOperations(of: DocumentedResource, out: OperationList): void {
  const path = out.collectionPath
  const has = (verb: string): boolean => of.verbs.includes(verb)
  const { kind } = of
  if (has('list')) {
    out.add({ path, method: 'get', action: 'list', query: listQuery, result: of.listType }, 'list', out.scope + kind)
    if (of.namespaced)
      out.add(
        {
          path: `${versionPath(of)}/${of.resource}`,
          method: 'get',
          action: 'list',
          query: listQuery,
          result: of.listType,
        },
        'list',
        `${kind}ForAllNamespaces`,
      )
  }
  if (has('create'))
    out.add(
      { path, method: 'post', action: 'post', query: writeQuery, body: of.type, codes: [200, 201, 202] },
      'create',
      out.scope + kind,
    )
  if (has('deletecollection')) {
    const query = [...new Set([...listQuery, ...deleteQuery])]
      .filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks')
      .sort()
    out.add(
      {
        path,
        method: 'delete',
        action: 'deletecollection',
        query,
        body: `${meta}DeleteOptions`,
        bodyRequired: false,
        result: `${meta}Status`,
      },
      'delete',
      `Collection${out.scope}${kind}`,
    )
  }
}

function itemOperations(of: DocumentedResource, out: OperationList): void {
  const path = `${out.collectionPath}/{name}`
  const has = (verb: string): boolean => of.verbs.includes(verb)
  const rest = out.scope + of.kind
  if (has('get')) out.add({ path, method: 'get', action: 'get' }, 'read', rest)
  if (has('update'))
    out.add(
      { path, method: 'put', action: 'put', query: writeQuery, body: of.type, codes: [200, 201] },
      'replace',
      rest,
    )
  if (has('delete')) {
    const result = returnsObject.has(of.kind) ? of.type : `${meta}Status`
    out.add(
      {
        path,
        method: 'delete',
        action: 'delete',
        query: deleteQuery,
        body: `${meta}DeleteOptions`,
        bodyRequired: false,
        codes: [200, 202],
        result,
      },
      'delete',
      rest,
    )
  }
  if (has('patch'))
    out.add(
      {
        path,
        method: 'patch',
        action: 'patch',
        query: [...writeQuery, 'force'],
        body: `${meta}Patch`,
        patchTypes: out.patchTypes,
        codes: [200, 201],
      },
      'patch',
      rest,
    )
}

const connectMethods: Readonly<Record<string, readonly Method[]>> = {
  proxy: ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'],
  log: ['get'],
}

/** Streams, logs and proxies; a proxy also has a path of the client's choice behind it. */
function connectOperations(sub: DocumentedSubresource, of: DocumentedResource, out: OperationList): void {
  const { group, version, kind, name } = sub
  const rest = out.scope + of.kind + upper(name)
  const base = `${out.collectionPath}/{name}/${name}`
  for (const [path, suffix] of name === 'proxy'
    ? ([
        [base, ''],
        [`${base}/{path}`, 'WithPath'],
      ] as const)
    : ([[base, '']] as const)) {
    for (const method of connectMethods[name] ?? ['get', 'post']) {
      const isLog = name === 'log'
      const parts = {
        path,
        method,
        action: isLog ? 'get' : 'connect',
        query: connectQuery[name] ?? [],
        gvk: { group, version, kind },
        result: undefined,
      }
      out.add(parts, isLog ? 'read' : 'connect', isLog ? rest : upper(method) + rest + suffix)
    }
  }
}

function subresourceOperations(sub: DocumentedSubresource, of: DocumentedResource, out: OperationList): void {
  const path = `${out.collectionPath}/{name}/${sub.name}`
  const { group, version, kind } = sub
  const common = { path, gvk: { group, version, kind }, result: sub.type }
  const rest = out.scope + of.kind + upper(sub.name)
  if (sub.connects) return connectOperations(sub, of, out)
  const has = (verb: string): boolean => sub.verbs.includes(verb)
  if (has('get')) out.add({ ...common, method: 'get', action: 'get' }, 'read', rest)
  if (has('create'))
    out.add(
      { ...common, method: 'post', action: 'post', query: writeQuery, body: sub.type, codes: [200, 201, 202] },
      'create',
      rest,
    )
  if (has('update'))
    out.add(
      { ...common, method: 'put', action: 'put', query: writeQuery, body: sub.type, codes: [200, 201] },
      'replace',
      rest,
    )
  if (has('patch'))
    out.add(
      {
        ...common,
        method: 'patch',
        action: 'patch',
        query: [...writeQuery, 'force'],
        body: `${meta}Patch`,
        patchTypes: out.patchTypes,
        codes: [200, 201],
      },
      'patch',
      rest,
    )
}

/** The operations of a resource and its subresources. */
export function operationsOf(of: DocumentedResource): readonly Operation[] {
  const out = new OperationList(of)
  collectionOperations(of, out)
  itemOperations(of, out)
  for (const sub of of.subresources) subresourceOperations(sub, of, out)
  return out.operations
}
