/** The plugins of a profile in upstream's order, with the weights of their scores (v1.36). */
import type { NodeAffinity } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { balancedAllocation } from './plugins/balanced-allocation.ts'
import { dynamicResources, type ClaimWriter } from './plugins/dynamic-resources.ts'
import { imageLocality } from './plugins/image-locality.ts'
import { interPodAffinity, type InterPodAffinityArgs } from './plugins/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity.ts'
import { nodeDeclaredFeatures } from './plugins/node-declared-features.ts'
import { nodeName } from './plugins/node-name.ts'
import { nodePorts } from './plugins/node-ports.ts'
import { type FitArgs, nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts'
import { podTopologySpread, type ProfileConstraint } from './plugins/pod-topology-spread.ts'
import { prioritySort } from './plugins/priority-sort.ts'
import type { WeighedResource } from './plugins/scored-resources.ts'
import { schedulingGates } from './plugins/scheduling-gates.ts'
import { taintToleration } from './plugins/taint-toleration.ts'
import { volumeBinding, type VolumeWriter } from './plugins/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions.ts'
import { volumeZone } from './plugins/volume-zone.ts'
import type { WeighedPlugin } from './schedule-pod.ts'

export interface PluginWriters {
  readonly volumes: VolumeWriter
  readonly claims: ClaimWriter
}

/** For asking plugins where nothing is bound. */
export const noWriters: PluginWriters = {
  volumes: { carryOut: () => Promise.resolve() },
  claims: { reserve: () => Promise.resolve() },
}

/** What a profile may say about single plugins; the rest is upstream's defaults. */
export interface PluginArgs {
  readonly fit?: FitArgs
  readonly balanced?: readonly WeighedResource[]
  readonly addedAffinity?: NodeAffinity
  readonly interPodAffinity?: InterPodAffinityArgs
  readonly spread?: readonly ProfileConstraint[]
  readonly bindMostMs?: number
}

/** A fresh set; plugins that promise things to pods under way keep them for one scheduler. */
export function defaultPlugins(writers: PluginWriters, args: PluginArgs = {}): readonly WeighedPlugin[] {
  return [
    { plugin: schedulingGates, weight: 0 },
    { plugin: prioritySort, weight: 0 },
    { plugin: nodeUnschedulable, weight: 0 },
    { plugin: nodeName, weight: 0 },
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity(args.addedAffinity), weight: 2 },
    { plugin: nodePorts, weight: 0 },
    { plugin: nodeResourcesFit(args.fit), weight: 1 },
    { plugin: volumeRestrictions, weight: 0 },
    { plugin: nodeVolumeLimits, weight: 0 },
    { plugin: volumeBinding(writers.volumes, args.bindMostMs), weight: 0 },
    { plugin: volumeZone, weight: 0 },
    { plugin: podTopologySpread(args.spread), weight: 2 },
    { plugin: interPodAffinity(args.interPodAffinity), weight: 2 },
    { plugin: dynamicResources(writers.claims), weight: 0 },
    { plugin: balancedAllocation(args.balanced), weight: 1 },
    { plugin: imageLocality, weight: 1 },
    { plugin: nodeDeclaredFeatures, weight: 0 },
  ]
}
