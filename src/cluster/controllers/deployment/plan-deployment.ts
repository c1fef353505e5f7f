/**
 * Decides the next step of a deployment: which sets there are to be and how large each is (pkg/controller/deployment,
 * v1.36). One step a plan; what it changes brings the deployment back for the next.
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { conditionOf } from '#kit/reconcile/conditions.ts'
import { claimObjects } from '#kit/reconcile/owner-references.ts'
import type { Action, Plan } from '#kit/reconcile/plan.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import { isPodFinished } from '../workloads/pod-state.ts'
import { isSameStatus } from '../workloads/same-status.ts'
import { requirementsOf, selectsEverything } from '../workloads/selector-of.ts'
import { isSameTemplate } from '../workloads/template-hash.ts'
import { highestRevision, revisionAnnotation, revisionOf, sizeAnnotations } from './annotations.ts'
import {
  baseStatus,
  checkProgressAfterMs,
  deploymentCondition,
  isComplete,
  progressDeadlineMs,
  putCondition,
  rolloutStatus,
} from './deployment-status.ts'
import { createNewSet, type Names, withSetAnnotations } from './new-set.ts'
import {
  byAge,
  isScalingEvent,
  resizeForScaling,
  resizeNewSet,
  resizeOldSets,
  type Resize,
  sizeOf,
} from './rollout-maths.ts'

export interface DeploymentObserved {
  readonly deployment: Deployment
  /** Sets that it controls and sets of its namespace that nobody controls. */
  readonly candidates: readonly ReplicaSet[]
  /** Pods of a set. */
  readonly podsOf: (set: ReplicaSet) => readonly Pod[]
  /** The set of a name in the namespace, whoever owns it: names of new sets must be free. */
  readonly setNamed: (name: string) => ReplicaSet | undefined
  readonly resources: Names
  readonly nowMs: number
}

/** What is seen once the sets are sorted out. */
interface Situation {
  readonly observed: DeploymentObserved
  readonly newSet: ReplicaSet | undefined
  readonly oldSets: readonly ReplicaSet[]
  readonly sets: readonly ReplicaSet[]
}

/** The plan for one deployment. */
export function planDeployment(observed: DeploymentObserved): Plan {
  const { deployment, resources } = observed
  if (selectsEverything(deployment.spec.selector)) return selectingAll(observed)
  const claim = claimObjects(observed.candidates, {
    owner: deployment,
    selector: requirementsOf(deployment.spec.selector),
    resource: resources.replicaSets,
  })
  const newSet = claim.owned.toSorted(byAge).find((set) => isSameTemplate(set.spec.template, deployment.spec.template))
  const oldSets = claim.owned.filter((set) => set !== newSet)
  const step = stepFor({ observed, newSet, oldSets, sets: claim.owned })
  return { subject: deployment, ...step, actions: [...claim.actions, ...(step.actions ?? [])] }
}

function selectingAll({ deployment, resources }: DeploymentObserved): Plan {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.'
  const generation = deployment.metadata.generation ?? 0
  const isSeen = (deployment.status?.observedGeneration ?? 0) >= generation
  return {
    subject: deployment,
    events: [{ type: 'Warning', reason: 'SelectingAll', message }],
    ...(isSeen
      ? {}
      : {
          status: {
            resource: resources.deployments,
            object: { ...deployment, status: { ...deployment.status, observedGeneration: generation } },
          },
        }),
  }
}

function stepFor(situation: Situation): Plan {
  const { deployment } = situation.observed
  if (deployment.metadata.deletionTimestamp !== undefined) return withStatus(situation, [], baseStatus(view(situation)))
  const pausing = pausedCondition(situation)
  if (pausing !== undefined) return pausing
  if (deployment.spec.paused === true || isScalingEvent(deployment, situation.sets)) return scalingStep(situation)
  return deployment.spec.strategy?.type === 'Recreate' ? recreateStep(situation) : rollingStep(situation)
}

function view({ observed, newSet, sets }: Situation): Parameters<typeof baseStatus>[0] {
  return { deployment: observed.deployment, newSet, sets, nowMs: observed.nowMs }
}

