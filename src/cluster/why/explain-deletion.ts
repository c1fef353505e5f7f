/** Why something that was deleted is still there. */
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { type Finding, finding } from './finding.ts'

/** Who has to take a finalizer away, for those that Kubernetes itself sets. */
const owners: Readonly<Record<string, string>> = {
  foregroundDeletion: 'the garbage collector, when everything that it owns is gone',
  orphan: 'the garbage collector, when what it owns was let go',
  'kubernetes.io/pvc-protection': 'the protection controller, when no pod uses the claim any more',
  'kubernetes.io/pv-protection': 'the protection controller, when no claim is bound to the volume any more',
  'batch.kubernetes.io/job-tracking': 'the job controller, when it has counted the pod',
  'customresourcecleanup.apiextensions.k8s.io': 'the API server, when every object of the kind is gone',
  kubernetes: 'the namespace controller, when the namespace is empty',
}

/** What holds up a deletion. */
export function deletionFindings(object: KubernetesObject, nowMs: number): readonly Finding[] {
  const { deletionTimestamp, finalizers = [] } = object.metadata
  const dueMs = epochMsOf(deletionTimestamp)
  if (dueMs === undefined) return []
  const held = finalizers.map((name) => {
    const owner = owners[name]
    return owner === undefined
      ? finding(
          `finalizer ${name} is set`,
          [],
          'Its controller takes it away; when that is gone for good, remove it by kubectl edit.',
        )
      : finding(`finalizer ${name} is set: it is taken away by ${owner}`)
  })
  const grace = dueMs > nowMs ? [finding(`its grace period ends in ${Math.ceil((dueMs - nowMs) / 1000)} s`)] : []
  if (object.kind === 'Pod' && dueMs <= nowMs)
    return [...held, finding('its grace period is over, and its node has not said that the containers ended')]
  return [...grace, ...held]
}
