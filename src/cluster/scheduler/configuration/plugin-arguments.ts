/** The arguments of single plugins as a KubeSchedulerProfile writes them, their rules and defaults (v1.36). */
import { array, object } from '#base/schema/composites.ts'
import { boolean, integer, literal, oneOf, optional, refine, string, withDefault } from '#base/schema/scalars.ts'
import type { Schema } from '#base/schema/schema.ts'
import { parseWith } from '#base/schema/validate.ts'
import type { NodeAffinity } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { PluginArgs } from '../default-plugins.table.ts'
import { defaultPreemptionArgs, type PreemptionArgs } from '../preempt.ts'
import type { ShapePoint } from '../plugins/fit-strategies.ts'
import { systemConstraints } from '../plugins/pod-topology-spread.ts'
import { cpuAndMemory, type WeighedResource } from '../plugins/scored-resources.ts'
import { defaultBindMostMs } from '../plugins/volume-binding.ts'

/** What the arguments of all plugins of a profile come to. */
export interface ProfileArgs {
  readonly plugins: PluginArgs
  readonly preemption: PreemptionArgs
}

export const defaultProfileArgs: ProfileArgs = { plugins: {}, preemption: defaultPreemptionArgs }

const version = 'kubescheduler.config.k8s.io/v1'
const head = <K extends string>(kind: K) => ({ apiVersion: optional(literal(version)), kind: optional(literal(kind)) })
const strings = withDefault(array(string()), [])

const shape: Schema<readonly ShapePoint[]> = refine(
  array(object({ utilization: integer({ min: 0, max: 100 }), score: integer({ min: 0, max: 10 }) }), { lengthMin: 1 }),
  (points) =>
    points.every(({ utilization }, index) => index === 0 || utilization > (points[index - 1]?.utilization ?? 0))
      ? undefined
      : 'values must be sorted in increasing order',
)

const weighed = (most: number): Schema<readonly WeighedResource[]> =>
  withDefault(array(object({ name: string(), weight: withDefault(integer({ min: 1, max: most }), 1) })), cpuAndMemory)

const group: Schema<string> = refine(string(), (name) =>
  name.includes('/') ? "resource group name can't contain '/'" : undefined,
)

const strategy = refine(
  object({
    type: withDefault(oneOf('LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'), 'LeastAllocated'),
    resources: weighed(100),
    requestedToCapacityRatio: optional(object({ shape })),
  }),
  ({ type, requestedToCapacityRatio: ratio }) => {
    if (type === 'RequestedToCapacityRatio') return ratio === undefined ? `needs requestedToCapacityRatio` : undefined
    return ratio === undefined ? undefined : 'requestedToCapacityRatio belongs to the type of that name'
  },
)

const fit = object({
  ...head('NodeResourcesFitArgs'),
  ignoredResources: strings,
  ignoredResourceGroups: withDefault(array(group), []),
  scoringStrategy: withDefault(strategy, { type: 'LeastAllocated', resources: cpuAndMemory } as const),
})

const constraint = object({
  maxSkew: integer({ min: 1 }),
  topologyKey: string({ lengthMin: 1 }),
  whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
})

const spread = refine(
  object({
    ...head('PodTopologySpreadArgs'),
    defaultConstraints: withDefault(array(constraint), []),
    defaultingType: withDefault(oneOf('System', 'List'), 'System'),
  }),
  ({ defaultConstraints, defaultingType }) =>
    defaultingType === 'System' && defaultConstraints.length > 0
      ? 'defaultConstraints need defaultingType List'
      : undefined,
)

const interPodAffinity = object({
  ...head('InterPodAffinityArgs'),
  hardPodAffinityWeight: withDefault(integer({ min: 0, max: 100 }), 1),
  ignorePreferredTermsOfExistingPods: withDefault(boolean(), false),
})

