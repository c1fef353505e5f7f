/**
 * OpenAPI documents: one v3 document per group version, and the v2 document of everything. Built on demand from the table
 * and from what custom resources add; callers cache them (the digest of the text makes the `hash` of /openapi/v3).
 */
import { builtInKinds, groupVersionText, type ResourceKind, type Subresource } from '../schema/kinds.ts'
import {
  type DocumentedResource,
  type DocumentedSubresource,
  groupWord,
  type Operation,
  operationsOf,
  queryTypes,
  versionPath,
} from './operations.ts'
import { type Dialect, referenceTo, type Schema, SchemaWriter } from './type-schema.ts'
import type { DescribeType } from './type-words.ts'

/** Documents carry this version when the server does not say its own. */
const unversioned = 'unversioned'
const connecting: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy', 'log'])

export interface ExtraResources {
  readonly resources: readonly DocumentedResource[]
  /** Schemas by name, already in the wanted dialect. */
  readonly schemas: Readonly<Record<string, Schema>>
}
const nothing: ExtraResources = { resources: [], schemas: {} }

export interface DocumentOptions {
  /** Custom resources. */
  readonly extra?: ExtraResources | undefined
  /** Shown as the document's version. */
  readonly serverVersion?: string
  readonly describeType?: DescribeType | undefined
}

function documentedSubresource(sub: Subresource, of: ResourceKind): DocumentedSubresource {
  const group = sub.group ?? of.group
  const version = sub.version ?? of.version
  const type = builtInKinds.findKind(groupVersionText({ group, version }), sub.kind)?.type ?? of.type
  return { name: sub.name, verbs: sub.verbs, kind: sub.kind, group, version, type, connects: connecting.has(sub.name) }
}

/** A built-in resource as documents describe it. */
export function documentedResource(kind: ResourceKind): DocumentedResource {
  const list =
    kind.listKind === undefined ? undefined : builtInKinds.findKind(groupVersionText(kind), kind.listKind)?.type
  const { group, version, resource, namespaced, verbs, type } = kind
  const subresources = (kind.subresources ?? []).map((sub) => documentedSubresource(sub, kind))
  return {
    group,
    version,
    kind: kind.kind,
    resource,
    namespaced,
    verbs,
    type,
    listType: list,
    subresources,
    builtIn: true,
  }
}

const mediaTypes = (builtIn: boolean): readonly string[] =>
  builtIn
    ? ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
    : ['application/json', 'application/yaml']
const codeWords: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }
const scopeParameters = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')

/** Writes operations in one dialect. */
class PathWriter {
  readonly #dialect: Dialect
  readonly #reference: (name: string) => Schema

  constructor(dialect: Dialect, reference: (name: string) => Schema) {
    this.#dialect = dialect
    this.#reference = reference
  }

