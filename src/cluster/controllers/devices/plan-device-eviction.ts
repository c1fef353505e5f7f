/** Decides whether and when a pod has to go because a device of its claims is tainted. Pure (v1.36, devicetainteviction). */
import { pods } from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type {
  DeviceRequestAllocationResult,
  DeviceTaint,
  DeviceToleration,
  ResourceClaim,
} from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { isReservedFor } from './pod-claims.ts'

export interface DeviceEvictionView {
  readonly pod: Pod
  /** The pod's claims, those that are there. */
  readonly claims: readonly ResourceClaim[]
  /** Taints of an allocated device, as its driver publishes it now. */
  readonly taintsOf: (device: DeviceRequestAllocationResult) => readonly DeviceTaint[]
  readonly nowMs: number
}

/** How long a taint is tolerated, milliseconds: 0 not at all, Infinity for ever. */
function toleratedMs({ key, value = '' }: DeviceTaint, tolerations: readonly DeviceToleration[]): number {
  const matching = tolerations.filter((one) => {
    if (one.effect !== undefined && one.effect !== 'NoExecute') return false
    const isKey = (one.key ?? '') === '' ? one.operator === 'Exists' : one.key === key
    return isKey && (one.operator === 'Exists' || (one.value ?? '') === value)
  })
  if (matching.length === 0) return 0
  const limits = matching.map(({ tolerationSeconds }) => Math.max(0, tolerationSeconds ?? Infinity) * 1000)
  return limits.includes(Infinity) ? Infinity : limits.reduce((a, b) => Math.min(a, b))
}

/** When a pod has to go, epoch milliseconds; Infinity when it may stay. */
export function deviceEvictionMs({ pod, claims, taintsOf, nowMs }: DeviceEvictionView): number {
  if ((pod.spec.nodeName ?? '') === '') return Infinity
  const devices = claims
    .filter((claim) => isReservedFor(claim, pod))
    .flatMap(({ status }) => status?.allocation?.devices?.results ?? [])
  const times = devices.flatMap((device) =>
    taintsOf(device)
      .filter(({ effect }) => effect === 'NoExecute')
      .map((taint) => (epochMsOf(taint.timeAdded) ?? nowMs) + toleratedMs(taint, device.tolerations ?? [])),
  )
  return times.reduce((a, b) => Math.min(a, b), Infinity)
}

/** The plan for a pod: wait, or say why and delete it with its own grace. */
export function planDeviceEviction(view: DeviceEvictionView): Plan {
  const { pod, nowMs } = view
  if (pod.metadata.deletionTimestamp !== undefined) return nothingToDo
  const dueMs = deviceEvictionMs(view)
  if (dueMs === Infinity) return nothingToDo
  if (dueMs > nowMs) return { lookAgainAfterMs: dueMs - nowMs }
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByDeviceTaintManager',
    message: 'Device Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: apiTime(nowMs),
  }
  const done = { type: 'Normal', reason: 'DeviceTaintManagerEviction', message: 'Marking for deletion' } as const
  const patch = { metadata: { uid: pod.metadata.uid ?? '' }, status: { conditions: [condition] } }
  return {
    subject: pod,
    actions: [
      { do: 'patch', resource: pods, object: pod, type: 'strategic', subresource: 'status', patch },
      { do: 'delete', resource: pods, object: pod, told: { done } },
    ],
  }
}
