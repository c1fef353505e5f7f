/** Discovery documents: /api and /apis in the legacy and in the aggregated form, made anew when the resources change. */
import { digestHex, digestOf } from '#base/data/digest.ts'
import { builtInKinds, groupVersionText, type Subresource } from '#spec/kubernetes/schema/kinds.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { compareVersions } from './compare-versions.ts'
import type { ServedResource, ServedResources } from '../served-resource.ts'

/** One version of one group with its resources in order. */
export interface DiscoveredVersion {
  readonly version: string
  readonly resources: readonly ServedResource[]
  /** Of a version that another server serves: its resources in the aggregated form, and whether it was asked lately. */
  readonly remote?: { readonly resources: readonly JsonObject[]; readonly isFresh: boolean }
}

export interface DiscoveredGroup {
  readonly group: string
  /** Preferred first. */
  readonly versions: readonly DiscoveredVersion[]
}

/** Groups in discovery order: built-in ones as upstream orders them, custom ones by name at the end. */
export function discoveredGroups(resources: ServedResources): readonly DiscoveredGroup[] {
  const byVersion = Map.groupBy(resources.all(), (row) => row.apiVersion)
  const sorted = (apiVersion: string): readonly ServedResource[] =>
    (byVersion.get(apiVersion) ?? []).toSorted((a, b) => (a.resource < b.resource ? -1 : 1))
  const builtIn = builtInKinds.servedGroups().map(({ group, versions }) => ({
    group,
    versions: versions.map((version) => ({ version, resources: sorted(groupVersionText({ group, version })) })),
  }))
  const known = new Set(builtIn.map(({ group }) => group))
  const custom = new Map<string, DiscoveredVersion[]>()
  for (const [apiVersion, rows] of byVersion) {
    const [row] = rows
    if (row === undefined || known.has(row.group)) continue
    custom.set(row.group, [...(custom.get(row.group) ?? []), { version: row.version, resources: sorted(apiVersion) }])
  }
  const added = [...custom].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [
    ...builtIn,
    ...added.map(([group, versions]) => ({
      group,
      versions: versions.toSorted((a, b) => compareVersions(a.version, b.version)),
    })),
  ]
}

/** `/api`. */
export function apiVersions(serverAddress: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

function groupDocument({ group, versions }: DiscoveredGroup): JsonObject {
  const list = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: list, preferredVersion: list[0] }
}

/** `/apis`. */
export function apiGroupList(groups: readonly DiscoveredGroup[]): JsonObject {
  const named = groups.filter(({ group }) => group !== '').map(groupDocument)
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named }
}

/** `/apis/GROUP`. */
export function apiGroup(group: DiscoveredGroup): JsonObject {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group) }
}

function subresourceGroup(sub: Subresource, of: ServedResource): object {
  const group = sub.group ?? of.group
  const version = sub.version ?? of.version
  return group === of.group && version === of.version ? {} : { group, version }
}

/** `/api/v1`, `/apis/GROUP/VERSION`. */
export function apiResourceList(groupVersion: string, resources: readonly ServedResource[]): JsonObject {
  const rows = resources.flatMap((row) => {
    const { info, namespaced } = row
    const main = {
      name: row.resource,
      singularName: info.singular,
      namespaced,
      kind: row.kind,
      verbs: info.verbs,
      ...(info.shortNames === undefined ? {} : { shortNames: info.shortNames }),
      ...(info.categories === undefined ? {} : { categories: info.categories }),
      ...(info.storageVersionHash === undefined ? {} : { storageVersionHash: info.storageVersionHash }),
    }
    const subs = (info.subresources ?? []).map((sub) => ({
      name: `${row.resource}/${sub.name}`,
      singularName: '',
      namespaced,
      ...subresourceGroup(sub, row),
      kind: sub.kind,
      verbs: sub.verbs,
    }))
    return [main, ...inShownOrder(row, subs)]
  })
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: rows }
}

/** Subresources by name; those of custom resources as their definition has them: status, then scale. */
function inShownOrder<T extends { readonly name: string } | { readonly subresource: string }>(
  { custom }: ServedResource,
  subs: readonly T[],
): readonly T[] {
  if (custom !== undefined) return subs
  const nameOf = (sub: T): string => ('name' in sub ? sub.name : sub.subresource)
  return subs.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

function aggregatedResource(row: ServedResource): JsonObject {
  const { info, group, version, kind } = row
  const subs = (info.subresources ?? []).map((sub) => ({
    subresource: sub.name,
    responseKind: { group: sub.group ?? group, version: sub.version ?? version, kind: sub.kind },
    verbs: sub.verbs,
  }))
  return {
    resource: row.resource,
    responseKind: { group, version, kind },
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: info.singular,
    verbs: info.verbs,
    ...(info.shortNames === undefined ? {} : { shortNames: info.shortNames }),
    ...(info.categories === undefined ? {} : { categories: info.categories }),
    ...(subs.length === 0 ? {} : { subresources: inShownOrder(row, subs) }),
  }
}

/** The aggregated form of /api (`isCore`) or /apis. */
export function aggregatedDiscovery(groups: readonly DiscoveredGroup[], isCore: boolean, version: string): JsonObject {
  const items = groups
    .filter(({ group }) => (group === '') === isCore)
    .map(({ group, versions }) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((one) => ({
        version: one.version,
        resources: one.remote?.resources ?? one.resources.map(aggregatedResource),
        freshness: one.remote?.isFresh === false ? 'Stale' : 'Current',
      })),
    }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
}

/** The entity tag of a document, as upstream writes it. */
export function entityTag(bytes: Uint8Array): string {
  return `"${digestHex(digestOf(bytes)).toUpperCase()}"`
}
