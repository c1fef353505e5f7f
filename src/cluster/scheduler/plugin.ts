/**
 * The framework's extension points. A plugin is a value with some of them; its work for one pod starts in `preFilter` or
 * `preScore`, which return closures over what they worked out, so that nothing is looked up by name in the hot loop.
 * Order and meaning are upstream's (scheduling framework, v1.36).
 */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ClusterObjects } from './cluster-objects.ts'
import type { Diagnosis } from './fit-error.ts'
import type { KnownNode, NodeTable } from './node-table.ts'
import type { PodRecord } from './pod-record.ts'
import type { Rejection } from './rejection.ts'

/** What ends the attempt to place a pod: a filter that cannot tell about a node, in the framework's words. */
export function filterFault(plugin: string, error: unknown): GantryError {
  return new GantryError('SCHEDULER_FILTER', 'internal', `running "${plugin}" filter plugin: ${messageOf(error)}`, {
    cause: error,
    remedy: 'Mend what the message names; the pod is tried again by itself.',
  })
}

/** What a plugin may look at. */
export interface Cycle {
  readonly table: NodeTable
  readonly objects: ClusterObjects
  readonly nowMs: number
}

/** What `preFilter` found out about a pod. */
export interface Filtering {
  /** Only these nodes can do. */
  readonly onlyNodes?: ReadonlySet<string>
  /** Says no to a node, or nothing. */
  readonly check?: (entry: KnownNode) => Rejection | undefined
  /**
   * What `check` asks for, where it looks at nothing but this and the one node with its pods: its answer is then good for
   * every pod that asks the same, as long as the node stays as it is. Left out, every pod asks anew.
   */
  readonly question?: string
  /** Another pod is taken away from (-1) or put on (1) a node to see what would be then; the table has it already. */
  readonly whatIf?: (pod: PodRecord, entry: KnownNode, by: 1 | -1) => void
}

/** What a plugin found out in a cycle. */
export interface ActiveFilter {
  readonly plugin: string
  readonly filtering: Filtering
}

/** What `preScore` found out about a pod. */
export interface Scoring {
  /** Any number; the higher the better. */
  readonly score: (entry: KnownNode) => number
  /** As for `check`. */
  readonly question?: string
  /** Brings the scores of all nodes into 0 to 100, in place. Left out, they are in it already. */
  readonly normalize?: (scores: Float64Array, entries: readonly KnownNode[]) => void
}

export type Permission = 'allow' | Rejection | { readonly waitMs: number }

/** Kinds of change that can make a pod schedulable. */
export type ChangeKind =
  | 'pod-added'
  | 'pod-deleted'
  /** Labels of a placed pod are others. */
  | 'pod-changed'
  /** A placed pod asks for less than before. */
  | 'pod-shrunk'
  | 'own-pod-changed'
  | 'pod-status'
  | 'node-added'
  | 'node-changed'
  | 'claim'
  | 'volume'
  | 'storage-class'
  | 'csi-node'
  | 'csi-driver'
  | 'storage-capacity'
  | 'resource-claim'
  | 'resource-slice'
  | 'device-class'
  | 'namespace'
  | 'everything'

export interface ClusterChange {
  readonly kind: ChangeKind
  readonly object?: KubernetesObject
  readonly previous?: KubernetesObject
  /** The placed pod that changed, as it is and as it was. */
  readonly pod?: PodRecord
  readonly podBefore?: PodRecord
}

/** Whether a change is worth another attempt of a pod that the plugin rejected. */
export type QueueingHint = (pod: PodRecord, change: ClusterChange) => boolean

/** What a plugin does for a pod that no node suits. */
export interface PostFiltered {
  readonly message: string
  readonly act?: () => Promise<void>
}

export interface Plugin {
  readonly name: string
  /** Keeps a pod out of the queue; asked again when the pod or something in `hints` changes. */
  readonly preEnqueue?: (pod: PodRecord, objects: ClusterObjects) => Rejection | undefined
  /** Below zero when `a` goes first. */
  readonly compare?: (a: Queued, b: Queued) => number
  /** Undefined: the plugin does not care about this pod. */
  readonly preFilter?: (pod: PodRecord, cycle: Cycle) => Filtering | Rejection | undefined
  /** No node suits the pod: says what the plugin can do about it, and how it is done. */
  readonly postFilter?: (pod: PodRecord, cycle: Cycle, diagnosis: Diagnosis) => PostFiltered
  readonly preScore?: (pod: PodRecord, cycle: Cycle, entries: readonly KnownNode[]) => Scoring | undefined
  readonly reserve?: (pod: PodRecord, entry: KnownNode, cycle: Cycle) => Rejection | undefined
  readonly unreserve?: (pod: PodRecord, nodeName: string) => void
  readonly permit?: (pod: PodRecord, nodeName: string) => Permission
  /** True when `preBind` has something to do that may take its time: the pod is told its node before. */
  readonly prepares?: (pod: PodRecord) => boolean
  readonly preBind?: (pod: PodRecord, nodeName: string, signal: AbortSignal) => Promise<void>
  /** False leaves the binding to the next plugin. */
  readonly bind?: (pod: PodRecord, nodeName: string) => Promise<boolean>
  readonly postBind?: (pod: PodRecord, nodeName: string) => void
  /** Changes that may lift this plugin's rejections. */
  readonly hints?: Partial<Record<ChangeKind, QueueingHint | true>>
}

/** What the order of the queue goes by. */
export interface Queued {
  readonly priority: number
  readonly sinceMs: number
  readonly sequence: number
}

/** Scales scores so that the highest is 100 (upstream's DefaultNormalizeScore); `reverse` turns them round. */
export function normalizeToHighest(scores: Float64Array, reverse: boolean): void {
  let highest = 0
  for (const score of scores) if (score > highest) highest = score
  for (let index = 0; index < scores.length; index++) {
    const scaled = highest === 0 ? 0 : Math.trunc(((scores[index] ?? 0) * 100) / highest)
    scores[index] = reverse ? 100 - scaled : scaled
  }
}
