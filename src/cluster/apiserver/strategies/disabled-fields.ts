/**
 * Fields of features that v1.36 leaves switched off: dropped in silence, unless the object already had them. Annotations that
 * spoke of init containers before Kubernetes 1.8 are dropped from pods and templates always (conversion of core/v1, v1.36).
 */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, withMember } from '../api-object.ts'
import { podSpecPath } from '../pod-spec-path.ts'
import type { Strategy } from './strategy.ts'

/** Members of other kinds. */
const disabledPaths: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'apps/statefulsets': [['spec', 'updateStrategy', 'rollingUpdate', 'maxUnavailable']],
  'storage.k8s.io/csidrivers': [['spec', 'preventPodSchedulingIfMissing']],
  '/nodes': [['status', 'config']],
  'coordination.k8s.io/leases': [
    ['spec', 'strategy'],
    ['spec', 'preferredHolder'],
  ],
}

/** The value with what is at `path` replaced; everything around is copied. */
function withAt<T extends object>(value: T, path: readonly string[], change: (at: unknown) => unknown): T {
  const [first = '', ...rest] = path
  const member = (value as JsonObject)[first]
  if (rest.length === 0) return withMember(value, first, change(member))
  return withMember(value, first, withAt((member ?? {}) as object, rest, change))
}

function isAt(value: unknown, path: readonly string[]): boolean {
  return objectAt(value, ...path.slice(0, -1))[path.at(-1) ?? ''] !== undefined
}

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const
const disabledSources = ['clusterTrustBundle', 'podCertificate'] as const
const stopSignal = ['lifecycle', 'stopSignal']

const sourcesOf = (volume: JsonObject): readonly JsonObject[] => listAt(volume, 'projected', 'sources')

function hasSource(spec: JsonObject, source: string): boolean {
  return listAt(spec, 'volumes').some((volume) => sourcesOf(volume).some((one) => one[source] !== undefined))
}

function withoutSource(spec: JsonObject, source: string): JsonObject {
  const volumes = listAt(spec, 'volumes').map((volume) => {
    if (!sourcesOf(volume).some((one) => one[source] !== undefined)) return volume
    return withAt(volume, ['projected', 'sources'], () =>
      sourcesOf(volume).map((one) => withMember(one, source, undefined)),
    )
  })
  return { ...spec, volumes }
}

function hasStopSignal(spec: JsonObject): boolean {
  return containerLists.some((list) => listAt(spec, list).some((container) => isAt(container, stopSignal)))
}

/** A life cycle that said nothing else goes with the signal. */
function withoutStopSignal(container: JsonObject): JsonObject {
  if (!isAt(container, stopSignal)) return container
  const { stopSignal: _, ...lifecycle } = objectAt(container, 'lifecycle')
  return withMember(container, 'lifecycle', Object.keys(lifecycle).length === 0 ? undefined : lifecycle)
}

function withoutStopSignals(spec: JsonObject): JsonObject {
  let out = spec
  for (const list of containerLists)
    if (spec[list] !== undefined) out = { ...out, [list]: listAt(spec, list).map(withoutStopSignal) }
  return out
}

/** The specification of a pod without what is switched off and `old` does not use; itself when there is nothing to drop. */
export function withoutDisabled(spec: JsonObject, old: JsonObject): JsonObject {
  let out = spec
  for (const source of disabledSources)
    if (hasSource(out, source) && !hasSource(old, source)) out = withoutSource(out, source)
  if (hasStopSignal(out) && !hasStopSignal(old)) out = withoutStopSignals(out)
  if (out['schedulingGroup'] !== undefined && old['schedulingGroup'] === undefined)
    out = withMember(out, 'schedulingGroup', undefined)
  return out
}

const initContainerKeys = ['beta', 'alpha'].flatMap((stage) =>
  ['init-containers', 'init-container-statuses'].map((what) => `pod.${stage}.kubernetes.io/${what}`),
)

/** The object without those annotations on the metadata that stands beside the specification of its pod. */
function withoutInitAnnotations(object: ApiObject, specPath: readonly string[]): ApiObject {
  const at = [...specPath.slice(0, -1), 'metadata', 'annotations']
  const annotations = objectAt(object, ...at)
  const dropped = initContainerKeys.filter((key) => annotations[key] !== undefined)
  if (dropped.length === 0) return object
  const kept = Object.entries(annotations).filter(([key]) => !dropped.includes(key))
  return withAt(object, at, () => (kept.length === 0 ? undefined : Object.fromEntries(kept)))
}

function enabledPart(name: string, object: ApiObject, old: ApiObject | undefined): ApiObject {
  let out = object
  for (const path of disabledPaths[name] ?? [])
    if (isAt(out, path) && !isAt(old, path)) out = withAt(out, path, () => undefined)
  const specPath = podSpecPath(name)
  if (specPath === undefined) return out
  out = withoutInitAnnotations(out, specPath)
  const spec = objectAt(out, ...specPath)
  const kept = withoutDisabled(spec, objectAt(old, ...specPath))
  return kept === spec ? out : withAt(out, specPath, () => kept)
}

/** The strategy with these fields dropped before it prepares anything. @param name `GROUP/RESOURCE`. */
export function droppingDisabled(name: string, strategy: Partial<Strategy>): Partial<Strategy> {
  if (podSpecPath(name) === undefined && disabledPaths[name] === undefined) return strategy
  const { prepareCreate, prepareUpdate } = strategy
  return {
    ...strategy,
    prepareCreate: (object, context) => {
      const kept = enabledPart(name, object, undefined)
      return prepareCreate?.(kept, context) ?? kept
    },
    prepareUpdate: (next, old, context) => {
      const kept = enabledPart(name, next, old)
      return prepareUpdate?.(kept, old, context) ?? kept
    },
  }
}
