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
import type { Conversion, CustomVersion, ResourceVersions } from './resource-versions.ts'
import type { Strategy } from './strategies/strategy.ts'
import { strategyOf } from './strategies/strategies.ts'
import { conversionOf, versionsOf } from './strategies/conversions.ts'

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
/** Whether a group is built in; those of definitions have no routes but what is defined in them. */
export function isOwnGroup(resources: ServedResources, group: string): boolean {
  for (const row of resources.all()) if (row.group === group) return row.custom === undefined
  return false
}

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