/** Notes in Progressing that the rollout was paused or resumed, so that its deadline does not run meanwhile. */
function pausedCondition(situation: Situation): Plan | undefined {
  const { deployment, nowMs } = situation.observed
  if (progressDeadlineMs(deployment) === undefined) return undefined
  const known = conditionOf(deployment.status?.conditions, 'Progressing')
  if (known?.reason === 'ProgressDeadlineExceeded') return undefined
  const isPaused = deployment.spec.paused === true
  if (isPaused === (known?.reason === 'DeploymentPaused')) return undefined
  const condition = deploymentCondition(nowMs, {
    type: 'Progressing',
    status: 'Unknown',
    reason: isPaused ? 'DeploymentPaused' : 'DeploymentResumed',
    message: isPaused ? 'Deployment is paused' : 'Deployment is resumed',
  })
  const status = { ...deployment.status, conditions: putCondition(deployment.status?.conditions, condition) }
  return { ...withStatus(situation, [], status), lookAgainAfterMs: 1 }
}

function scalingStep(situation: Situation): Plan {
  const { deployment } = situation.observed
  const resizes = resizeForScaling(deployment, situation.newSet, situation.oldSets)
  const fresh = refreshNewSet(situation)
  const cleaning = deployment.spec.paused === true ? cleanUp(situation) : []
  const actions = [...fresh, ...resizes.flatMap((resize) => resizeAction(situation, resize)), ...cleaning]
  return withStatus(situation, actions, baseStatus(view(situation)))
}

function rollingStep(situation: Situation): Plan {
  const { observed, newSet, oldSets, sets } = situation
  if (newSet === undefined) return creationStep(situation)
  const fresh = refreshNewSet(situation)
  const grow = resizeNewSet(observed.deployment, newSet, sets)
  const resizes = grow === undefined ? resizeOldSets(observed.deployment, newSet, oldSets) : [grow]
  return rolloutStep(situation, [...fresh, ...resizes.flatMap((resize) => resizeAction(situation, resize))])
}

function recreateStep(situation: Situation): Plan {
  const { observed, newSet, oldSets } = situation
  const fresh = refreshNewSet(situation)
  const shrink = oldSets.filter((set) => sizeOf(set) > 0).map((set) => ({ set, replicas: 0 }))
  if (shrink.length > 0)
    return rolloutStep(situation, [...fresh, ...shrink.flatMap((resize) => resizeAction(situation, resize))])
  const isOldRunning = oldSets.some((set) => observed.podsOf(set).some((pod) => !isPodFinished(pod)))
  if (isOldRunning) return rolloutStep(situation, fresh)
  if (newSet === undefined) return creationStep(situation)
  const replicas = observed.deployment.spec.replicas ?? 1
  const grow = sizeOf(newSet) === replicas ? [] : resizeAction(situation, { set: newSet, replicas })
  return rolloutStep(situation, [...fresh, ...grow])
}

function rolloutStep(situation: Situation, actions: readonly Action[]): Plan {
  const status = rolloutStatus(view(situation))
  const cleaning = isComplete(situation.observed.deployment, status) && actions.length === 0 ? cleanUp(situation) : []
  return withStatus(situation, [...actions, ...cleaning], withFoundSet(situation, status))
}

/** A rollout that found its set ready made (after a rollback) begins its deadline. */
function withFoundSet({ observed, newSet }: Situation, status: DeploymentStatus): DeploymentStatus {
  const { deployment, nowMs } = observed
  if (newSet === undefined || progressDeadlineMs(deployment) === undefined) return status
  if (conditionOf(status.conditions, 'Progressing') !== undefined) return status
  const message = `Found new replica set "${newSet.metadata.name}"`
  const condition = deploymentCondition(nowMs, {
    type: 'Progressing',
    status: 'True',
    reason: 'FoundNewReplicaSet',
    message,
  })
  return { ...status, conditions: putCondition(status.conditions, condition) }
}

function nextRevision(oldSets: readonly ReplicaSet[]): bigint {
  return highestRevision(oldSets) + 1n
}

