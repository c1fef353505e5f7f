/** The pod of a daemon set for one node, and whether the node wants it (pkg/controller/daemon, v1.36). */
import type { DaemonSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Node, Pod, PodSpec, Toleration } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { meetsNodeAffinity, untoleratedTaint } from '../nodes/node-fit.ts'
import { podFromTemplate } from '../workloads/pod-from-template.ts'
import { revisionHashLabel } from '../workloads/revisions.ts'

const generationAnnotation = 'deprecated.daemonset.template.generation'

function exists(key: string, effect: 'NoExecute' | 'NoSchedule'): Toleration {
  return { key, operator: 'Exists', effect }
}

/** What every daemon pod tolerates: it belongs on its node also when the node is in trouble. */
function tolerationsFor(spec: PodSpec): readonly Toleration[] {
  const added = [
    exists('node.kubernetes.io/not-ready', 'NoExecute'),
    exists('node.kubernetes.io/unreachable', 'NoExecute'),
    exists('node.kubernetes.io/disk-pressure', 'NoSchedule'),
    exists('node.kubernetes.io/memory-pressure', 'NoSchedule'),
    exists('node.kubernetes.io/pid-pressure', 'NoSchedule'),
    exists('node.kubernetes.io/unschedulable', 'NoSchedule'),
    ...(spec.hostNetwork === true ? [exists('node.kubernetes.io/network-unavailable', 'NoSchedule')] : []),
  ]
  const own = spec.tolerations ?? []
  const isOwn = (one: Toleration): boolean =>
    own.some(({ key, effect, operator }) => key === one.key && effect === one.effect && operator === one.operator)
  return [...own, ...added.filter((one) => !isOwn(one))]
}

/** Whether a pod should be made on a node, and whether one that is there may stay. */
export function nodeWants(set: DaemonSet, node: Node): { readonly shouldRun: boolean; readonly mayStay: boolean } {
  const spec = set.spec.template.spec ?? { containers: [] }
  const named = spec.nodeName === undefined || spec.nodeName === '' || spec.nodeName === node.metadata.name
  if (!named || !meetsNodeAffinity(spec, node)) return { shouldRun: false, mayStay: false }
  const tolerations = tolerationsFor(spec)
  const mayStay = untoleratedTaint(node.spec?.taints, tolerations, ['NoExecute']) === undefined
  const shouldRun = untoleratedTaint(node.spec?.taints, tolerations, ['NoExecute', 'NoSchedule']) === undefined
  return { shouldRun, mayStay }
}

/** The node that a daemon pod is on or is meant for. */
export function nodeOf(pod: Pod): string {
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== '') return pod.spec.nodeName
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const fields = (required?.nodeSelectorTerms ?? []).flatMap((term) => term.matchFields ?? [])
  return fields.find((field) => field.key === 'metadata.name')?.values?.[0] ?? ''
}

/** The pod for a node: the scheduler may put it nowhere else. */
export function daemonPod(set: DaemonSet, hash: string, node: string): Pod {
  const owner = { ...set, apiVersion: 'apps/v1', kind: 'DaemonSet' }
  const pod = podFromTemplate(owner, set.spec.template)
  const generation = set.metadata.annotations?.[generationAnnotation]
  const labels = {
    ...pod.metadata.labels,
    ...(generation === undefined ? {} : { 'pod-template-generation': generation }),
    [revisionHashLabel]: hash,
  }
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] } as const]
  const before = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  // What the template requires of nodes was checked already; only the name is left to say.
  const nodeSelectorTerms = before === undefined ? [{ matchFields }] : before.map(() => ({ matchFields }))
  const nodeAffinity = {
    ...pod.spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  }
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    spec: { ...pod.spec, affinity: { ...pod.spec.affinity, nodeAffinity }, tolerations: tolerationsFor(pod.spec) },
  }
}
