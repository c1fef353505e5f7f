/** The plugins of a profile in upstream's order, with the weights of their scores (v1.36). */
import { balancedAllocation } from './plugins/balanced-allocation.ts'
import { dynamicResources, type ClaimWriter } from './plugins/dynamic-resources.ts'
import { imageLocality } from './plugins/image-locality.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity.ts'
import { nodeDeclaredFeatures } from './plugins/node-declared-features.ts'
import { nodeName } from './plugins/node-name.ts'
import { nodePorts } from './plugins/node-ports.ts'
import { nodeResourcesFit, type ScoringStrategy } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts'
import { podTopologySpread } from './plugins/pod-topology-spread.ts'
import { prioritySort } from './plugins/priority-sort.ts'
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

/** A fresh set; plugins that promise things to pods under way keep them for one scheduler. */
export function defaultPlugins(writers: PluginWriters, strategy?: ScoringStrategy): readonly WeighedPlugin[] {
  return [
    { plugin: schedulingGates, weight: 0 },
    { plugin: prioritySort, weight: 0 },
    { plugin: nodeUnschedulable, weight: 0 },
    { plugin: nodeName, weight: 0 },
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity, weight: 2 },
    { plugin: nodePorts, weight: 0 },
    { plugin: nodeResourcesFit(strategy), weight: 1 },
    { plugin: volumeRestrictions, weight: 0 },
    { plugin: nodeVolumeLimits, weight: 0 },
    { plugin: volumeBinding(writers.volumes), weight: 0 },
    { plugin: volumeZone, weight: 0 },
    { plugin: podTopologySpread, weight: 2 },
    { plugin: interPodAffinity, weight: 2 },
    { plugin: dynamicResources(writers.claims), weight: 0 },
    { plugin: balancedAllocation, weight: 1 },
    { plugin: imageLocality, weight: 1 },
    { plugin: nodeDeclaredFeatures, weight: 0 },
  ]
}
