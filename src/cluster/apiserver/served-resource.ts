/**
 * What is served: every built-in resource as one row with all that the generic handlers need, in discovery order, and
 * the resources that custom definitions add and take away while the server runs.
 */
import { builtInMergeTypes, type MergeType } from '#spec/kubernetes/apply/merge-type.ts'
import { printerOf } from '#spec/kubernetes/printers/table.ts'
import type { Printer } from '#spec/kubernetes/printers/cells.ts'
import { builtInKinds, groupVersionText, type ResourceKind } from '#spec/kubernetes/schema/kinds.ts'
import { builtInTypes, type SchemaType } from '#spec/kubernetes/schema/type-rows.ts'
import { type SelectableFields, selectableFieldsOf } from '#spec/kubernetes/selectors/selectable-fields.ts'
import type { JSONSchemaProps } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from './api-object.ts'
import type { Cause } from './status-errors.ts'
import type { Strategy } from './strategies/strategy.ts'
import { strategyOf } from './strategies/strategies.ts'
import { conversionOf, versionsOf } from './strategies/conversions.ts'

/** Turns stored objects into a served version and back. */
export interface Conversion {
  /** Group version that objects of this resource are stored in. */
  readonly storedVersion: string
  fromStored(object: ApiObject): ApiObject
  toStored(object: ApiObject): ApiObject
  /** Where converting means asking somebody else: fetches the answers that the two functions then give. */
  readonly ahead?: ConversionAhead
}

/** Converts before it is asked for. @throws 500 when the one who converts fails. */
export interface ConversionAhead {
  fromStored(objects: readonly ApiObject[]): Promise<void>
  toStored(object: ApiObject): Promise<void>
}

/** What a version of a resource says of its fields. */
export type VersionRow = Pick<ServedResource, 'mergeType' | 'strategy' | 'custom'>

/** The versions of a resource among each other, as managers of fields speak them. */
export interface ResourceVersions {
  knows(apiVersion: string): boolean
  /** A version, served or not; undefined for one that there is no more. @throws 500 where nothing can be one. */
  find(apiVersion: string): VersionRow | undefined
  /** An object in another version, as its converter gives it: not fitted to a schema. @throws 500 when that fails. */
  convert(object: ApiObject, apiVersion: string): ApiObject | Promise<ApiObject>
}

/** What the definition of a custom resource says of one of its versions. */
export interface CustomVersion {
  /** A body as the server keeps it, and what strict validation objects to (`unknown field "spec.nope"`). */
  decode(tree: JsonObject): { readonly value: JsonObject; readonly strictErrors: readonly string[] }
  /** What came of an apply: only its metadata is read anew. @throws `KUBERNETES_DECODE`. */
  withMetadata(tree: JsonObject): ApiObject
  withDefaults(object: ApiObject): ApiObject
  checkCreate(object: ApiObject): CustomVerdict
  /** `subresource` is `''` for the main resource. */
  checkUpdate(next: ApiObject, old: ApiObject, subresource: string): CustomVerdict
  /** As its definition has it; undefined for versions without one. */
  readonly schema: JSONSchemaProps | undefined
  /** Paths without their leading dot: `spec.color`. */
  readonly selectableFields: readonly string[]
  /** Told to everybody who uses the version. */
  readonly deprecation: string | undefined
  /** Where the scale subresource finds its numbers. */
  readonly scale: CustomScale | undefined
}

/** What is wrong with an object, and what was wrong with it before. */
export interface CustomVerdict {
  readonly causes: readonly Cause[]
  readonly warnings: readonly string[]
}

/** Paths without their leading dot: `spec.replicas`. */
export interface CustomScale {
  readonly specReplicas: string
  readonly statusReplicas: string
  readonly labelSelector: string | undefined
}

/** One resource in one version. */
export interface ServedResource {
  readonly group: string
  readonly version: string
  readonly apiVersion: string
  readonly resource: string
  readonly kind: string
  readonly listKind: string
  readonly namespaced: boolean
  readonly info: ResourceKind
  /** The key of its collection: versions that share objects share it. */
  readonly storage: string
  /** Undefined for custom resources. */
  readonly type: SchemaType | undefined
  readonly mergeType: MergeType
  readonly printer: Printer
  readonly fields: SelectableFields
  readonly strategy: Strategy
  /** Undefined when this is the stored version. */
  readonly conversion: Conversion | undefined
  /** Undefined for resources of one version. */
  readonly versions: ResourceVersions | undefined
  /** False for reviews and other requests that are answered and forgotten. */
  readonly stored: boolean
  /** Undefined for built-in resources. */
  readonly custom?: CustomVersion
}

function serve(info: ResourceKind): ServedResource {
  const { group, version, resource, kind, namespaced } = info
  const type = builtInTypes.find(info.type)
  if (type === undefined) throw new Error(`no type for ${kind}`)
  const apiVersion = groupVersionText(info)
  const shared = group === 'events.k8s.io' && resource === 'events' ? '' : group
  return {
    group,
    version,
    apiVersion,
    resource,
    kind,
    namespaced,
    info,
    listKind: info.listKind ?? `${kind}List`,
    storage: `${shared}/${resource}`,
    type,
    mergeType: builtInMergeTypes.of(type),
    printer: printerOf(group, kind),
    fields: selectableFieldsOf(group, kind),
    strategy: strategyOf(group, resource),
    conversion: conversionOf(apiVersion, resource),
    versions: versionsOf(apiVersion, resource),
    stored: info.verbs.includes('get'),
  }
}

/** The resources of one server. */
export class ServedResources {
  readonly #rows = new Map<string, ServedResource>()
  readonly #kinds = new Map<string, ServedResource>()
  readonly #revisions = new Map<string, number>()
  #revision = 0

  constructor() {
    for (const info of builtInKinds.resources()) this.add(serve(info))
  }

  /** Rises with every change: what is derived from the rows (discovery, documents) is made anew then. */
  get revision(): number {
    return this.#revision
  }

  /** As `revision`, of what one group serves. */
  revisionOf(group: string): number {
    return this.#revisions.get(group) ?? 0
  }

  find(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#rows.get(`${group}/${version}/${resource}`)
  }

  findKind(apiVersion: string, kind: string): ServedResource | undefined {
    return this.#kinds.get(`${apiVersion} ${kind}`)
  }

  /** Every row, built-in ones first. */
  all(): IterableIterator<ServedResource> {
    return this.#rows.values()
  }

  add(row: ServedResource): void {
    this.#rows.set(`${row.group}/${row.version}/${row.resource}`, row)
    this.#kinds.set(`${row.apiVersion} ${row.kind}`, row)
    this.#revisions.set(row.group, ++this.#revision)
  }

  remove(row: ServedResource): void {
    this.#rows.delete(`${row.group}/${row.version}/${row.resource}`)
    this.#kinds.delete(`${row.apiVersion} ${row.kind}`)
    this.#revisions.set(row.group, ++this.#revision)
  }
}