const preemption = refine(
  object({
    ...head('DefaultPreemptionArgs'),
    minCandidateNodesPercentage: withDefault(integer({ min: 0, max: 100 }), defaultPreemptionArgs.leastPercent),
    minCandidateNodesAbsolute: withDefault(integer({ min: 0 }), defaultPreemptionArgs.leastNodes),
  }),
  ({ minCandidateNodesPercentage: percent, minCandidateNodesAbsolute: nodes }) =>
    percent === 0 && nodes === 0 ? 'one of the two has to be above zero' : undefined,
)

const requirement = object({
  key: string({ lengthMin: 1 }),
  operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'),
  values: optional(array(string())),
})
const term = object({
  matchExpressions: optional(array(requirement)),
  matchFields: optional(array(requirement)),
})

const nodeAffinity = object({
  ...head('NodeAffinityArgs'),
  addedAffinity: optional(
    object({
      requiredDuringSchedulingIgnoredDuringExecution: optional(
        object({ nodeSelectorTerms: array(term, { lengthMin: 1 }) }),
      ),
      preferredDuringSchedulingIgnoredDuringExecution: optional(
        array(object({ weight: integer({ min: 1, max: 100 }), preference: term })),
      ),
    }),
  ),
})

const balanced = object({ ...head('NodeResourcesBalancedAllocationArgs'), resources: weighed(1) })
const volumes = object({
  ...head('VolumeBindingArgs'),
  bindTimeoutSeconds: withDefault(integer({ min: 0 }), defaultBindMostMs / 1000),
})

/** Reads one plugin's arguments into the profile's. */
type Read = (document: unknown, what: string, so: ProfileArgs) => ProfileArgs

const withPlugin = (so: ProfileArgs, args: PluginArgs): ProfileArgs => ({ ...so, plugins: { ...so.plugins, ...args } })

const readers: Readonly<Record<string, Read>> = {
  NodeResourcesFit: (document, what, so) => {
    const { scoringStrategy, ignoredResources, ignoredResourceGroups } = parseWith(fit, document, what)
    const { type, resources, requestedToCapacityRatio } = scoringStrategy
    const line = requestedToCapacityRatio?.shape ?? []
    const ignored = { ignoredResources, ignoredGroups: ignoredResourceGroups }
    return withPlugin(so, { fit: { strategy: type, resources, shape: line, ...ignored } })
  },
  NodeResourcesBalancedAllocation: (document, what, so) =>
    withPlugin(so, { balanced: parseWith(balanced, document, what).resources }),
  NodeAffinity: (document, what, so) => {
    const { addedAffinity } = parseWith(nodeAffinity, document, what)
    return addedAffinity === undefined ? so : withPlugin(so, { addedAffinity: addedAffinity as NodeAffinity })
  },
  InterPodAffinity: (document, what, so) => {
    const args = parseWith(interPodAffinity, document, what)
    const { hardPodAffinityWeight: hardWeight, ignorePreferredTermsOfExistingPods: ignoresLikesOfPlaced } = args
    return withPlugin(so, { interPodAffinity: { hardWeight, ignoresLikesOfPlaced } })
  },
  PodTopologySpread: (document, what, so) => {
    const { defaultingType, defaultConstraints } = parseWith(spread, document, what)
    return withPlugin(so, { spread: defaultingType === 'System' ? systemConstraints : defaultConstraints })
  },
  VolumeBinding: (document, what, so) =>
    withPlugin(so, { bindMostMs: parseWith(volumes, document, what).bindTimeoutSeconds * 1000 }),
  DefaultPreemption: (document, what, so) => {
    const args = parseWith(preemption, document, what)
    const { minCandidateNodesPercentage: leastPercent, minCandidateNodesAbsolute: leastNodes } = args
    return { ...so, preemption: { leastPercent, leastNodes } }
  },
}

/**
 * Reads the arguments of one plugin; `what` opens messages. Plugins without arguments keep what they are given to themselves.
 * @throws GantryError SCHEMA_INVALID.
 */
export function readPluginArgs(
  so: ProfileArgs,
  { name, document = {}, what }: { readonly name: string; readonly document?: unknown; readonly what: string },
): ProfileArgs {
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined
  return read === undefined ? so : read(document, what, so)
}