function creationStep(situation: Situation): Plan {
  const { observed, oldSets, sets } = situation
  const { deployment, resources } = observed
  const revision = nextRevision(oldSets)
  const made = createNewSet(observed, { revision, sets })
  if (made.kind === 'collision') {
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    return { ...withStatus(situation, [], { ...deployment.status, collisionCount }), lookAgainAfterMs: 1 }
  }
  // Only the condition is told now; counts follow when the set is seen.
  const withCondition = (state: string, reason: string, message: string): DeploymentStatus => {
    const { status = {} } = deployment
    if (progressDeadlineMs(deployment) === undefined) return status
    const condition = deploymentCondition(observed.nowMs, { type: 'Progressing', status: state, reason, message })
    return { ...status, conditions: putCondition(status.conditions, condition) }
  }
  const { name } = made.set.metadata
  const created = withCondition('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
  return {
    actions: made.actions,
    status: {
      resource: resources.deployments,
      object: { ...withRevision(deployment, revision), status: created },
      afterFailure: ({ message }) => ({
        ...deployment,
        status: withCondition(
          'False',
          'ReplicaSetCreateError',
          `Failed to create new replica set "${name}": ${message}`,
        ),
      }),
    },
    lookAgainAfterMs: 1,
  }
}

/** The revision of the current set: its own, or one more than all others where a rollback brought it back. */
function currentRevision({ newSet, oldSets }: Situation): bigint | undefined {
  if (newSet === undefined) return undefined
  const own = revisionOf(newSet)
  const due = nextRevision(oldSets)
  return own > due ? own : due
}

/** Keeps annotations and minReadySeconds of the current set as they should be. */
function refreshNewSet(situation: Situation): readonly Action[] {
  const { observed, newSet } = situation
  const revision = currentRevision(situation)
  if (newSet === undefined || revision === undefined) return []
  const next = withSetAnnotations(observed.deployment, newSet, revision)
  return equalValues(next, newSet) ? [] : [{ do: 'update', resource: observed.resources.replicaSets, object: next }]
}

/** The deployment that tells the revision of its current set. */
function withRevision(deployment: Deployment, revision: bigint): Deployment {
  if (deployment.metadata.annotations?.[revisionAnnotation] === String(revision)) return deployment
  const annotations = { ...deployment.metadata.annotations, [revisionAnnotation]: String(revision) }
  return { ...deployment, metadata: { ...deployment.metadata, annotations } }
}

/** Sizes and size annotations of a set. `ScalingReplicaSet` tells of sizes only. */
function resizeAction({ observed }: Situation, { set, replicas }: Resize): readonly Action[] {
  const { deployment, resources } = observed
  const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) }
  const isSame = replicas === sizeOf(set)
  if (isSame && equalValues(annotations, set.metadata.annotations ?? {})) return []
  const direction = replicas > sizeOf(set) ? 'up' : 'down'
  const message = `Scaled ${direction} replica set ${set.metadata.name} from ${sizeOf(set)} to ${replicas}`
  const patch = { metadata: { uid: set.metadata.uid, annotations: sizeAnnotations(deployment) }, spec: { replicas } }
  return [
    {
      do: 'patch',
      resource: resources.replicaSets,
      object: set,
      type: 'merge',
      patch,
      ...(isSame ? {} : { told: { done: { type: 'Normal', reason: 'ScalingReplicaSet', message } } }),
    },
  ]
}

function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [one, other] = [revisionOf(a), revisionOf(b)]
  return one === other ? 0 : one < other ? -1 : 1
}

/** Sets beyond the history limit that hold nothing any more, lowest revisions first. */
function cleanUp({ observed, oldSets }: Situation): readonly Action[] {
  const limit = observed.deployment.spec.revisionHistoryLimit ?? 10
  const alive = oldSets.filter((set) => set.metadata.deletionTimestamp === undefined)
  const surplus = alive.toSorted((a, b) => byRevision(a, b) || byAge(a, b)).slice(0, Math.max(0, alive.length - limit))
  return surplus
    .filter(
      (set) =>
        sizeOf(set) === 0 &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    )
    .map((object) => ({ do: 'delete', resource: observed.resources.replicaSets, object }))
}

/** The revision is written with the status: as an update of its own it would count as a change of what is wanted. */
function withStatus(situation: Situation, actions: readonly Action[], status: DeploymentStatus): Plan {
  const { deployment, resources, nowMs } = situation.observed
  const waitMs = checkProgressAfterMs(deployment, status, nowMs)
  const revision = currentRevision(situation)
  const subject = revision === undefined ? deployment : withRevision(deployment, revision)
  const isSame = subject === deployment && isSameStatus(status, deployment.status)
  return {
    actions,
    status: {
      resource: resources.deployments as ApiResource,
      ...(isSame ? {} : { object: { ...subject, status } }),
    },
    ...(waitMs === undefined ? {} : { lookAgainAfterMs: waitMs }),
  }
}
