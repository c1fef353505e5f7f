/** Decides what a pod's claims need: made from their templates, told to the pod, reserved for one that runs already. Pure. */
import { pods, resourceClaims } from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ResourceClaim, ResourceClaimTemplate } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { type Action, type EventText, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import {
  claimAnnotation,
  hasRoom,
  isMadeFor,
  isPodDone,
  isReservedFor,
  type PodClaim,
  podClaims,
} from './pod-claims.ts'

export interface PodClaimsView {
  readonly pod: Pod
  /** Claims that were made for the pod. */
  readonly made: readonly ResourceClaim[]
  readonly claimNamed: (name: string) => ResourceClaim | undefined
  readonly templateNamed: (name: string) => ResourceClaimTemplate | undefined
}

/** Room for a hyphen and five characters by chance in a name of 63. */
const nameMost = 57

/** What the name of a claim begins with: both names, each cut in proportion where they are too long together. */
export function claimNamePrefix(podName: string, entryName: string): string {
  const whole = `${podName}-${entryName}-`
  if (whole.length <= nameMost) return whole
  const cut = (text: string, of: number): string => text.slice(0, Math.floor((text.length * nameMost) / of))
  const first = cut(podName, whole.length)
  return `${first}-${cut(entryName, whole.length)}`
}

/** The plan for a pod. */
export function planPodClaims(view: PodClaimsView): Plan {
  const { pod } = view
  // A claim that was freed after the pod had ended must not be made again.
  if (pod.metadata.deletionTimestamp !== undefined || isPodDone(pod)) return nothingToDo
  const actions: Action[] = []
  const events: EventText[] = []
  const found: { readonly name: string; readonly resourceClaimName: string }[] = []
  for (const entry of podClaims(pod)) {
    const result = makeClaim(entry, view)
    if (result === undefined) continue
    if ('action' in result) actions.push(result.action)
    else if ('event' in result) events.push(result.event)
    else found.push({ name: entry.name, resourceClaimName: result.claim.metadata.name })
  }
  if (found.length > 0) actions.push(told(pod, found))
  if ((pod.spec.nodeName ?? '') !== '') actions.push(...reservations(view))
  return actions.length + events.length === 0 ? nothingToDo : { subject: pod, actions, events }
}

type Making = { readonly action: Action } | { readonly event: EventText } | { readonly claim: ResourceClaim }

function makeClaim(
  { name, template: templateName, claim: claimName }: PodClaim,
  { pod, made, claimNamed, templateNamed }: PodClaimsView,
): Making | undefined {
  if (claimName === null || templateName === undefined) return undefined
  const known = claimName === undefined ? undefined : claimNamed(claimName)
  if (known !== undefined && isMadeFor(known, pod)) return undefined
  // Made before, but the pod was not told.
  const claim = made.find(({ metadata }) => metadata.annotations?.[claimAnnotation] === name)
  if (claim !== undefined) return { claim }
  const template = templateNamed(templateName)
  if (template === undefined) {
    const missing = `resourceclaimtemplate.resource.k8s.io "${templateName}" not found`
    return { event: failed(name, `resource claim template "${templateName}": ${missing}`) }
  }
  const object = claimFrom(template, pod, name)
  return {
    action: {
      do: 'create',
      resource: resourceClaims,
      object,
      told: { failed: failed(name, 'create ResourceClaim : {error}') },
    },
  }
}

function claimFrom({ spec }: ResourceClaimTemplate, pod: Pod, entry: string): KubernetesObject {
  const { metadata } = spec
  const { namespace, name, uid = '' } = pod.metadata
  const labels = metadata?.labels === undefined ? {} : { labels: metadata.labels }
  const object = {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      generateName: claimNamePrefix(name, entry),
      ...(namespace === undefined ? {} : { namespace }),
      ...labels,
      annotations: { ...metadata?.annotations, [claimAnnotation]: entry },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
    },
    spec: spec.spec,
  }
  return object
}

function failed(entry: string, why: string): EventText {
  return { type: 'Warning', reason: 'FailedResourceClaimCreation', message: `PodResourceClaim ${entry}: ${why}` }
}

function told(pod: Pod, statuses: readonly { readonly name: string; readonly resourceClaimName: string }[]): Action {
  const patch = { metadata: { uid: pod.metadata.uid ?? '' }, status: { resourceClaimStatuses: statuses } }
  return { do: 'patch', resource: pods, object: pod, type: 'strategic', subresource: 'status', patch }
}

/** A pod that was bound without the scheduler has nobody else to reserve its claims. */
function reservations({ pod, claimNamed }: PodClaimsView): readonly Action[] {
  return podClaims(pod).flatMap(({ claim: name, template }): Action[] => {
    const claim = typeof name === 'string' ? claimNamed(name) : undefined
    if (claim?.status?.allocation === undefined || (template !== undefined && !isMadeFor(claim, pod))) return []
    if (isReservedFor(claim, pod) || !hasRoom(claim)) return []
    const consumer = { resource: 'pods', name: pod.metadata.name, uid: pod.metadata.uid ?? '' }
    const status = { ...claim.status, reservedFor: [...(claim.status.reservedFor ?? []), consumer] }
    return [{ do: 'update-status', resource: resourceClaims, object: { ...claim, status } }]
  })
}
