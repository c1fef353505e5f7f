/**
 * Decides the next step of a stateful set: ordinals come up in order and go in reverse, an update goes from the last to
 * the partition (stateful_set_control.go, v1.36). With OrderedReady one pod changes at a time; Parallel waits for nothing.
 */
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { claimObjects } from '#kit/reconcile/owner-references.ts'
import type { Action, EventText, Plan, Told } from '#kit/reconcile/plan.ts'
import { isPodAvailable, isPodFinished, isPodReady, nextAvailableInMs } from '../workloads/pod-state.ts'
import {
  type CurrentRevision,
  currentRevision,
  forgetRevisions,
  hashOfRevision,
  revisionHashLabel,
  templateOf,
} from '../workloads/revisions.ts'
import { isSameStatus } from '../workloads/same-status.ts'
import { requirementsOf } from '../workloads/selector-of.ts'
import { claimOwners, claimsFor, ordinalOf, statefulPod, withIdentity } from './stateful-pod.ts'

export interface StatefulSetObserved {
  readonly set: StatefulSet
  readonly candidates: readonly Pod[]
  readonly claimNamed: (name: string) => PersistentVolumeClaim | undefined
  /** Those that it controls and those of its namespace that nobody controls. */
  readonly revisions: readonly ControllerRevision[]
  readonly revisionNamed: (name: string) => ControllerRevision | undefined
  readonly resources: {
    readonly statefulSets: ApiResource<StatefulSet>
    readonly pods: ApiResource<Pod>
    readonly claims: ApiResource<PersistentVolumeClaim>
    readonly revisions: ApiResource<ControllerRevision>
  }
  readonly nowMs: number
}

interface Situation {
  readonly observed: StatefulSetObserved
  /** Pods of wanted ordinals, by ordinal; and of others, highest first. */
  readonly slots: readonly { readonly ordinal: number; readonly pod: Pod | undefined }[]
  readonly condemned: readonly { readonly ordinal: number; readonly pod: Pod }[]
  readonly current: ControllerRevision
  readonly update: ControllerRevision
}

/** The plan for one stateful set. */
export function planStatefulSet(observed: StatefulSetObserved): Plan {
  const { set, resources } = observed
  const owner = { ...set, apiVersion: 'apps/v1', kind: 'StatefulSet' }
  const fits = (pod: Pod): boolean => ordinalOf(set, pod) !== undefined
  const claim = claimObjects(observed.candidates, {
    owner,
    selector: requirementsOf(set.spec.selector),
    resource: resources.pods,
    fits,
  })
  const isEnding = set.metadata.deletionTimestamp !== undefined
  const { known, revision, ...history } = historyOf(observed, owner)
  if (revision.isCollision) {
    const status = { ...(set.status as StatefulSetStatus), collisionCount: (set.status?.collisionCount ?? 0) + 1 }
    return { status: { resource: resources.statefulSets, object: { ...set, status } }, lookAgainAfterMs: 1 }
  }
  const update = revision.current
  const current = known.find((one) => one.metadata.name === set.status?.currentRevision) ?? update
  const situation = { observed, current, update, ...sortOut(set, claim.owned) }
  const step = isEnding ? { actions: [], events: [] } : nextStep(situation)
  const kept = retention(situation)
  const status = statusOf(situation)
  const labels = new Set(claim.owned.map((pod) => pod.metadata.labels?.[revisionHashLabel]))
  const used = known.filter((one) => labels.has(hashLabel(one)))
  const inUse = new Set([current, update, ...used].map(hashOfRevision))
  const waitMs = nextAvailableInMs(claim.owned, set.spec.minReadySeconds ?? 0, observed.nowMs)
  return {
    subject: set,
    actions: [
      ...claim.actions,
      ...history.actions,
      ...kept.actions,
      ...step.actions,
      ...forgetRevisions(history.owned, {
        inUse,
        limit: set.spec.revisionHistoryLimit ?? 10,
        resource: resources.revisions,
      }),
    ],
    events: [...kept.events, ...step.events],
    status: {
      resource: resources.statefulSets,
      ...(isSameStatus(status, set.status) ? {} : { object: { ...set, status } }),
    },
    ...(waitMs === undefined ? {} : { lookAgainAfterMs: waitMs }),
  }
}