  paths(operations: readonly Operation[]): Record<string, Schema> {
    const out: Record<string, Record<string, unknown>> = {}
    for (const operation of operations) {
      const item = (out[operation.path] ??= { parameters: this.#pathParameters(operation.path) })
      item[operation.method] = this.#operation(operation)
    }
    return Object.fromEntries(Object.entries(out).sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #parameter(name: string, where: 'query' | 'path'): Schema {
    const type = queryTypes[name] ?? 'string'
    const place = { name, in: where, ...(where === 'path' ? { required: true } : {}) }
    return this.#dialect === 'v3'
      ? { ...place, schema: { type, uniqueItems: true } }
      : { uniqueItems: true, type, ...place }
  }

  #pathParameters(path: string): readonly Schema[] {
    return [...scopeParameters(path).map((name) => this.#parameter(name, 'path')), this.#parameter('pretty', 'query')]
  }

  #operation(operation: Operation): Schema {
    const { id, tag, action, gvk, query } = operation
    const parameters = query.map((name) => this.#parameter(name, 'query'))
    return {
      tags: [tag],
      operationId: id,
      ...(this.#dialect === 'v3' ? this.#bodyV3(operation, parameters) : this.#bodyV2(operation, parameters)),
      ...(action === '' ? {} : { 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': gvk }),
    }
  }

  #bodyV3(operation: Operation, parameters: readonly Schema[]): Schema {
    const { body, bodyRequired, patchTypes } = operation
    const types = patchTypes.length > 0 ? patchTypes : ['*/*']
    const requestBody =
      body === undefined
        ? {}
        : { requestBody: { content: this.#content(types, body), ...(bodyRequired ? { required: true } : {}) } }
    return { ...(parameters.length === 0 ? {} : { parameters }), ...requestBody, responses: this.#responses(operation) }
  }

  #content(types: readonly string[], name: string): Schema {
    return Object.fromEntries(types.map((type) => [type, { schema: this.#reference(name) }]))
  }

  #responses(operation: Operation): Schema {
    const { codes, result, builtIn, action } = operation
    const streams =
      action === 'list' && builtIn
        ? mediaTypes(builtIn)
            .filter((type) => type !== 'application/yaml')
            .map((type) => `${type};stream=watch`)
        : []
    const response = (code: number): Schema => {
      const description = codeWords[code] ?? ''
      if (this.#dialect === 'v2')
        return { description, schema: result === undefined ? { type: 'string' } : this.#reference(result) }
      const content =
        result === undefined
          ? { '*/*': { schema: { type: 'string' } } }
          : this.#content([...mediaTypes(builtIn), ...streams], result)
      return { description, content }
    }
    return {
      ...Object.fromEntries(codes.map((code) => [String(code), response(code)])),
      401: { description: 'Unauthorized' },
    }
  }

  #bodyV2(operation: Operation, parameters: readonly Schema[]): Schema {
    const { body, bodyRequired, patchTypes, result, builtIn } = operation
    const bodyParameter =
      body === undefined
        ? []
        : [{ name: 'body', in: 'body', ...(bodyRequired ? { required: true } : {}), schema: this.#reference(body) }]
    const all = [...bodyParameter, ...parameters]
    return {
      consumes: patchTypes.length > 0 ? patchTypes : ['*/*'],
      produces: result === undefined ? ['*/*'] : mediaTypes(builtIn),
      schemes: ['https'],
      ...(all.length === 0 ? {} : { parameters: all }),
      responses: this.#responses(operation),
    }
  }
}

/** The discovery endpoint of a group version that is built in; upstream documents none of custom resources. */
function discoveryOperation(of: { readonly group: string; readonly version: string }): Operation {
  const words = groupWord(of.group)
  return {
    path: `${versionPath(of)}/`,
    method: 'get',
    id: `get${words.slice(0, 1).toUpperCase()}${words.slice(1)}${of.version.slice(0, 1).toUpperCase()}${of.version.slice(1)}APIResources`,
    tag: `${words}_${of.version}`,
    action: '',
    gvk: { group: '', version: 'v1', kind: 'APIResourceList' },
    query: [],
    body: undefined,
    bodyRequired: false,
    patchTypes: [],
    codes: [200],
    result: 'io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList',
    builtIn: true,
  }
}

const bearerToken: Schema = {
  type: 'apiKey',
  description: 'Bearer Token authentication',
  name: 'authorization',
  in: 'header',
}
/** What upstream calls the document of a group of custom resources (apiextensions controller/openapi/builder, v1.36). */
const customTitle: Schema = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }

const patchName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'

/** A writer's reference that leaves alone what custom resources brought along, and knows the shapeless patch body. */
function referrer(writer: SchemaWriter, extra: ExtraResources, dialect: Dialect): (name: string) => Schema {
  return (name) =>
    Object.hasOwn(extra.schemas, name) || name === patchName ? referenceTo(name, dialect) : writer.reference(name)
}

/** The v3 document of a group version: built-in resources and those of `extra`. */
export function openApiV3(
  of: { readonly group: string; readonly version: string },
  { extra = nothing, serverVersion = unversioned, describeType }: DocumentOptions = {},
): Schema {
  const writer = new SchemaWriter('v3', [of], describeType)
  const reference = referrer(writer, extra, 'v3')
  const builtIn = builtInKinds.resourcesOf(groupVersionText(of)).map(documentedResource)
  const resources = [...builtIn, ...extra.resources]
  const operations = [...(builtIn.length > 0 ? [discoveryOperation(of)] : []), ...resources.flatMap(operationsOf)]
  const paths = new PathWriter('v3', reference).paths(operations)
  // Watches answer with events although no operation names them; documents of custom resources say nothing of them.
  if (builtIn.some((resource) => resource.verbs.includes('watch')))
    writer.reference('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent')
  if (extra.resources.length > 0) writer.reference('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
  const isCustom = builtIn.length === 0 && extra.resources.length > 0
  return {
    openapi: '3.0.0',
    info: isCustom ? customTitle : { title: 'Kubernetes', version: serverVersion },
    paths,
    components: {
      schemas: { ...writer.schemas(), [patchName]: { type: 'object' }, ...extra.schemas },
      ...(isCustom ? {} : { securitySchemes: { BearerToken: bearerToken } }),
    },
  }
}

/** The v2 document of all served group versions and `extra`. */
export function openApiV2({
  extra = nothing,
  serverVersion = unversioned,
  describeType,
}: DocumentOptions = {}): Schema {
  const versions = builtInKinds.served()
  const custom = [
    ...new Map(extra.resources.map(({ group, version }) => [`${group}/${version}`, { group, version }])).values(),
  ]
  const writer = new SchemaWriter('v2', [...versions, ...custom], describeType)
  const reference = referrer(writer, extra, 'v2')
  const resources = [...builtInKinds.resources().map(documentedResource), ...extra.resources]
  const operations = versions.map(discoveryOperation).concat(resources.flatMap(operationsOf))
  const paths = new PathWriter('v2', reference).paths(operations)
  writer.reference('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent')
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths,
    definitions: { ...writer.schemas(), [patchName]: { type: 'object' }, ...extra.schemas },
    securityDefinitions: { BearerToken: bearerToken },
    security: [{ BearerToken: [] }],
  }
}
