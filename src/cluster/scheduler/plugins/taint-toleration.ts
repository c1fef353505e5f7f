/** Keeps pods off nodes whose taints they do not tolerate, and away from those with PreferNoSchedule taints. */
import { tolerates, untolerated } from '../node-match.ts'
import { finalRejection, normalizeToHighest, type Plugin } from '../plugin.ts'

/** One wording for all taints since v1.35: naming each would split the counts. */
const rejected = finalRejection('node(s) had untolerated taint(s)')
const hardEffects = ['NoSchedule', 'NoExecute']

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  preFilter: (pod) => ({
    check: (entry) =>
      untolerated(entry.node.spec.taints, pod.pod.spec.tolerations, hardEffects) === undefined ? undefined : rejected,
  }),
  preScore: (pod, _cycle, entries) => {
    const isPreferred = (effect: string): boolean => effect === 'PreferNoSchedule'
    if (!entries.some((entry) => entry.node.spec.taints?.some((taint) => isPreferred(taint.effect)))) return undefined
    const useful = (pod.pod.spec.tolerations ?? []).filter(({ effect = '' }) => effect === '' || isPreferred(effect))
    return {
      score: (entry) =>
        (entry.node.spec.taints ?? []).filter(
          (taint) => isPreferred(taint.effect) && !useful.some((toleration) => tolerates(toleration, taint)),
        ).length,
      normalize: (scores) => normalizeToHighest(scores, true),
    }
  },
  hints: { 'node-added': true, 'node-changed': true, 'own-pod-changed': true },
}