interface History {
  readonly owned: readonly ControllerRevision[]
  /** Also those that a set which leaves its history behind no longer owns. */
  readonly known: readonly ControllerRevision[]
  readonly revision: CurrentRevision
  readonly actions: readonly Action[]
}

/** The revisions of the set, with the current one among them. A set that goes makes no new one. */
function historyOf(
  { set, revisions, revisionNamed, resources }: StatefulSetObserved,
  owner: KubernetesObject,
): History {
  const isEnding = set.metadata.deletionTimestamp !== undefined
  const selector = requirementsOf(set.spec.selector)
  const claim = claimObjects(revisions, { owner, selector, resource: resources.revisions })
  const known = isEnding ? revisions : claim.owned
  const found = currentRevision({
    owner,
    template: set.spec.template,
    known,
    named: revisionNamed,
    collisionCount: set.status?.collisionCount ?? 0,
    hashLabel: storedHashLabel,
    resource: resources.revisions,
  })
  const revision = isEnding ? { ...found, actions: [], isCollision: false } : found
  return { owned: claim.owned, known, revision, actions: [...claim.actions, ...revision.actions] }
}

function sortOut(set: StatefulSet, pods: readonly Pod[]): Pick<Situation, 'slots' | 'condemned'> {
  const start = set.spec.ordinals?.start ?? 0
  const end = start + (set.spec.replicas ?? 1)
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod) ?? -1, pod]))
  const slots = Array.from({ length: end - start }, (_, index) => ({
    ordinal: start + index,
    pod: byOrdinal.get(start + index),
  }))
  const condemned = [...byOrdinal]
    .filter(([ordinal]) => ordinal < start || ordinal >= end)
    .map(([ordinal, pod]) => ({ ordinal, pod }))
  return { slots, condemned: condemned.toSorted((a, b) => b.ordinal - a.ordinal) }
}

interface Step {
  readonly actions: readonly Action[]
  readonly events: readonly EventText[]
}

function isOrdered(set: StatefulSet): boolean {
  return set.spec.podManagementPolicy !== 'Parallel'
}

function nextStep(situation: Situation): Step {
  const { set } = situation.observed
  const actions: Action[] = []
  const events: EventText[] = []
  for (const slot of situation.slots) {
    const step = slotStep(situation, slot)
    actions.push(...step.actions)
    events.push(...step.events)
    if (isOrdered(set) && !step.isSettled) return { actions, events }
  }
  const shrinking = shrink(situation)
  if (shrinking.length > 0 || (isOrdered(set) && situation.condemned.length > 0))
    return { actions: [...actions, ...shrinking], events }
  return { actions: actions.length > 0 ? actions : rollingUpdate(situation), events }
}

function slotStep(
  situation: Situation,
  { ordinal, pod }: { readonly ordinal: number; readonly pod: Pod | undefined },
): Step & { readonly isSettled: boolean } {
  const { set, nowMs } = situation.observed
  if (pod === undefined) return { actions: creation(situation, ordinal), events: [], isSettled: false }
  if (isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined)
    return { actions: [deletion(situation, pod)], events: [], isSettled: false }
  const isSettled =
    pod.metadata.deletionTimestamp === undefined && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)
  const identity = isSettled ? identityUpdate(situation, ordinal, pod) : []
  return { actions: [...missingClaims(situation, ordinal), ...identity], events: [], isSettled }
}

