/** What tests of decisions share: small pods and nodes, and one cycle over them. */
import type { Node, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Random } from '#world/ports/random.ts'
import { type ClusterObjects, noObjects } from './cluster-objects.ts'
import { NodeTable } from './node-table.ts'
import { NominatedPods } from './nominated-pods.ts'
import { recordOf } from './pod-record.ts'
import { KeptAnswers } from './kept-answers.ts'
import { type Outcome, schedulePod } from './schedule-pod.ts'
import { afterFailure } from './after-failure.ts'
import { noWriters } from './default-plugins.table.ts'
import { fitErrorMessage } from './fit-error.ts'
import type { Preemption } from './preempt.ts'
import { defaultProfile, type SchedulerProfile } from './scheduler-config.ts'

export interface PodShape {
  readonly labels?: Record<string, string>
  readonly spec?: Partial<Pod['spec']>
  readonly cpu?: string
  readonly memory?: string
  readonly namespace?: string
  readonly status?: Pod['status']
}

export function somePod(name: string, shape: PodShape = {}): Pod {
  const requests: Record<string, string> = {}
  if (shape.cpu !== undefined) requests['cpu'] = shape.cpu
  if (shape.memory !== undefined) requests['memory'] = shape.memory
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: shape.namespace ?? 'default', uid: `uid-${name}`, labels: shape.labels ?? {} },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...shape.spec },
    ...(shape.status === undefined ? {} : { status: shape.status }),
  }
}

export function someNode(
  name: string,
  shape: {
    readonly labels?: Record<string, string>
    readonly spec?: Node['spec']
    readonly allocatable?: Record<string, string>
    readonly images?: NonNullable<Node['status']>['images']
  } = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...shape.labels } },
    spec: shape.spec ?? {},
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...shape.allocatable },
      ...(shape.images === undefined ? {} : { images: shape.images }),
    },
  }
}

const alwaysFirst: Random = { bytes: (count) => new Uint8Array(count), below: (limit) => limit - 1, float: () => 0 }
export interface Scene {
  readonly nodes: readonly Node[]
  /** Pods that are on nodes (by their nodeName). */
  readonly placed?: readonly Pod[]
  readonly objects?: Partial<ClusterObjects>
  /** The default one unless told. */
  readonly profile?: SchedulerProfile
}

/** What came of a cycle. */
export interface Decision {
  readonly node?: string
  readonly message?: string
  readonly preemption?: Preemption
}

/** One cycle over a scene: the node's name, or the message. */
export function decide(pod: Pod, scene: Scene): Decision {
  const table = new NodeTable()
  const objects = { ...noObjects, ...scene.objects }
  for (const node of scene.nodes) table.putNode(node)
  for (const placed of scene.placed ?? []) table.addPod(recordOf(placed, table.reader), placed.spec.nodeName ?? '')
  const record = recordOf(pod, table.reader)
  const nominated = new NominatedPods()
  const cycle = { table, objects, nowMs: 0 }
  const profile = scene.profile ?? defaultProfile
  const plugins = profile.plugins(noWriters)
  const outcome: Outcome = schedulePod(record, {
    cycle,
    config: { plugins, percentageOfNodesToScore: 0 },
    memory: { startIndex: 0 },
    answers: new KeptAnswers(),
    random: alwaysFirst,
    nominated,
  })
  if (outcome.found) return { node: outcome.entry.name }
  const { diagnosis, filters } = outcome
  const deps = { table, objects, random: alwaysFirst, nominated, filters, diagnosis }
  const { message, preemption } = afterFailure(record, { ...deps, cycle, plugins, preemption: profile.preemption })
  return { message: fitErrorMessage(diagnosis, message), ...(preemption === undefined ? {} : { preemption }) }
}
