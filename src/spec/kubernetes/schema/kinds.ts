/**
 * Group versions, kinds and resources of the API in discovery order: what is served, under which names, with which verbs
 * and subresources (Kubernetes v1.36, every group version that is on by default).
 */
import { kindRows } from './kinds.generated.ts'
import { builtInTypes, type SchemaType } from './type-rows.ts'

/** `served` has resources under /api or /apis; `wire` and `meta` are payload kinds only; `aggregated` comes from an API service. */
export type GroupVersionRole = 'served' | 'wire' | 'meta' | 'aggregated'

export interface GroupVersion {
  readonly group: string
  readonly version: string
  readonly stability: 'stable' | 'beta' | 'alpha'
  readonly role: GroupVersionRole
  readonly groupPriority: number
  readonly versionPriority: number
}

export interface Subresource {
  readonly name: string
  /** The kind of its body, with group and version where they are not the parent's. */
  readonly kind: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
}

/** One kind. `resource` and what follows it are set only for kinds that are REST resources. */
export interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** OpenAPI name of its type. */
  readonly type: string
  readonly form: 'object' | 'list' | 'options' | 'other'
  readonly listKind?: string
  readonly resource?: string
  readonly singular?: string
  readonly namespaced?: boolean
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly verbs?: readonly string[]
  readonly subresources?: readonly Subresource[]
  readonly storageVersionHash?: string
}

/** A kind with a REST resource. */
export interface ResourceKind extends Kind {
  readonly resource: string
  readonly singular: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

/** `v1` or `apps/v1`. */
export function groupVersionText(of: { readonly group: string; readonly version: string }): string {
  return of.group === '' ? of.version : `${of.group}/${of.version}`
}

/** Splits an `apiVersion`. A text with two slashes is returned whole as the version, so that no lookup finds it. */
export function parseGroupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  if (slash < 0 || apiVersion.indexOf('/', slash + 1) >= 0) return { group: '', version: apiVersion }
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

// The aggregator serves its own group itself, right after the core group, whatever the numbers say.
const aggregatorGroup = 'apiregistration.k8s.io'

function rank(of: GroupVersion): number {
  if (of.group === '') return Number.MAX_SAFE_INTEGER
  return of.group === aggregatorGroup ? Number.MAX_SAFE_INTEGER - 1 : of.groupPriority
}

/** Discovery order: groups by priority, then name; versions of a group by priority. */
function compareGroupVersions(a: GroupVersion, b: GroupVersion): number {
  if (a.group !== b.group) return rank(b) - rank(a) || (a.group < b.group ? -1 : 1)
  return b.versionPriority - a.versionPriority
}

/** The kinds and group versions of one release; lookups are by exact text. */
export class KindTable {
  readonly groupVersions: readonly GroupVersion[]
  readonly kinds: readonly Kind[]
  readonly #byKind = new Map<string, Kind>()
  readonly #byResource = new Map<string, ResourceKind>()
  readonly #byVersion = new Map<string, GroupVersion>()

  constructor(text: string = kindRows) {
    const rows = JSON.parse(`[${text.replaceAll('\n', ',')}]`) as (Partial<Kind> & Partial<GroupVersion>)[]
    this.kinds = rows.filter((row): row is Kind => row.kind !== undefined)
    this.groupVersions = rows
      .filter((row) => row.kind === undefined)
      .map((row) => ({ groupPriority: 0, versionPriority: 0, ...row }) as GroupVersion)
      .sort(compareGroupVersions)
    for (const version of this.groupVersions) this.#byVersion.set(groupVersionText(version), version)
    for (const kind of this.kinds) {
      this.#byKind.set(`${groupVersionText(kind)} ${kind.kind}`, kind)
      if (isResourceKind(kind)) this.#byResource.set(`${groupVersionText(kind)} ${kind.resource}`, kind)
    }
  }

  /** Group versions with resources, in the order of /api and /apis. */
  served(): readonly GroupVersion[] {
    return this.groupVersions.filter((version) => version.role === 'served')
  }

  /** Served groups in discovery order, each with its versions, preferred first. */
  servedGroups(): readonly { readonly group: string; readonly versions: readonly string[] }[] {
    const groups = new Map<string, string[]>()
    for (const { group, version } of this.served()) groups.set(group, [...(groups.get(group) ?? []), version])
    return [...groups].map(([group, versions]) => ({ group, versions }))
  }

  findGroupVersion(apiVersion: string): GroupVersion | undefined {
    return this.#byVersion.get(apiVersion)
  }

  /** The kind of an `apiVersion` (`apps/v1`) and kind name (`Deployment`). */
  findKind(apiVersion: string, kind: string): Kind | undefined {
    return this.#byKind.get(`${apiVersion} ${kind}`)
  }

  /** The kind served as `resource` (plural) in an `apiVersion`. */
  findResource(apiVersion: string, resource: string): ResourceKind | undefined {
    return this.#byResource.get(`${apiVersion} ${resource}`)
  }

  /** Resources of one group version, alphabetical as in discovery. */
  resourcesOf(apiVersion: string): readonly ResourceKind[] {
    return this.kinds
      .filter((kind): kind is ResourceKind => isResourceKind(kind) && groupVersionText(kind) === apiVersion)
      .sort((a, b) => (a.resource < b.resource ? -1 : 1))
  }

  /** Every served resource in discovery order. */
  resources(): readonly ResourceKind[] {
    return this.served().flatMap((version) => this.resourcesOf(groupVersionText(version)))
  }
}

function isResourceKind(kind: Kind): kind is ResourceKind {
  return kind.resource !== undefined
}

/** The kinds of the release that Gantry serves. */
export const builtInKinds: KindTable = new KindTable()

/** The type of a built-in kind, or undefined when the kind is not built in. */
export function typeOfKind(apiVersion: string, kind: string): SchemaType | undefined {
  const found = builtInKinds.findKind(apiVersion, kind)
  return found === undefined ? undefined : builtInTypes.find(found.type)
}