function identityUpdate({ observed: { set, resources } }: Situation, ordinal: number, pod: Pod): readonly Action[] {
  const object = withIdentity(pod, ordinal)
  if (object === undefined) return []
  const about = `Update Pod {name} in StatefulSet ${set.metadata.name}`
  const told: Told = {
    done: { type: 'Normal', reason: 'SuccessfulUpdate', message: `${about} successful` },
    failed: { type: 'Warning', reason: 'FailedUpdate', message: `${about} failed error: {error}` },
  }
  return [{ do: 'update', resource: resources.pods, object, told }]
}

function creation(situation: Situation, ordinal: number): readonly Action[] {
  const { set, resources } = situation.observed
  const revision = needsCurrent(situation, ordinal) ? situation.current : situation.update
  const template = revision === situation.update ? set.spec.template : (templateOf(revision) ?? set.spec.template)
  const object = statefulPod(set, ordinal, { template, hash: hashLabel(revision) })
  const told: Told = {
    done: {
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: `Create Pod {name} in StatefulSet ${set.metadata.name} successful`,
    },
    failed: {
      type: 'Warning',
      reason: 'FailedCreate',
      message: `Create Pod {name} in StatefulSet ${set.metadata.name} failed error: {error}`,
    },
  }
  return [
    ...missingClaims(situation, ordinal),
    { do: 'create', resource: resources.pods, object, ifExists: 'plan-anew', told },
  ]
}

/** Where the revisions of stateful sets hold their hash. */
const storedHashLabel = 'controller.kubernetes.io/hash'

/** Stateful sets label pods with the revision's whole name. */
function hashLabel(revision: ControllerRevision): string {
  return revision.metadata.name
}

/** True when an ordinal is still to be of the old revision: below the partition, or not reached by the update yet. */
function needsCurrent({ observed: { set } }: Situation, ordinal: number): boolean {
  if (set.spec.updateStrategy?.type === 'OnDelete') return false
  const start = set.spec.ordinals?.start ?? 0
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition
  return partition === undefined ? ordinal < start + (set.status?.currentReplicas ?? 0) : ordinal < start + partition
}

function missingClaims({ observed: { set, claimNamed, resources } }: Situation, ordinal: number): readonly Action[] {
  return claimsFor(set, ordinal)
    .filter((claim) => claimNamed(claim.metadata.name) === undefined)
    .map((claim) => {
      const owners = claimOwners(set, undefined, false)
      const object =
        owners.length === 0 ? claim : { ...claim, metadata: { ...claim.metadata, ownerReferences: owners } }
      const about = `Claim {name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name}`
      const told: Told = {
        done: { type: 'Normal', reason: 'SuccessfulCreate', message: `Create ${about} success` },
        failed: { type: 'Warning', reason: 'FailedCreate', message: `Create ${about} failed error: {error}` },
      }
      return { do: 'create', resource: resources.claims, object, ifExists: 'keep', told }
    })
}

function deletion({ observed: { set, resources } }: Situation, object: Pod): Action {
  const told: Told = {
    done: {
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: `Delete Pod {name} in StatefulSet ${set.metadata.name} successful`,
    },
    failed: {
      type: 'Warning',
      reason: 'FailedDelete',
      message: `Delete Pod {name} in StatefulSet ${set.metadata.name} failed error: {error}`,
    },
  }
  return { do: 'delete', resource: resources.pods, object, told }
}

/** Surplus ordinals, the highest first, one at a time where order matters and only while the rest works. */
function shrink(situation: Situation): readonly Action[] {
  const { condemned, observed } = situation
  const going = condemned.filter(({ pod }) => pod.metadata.deletionTimestamp === undefined)
  if (!isOrdered(observed.set)) return going.map(({ pod }) => deletion(situation, pod))
  const first = going[0]
  const isLeaving = condemned.length > going.length
  return first === undefined || isLeaving ? [] : [deletion(situation, first.pod)]
}

/** The lowest ordinal that an update reaches. */
function lowestUpdated({ spec }: StatefulSet): number {
  return (spec.ordinals?.start ?? 0) + (spec.updateStrategy?.rollingUpdate?.partition ?? 0)
}

