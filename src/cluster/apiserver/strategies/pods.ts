/** Pods: Pending until a kubelet says otherwise, a QoS class from their resources, deleted with grace. */
import { qosClass } from '#spec/kubernetes/pods/qos-class.ts'
import { type ApiObject, equalJson, objectAt, textAt, withMember } from '../api-object.ts'
import { withAppArmorFields } from './app-armor.ts'
import { withMergedLabelKeys } from './merge-label-keys.ts'
import type { Strategy } from './strategy.ts'

export const podStrategy: Partial<Strategy> = {
  prepareCreate: (pod, { view, warn }) => ({
    ...withMergedLabelKeys(withAppArmorFields(pod, warn)),
    status: { phase: 'Pending', ...gatedConditions(pod, view.now()), qosClass: qosClass(objectAt(pod, 'spec')) },
  }),
  changesGeneration: (next, old) => !equalJson(next.spec, old.spec),
  prepareStatusUpdate: (next, old) => {
    const qosClass = objectAt(old, 'status')['qosClass']
    const status = { ...objectAt(next, 'status') }
    if (status['qosClass'] === undefined && qosClass !== undefined) status['qosClass'] = qosClass
    return withMember(next, 'status', status)
  },
  internalize: withOneAddress,
  graceSeconds: (pod, wanted) => graceOf(pod, wanted),
}

/** A pod with scheduling gates says at once why nobody schedules it. */
function gatedConditions(pod: ApiObject, now: string): object {
  const gates = objectAt(pod, 'spec')['schedulingGates']
  if (!Array.isArray(gates) || gates.length === 0) return {}
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null,
    lastTransitionTime: now,
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  }
  return { conditions: [condition] }
}

/** Seconds until the pod may be cut off: what was asked for, else its own; none where nothing runs. */
function graceOf(pod: ApiObject, wanted: number | undefined): number {
  const own = objectAt(pod, 'spec')['terminationGracePeriodSeconds']
  const phase = textAt(pod, 'status', 'phase')
  if (textAt(pod, 'spec', 'nodeName') === '' || phase === 'Failed' || phase === 'Succeeded') return 0
  const seconds = wanted ?? (typeof own === 'number' ? own : 30)
  return seconds < 0 ? 1 : seconds
}

/** `podIP` is the first of `podIPs`: who knows only the first changes only that one, and it counts. */
function withOneAddress(pod: ApiObject): ApiObject {
  const status = objectAt(pod, 'status')
  const podIPs: readonly unknown[] = Array.isArray(status['podIPs']) ? status['podIPs'] : []
  const first = (podIPs[0] as { readonly ip?: unknown } | undefined)?.ip
  const podIP = textAt(status, 'podIP')
  if (podIP === (first ?? '')) return pod
  const settled = podIP === '' ? { podIP: first } : { podIPs: [{ ip: podIP }] }
  return { ...pod, status: { ...status, ...settled } }
}
