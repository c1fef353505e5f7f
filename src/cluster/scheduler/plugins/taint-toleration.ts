/** Keeps pods off nodes whose taints they do not tolerate, and away from those with PreferNoSchedule taints. */
import { tolerates, untolerated } from '../node-match.ts'
import { normalizeToHighest, type Plugin, type QueueingHint } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'
import type { PodRecord } from '../pod-record.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** One wording for all taints since v1.35: naming each would split the counts. */
const rejected = finalRejection('node(s) had untolerated taint(s)')
const hardEffects = ['NoSchedule', 'NoExecute']

function isTolerated({ pod }: PodRecord, node: KubernetesObject): boolean {
  return untolerated((node as Node).spec.taints, pod.spec.tolerations, hardEffects) === undefined
}

/** A node helps when the pod tolerates it and did not before. */
const becomesTolerable: QueueingHint = (pod, { object, previous }) =>
  object === undefined || (isTolerated(pod, object) && (previous === undefined || !isTolerated(pod, previous)))

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  preFilter: (pod) => ({
    question: pod.tolerationsText,
    check: (entry) =>
      untolerated(entry.node.spec.taints, pod.pod.spec.tolerations, hardEffects) === undefined ? undefined : rejected,
  }),
  preScore: (pod, { table: { avoided } }, entries) => {
    const isPreferred = (effect: string): boolean => effect === 'PreferNoSchedule'
    if (avoided.size === 0 || !entries.some((entry) => avoided.has(entry))) return undefined
    const useful = (pod.pod.spec.tolerations ?? []).filter(({ effect = '' }) => effect === '' || isPreferred(effect))
    return {
      score: (entry) =>
        (entry.node.spec.taints ?? []).filter(
          (taint) => isPreferred(taint.effect) && !useful.some((toleration) => tolerates(toleration, taint)),
        ).length,
      normalize: (scores) => normalizeToHighest(scores, true),
    }
  },
  hints: { 'node-added': becomesTolerable, 'node-changed': becomesTolerable, 'own-pod-changed': true },
}