/** The highest ordinal that is not updated goes next, once all above it work. */
function rollingUpdate(situation: Situation): readonly Action[] {
  const { observed, slots, update } = situation
  const { set, nowMs } = observed
  if (set.spec.updateStrategy?.type === 'OnDelete') return []
  for (const { ordinal, pod } of slots.toReversed()) {
    if (pod === undefined || ordinal < lowestUpdated(set)) break
    if (!isAt(pod, update)) return pod.metadata.deletionTimestamp === undefined ? [deletion(situation, pod)] : []
    if (!works(pod, set, nowMs)) break
  }
  return []
}

function isAt(pod: Pod, revision: ControllerRevision): boolean {
  return pod.metadata.labels?.[revisionHashLabel] === hashLabel(revision)
}

function works(pod: Pod, set: StatefulSet, nowMs: number): boolean {
  return pod.metadata.deletionTimestamp === undefined && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)
}

/** Keeps the owners of claims in step with the retention policy. A claim that somebody else controls is left to them. */
function retention({ observed, slots, condemned }: Situation): Step {
  const { set, claimNamed, resources } = observed
  const actions: Action[] = []
  const events: EventText[] = []
  if (set.spec.persistentVolumeClaimRetentionPolicy === undefined) return { actions, events }
  const all = [
    ...slots.map((slot) => ({ ...slot, isCondemned: false })),
    ...condemned.map((slot) => ({ ...slot, isCondemned: true })),
  ]
  for (const { ordinal, pod, isCondemned } of all) {
    for (const { metadata } of claimsFor(set, ordinal)) {
      const claim = claimNamed(metadata.name)
      if (claim === undefined) continue
      const ours = new Set([set.metadata.uid, pod?.metadata.uid])
      const before = claim.metadata.ownerReferences ?? []
      const others = before.filter((owner) => !ours.has(owner.uid))
      const isTaken = others.some(({ controller }) => controller === true)
      if (isTaken) events.push(conflictingController(metadata.name))
      const ownerReferences = isTaken ? others : [...others, ...claimOwners(set, pod, isCondemned)]
      if (equalValues(ownerReferences, before)) continue
      const object = { ...claim, metadata: { ...claim.metadata, ownerReferences } }
      actions.push({ do: 'update', resource: resources.claims, object })
    }
  }
  return { actions, events }
}

function conflictingController(claim: string): EventText {
  // The typing mistake is upstream's: whoever looks for the event finds it as it is there.
  const why = 'has a conflicting OwnerReference that acts as a manging controller'
  const message = `PersistentVolumeClaim ${claim} ${why}, the retention policy is ignored for this claim`
  return { type: 'Warning', reason: 'ConflictingController', message }
}

function statusOf({ observed, slots, condemned, current, update }: Situation): StatefulSetStatus {
  const { set, nowMs } = observed
  const all = [...slots.map(({ pod }) => pod), ...condemned.map(({ pod }) => pod)].filter((pod) => pod !== undefined)
  const standing = all.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  const count = (holds: (pod: Pod) => boolean): number => standing.filter(holds).length
  const of = (revision: ControllerRevision): number =>
    count((pod) => pod.metadata.labels?.[revisionHashLabel] === hashLabel(revision))
  const readyReplicas = all.filter(isPodReady).length
  const updatedReplicas = of(update)
  // An ordinal that is missing at the moment is not updated: it may come back as the old revision.
  const isWhole = slots.every(({ pod }) => pod !== undefined)
  const isUpdated = isWhole && updatedReplicas === all.length && readyReplicas === all.length
  const isDone = set.spec.updateStrategy?.type !== 'OnDelete' && isUpdated
  const { conditions } = set.status ?? {}
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: all.length,
    readyReplicas,
    currentReplicas: isDone ? updatedReplicas : of(current),
    updatedReplicas,
    currentRevision: isDone ? update.metadata.name : current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
    availableReplicas: all.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length,
    ...(conditions === undefined ? {} : { conditions }),
  }
}
