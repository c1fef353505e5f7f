/** Decides which nodes get a daemon pod, which lose one, and which are next in an update (pkg/controller/daemon, v1.36). */
import { podDeleted, podMade } from '../workloads/told-pods.ts'
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Node, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { claimObjects } from '#kit/reconcile/owner-references.ts'
import type { Action, EventText, Plan } from '#kit/reconcile/plan.ts'
import { resolveIntOrPercent } from '../workloads/int-or-percent.ts'
import { isPodAvailable, isPodFinished, isPodReady, nextAvailableInMs } from '../workloads/pod-state.ts'
import { currentRevision, forgetRevisions, hashOfRevision, revisionHashLabel } from '../workloads/revisions.ts'
import { isSameStatus } from '../workloads/same-status.ts'
import { requirementsOf, selectsEverything } from '../workloads/selector-of.ts'
import { daemonPod, nodeOf, nodeWants } from './daemon-pod.ts'

export interface DaemonSetObserved {
  readonly set: DaemonSet
  readonly candidates: readonly Pod[]
  readonly nodes: readonly Node[]
  /** Those that it controls and those of its namespace that nobody controls. */
  readonly revisions: readonly ControllerRevision[]
  readonly revisionNamed: (name: string) => ControllerRevision | undefined
  readonly resources: {
    readonly daemonSets: ApiResource<DaemonSet>
    readonly pods: ApiResource<Pod>
    readonly revisions: ApiResource<ControllerRevision>
  }
  readonly nowMs: number
}

interface Situation {
  readonly observed: DaemonSetObserved
  readonly hash: string
  readonly byNode: ReadonlyMap<string, readonly Pod[]>
  readonly wanting: readonly string[]
}

/** The plan for one daemon set. */
export function planDaemonSet(observed: DaemonSetObserved): Plan {
  const { set, resources } = observed
  if (selectsEverything(set.spec.selector)) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
    return { subject: set, events: [{ type: 'Warning', reason: 'SelectingAll', message }] }
  }
  if (set.metadata.deletionTimestamp !== undefined) return {}
  const owner = { ...set, apiVersion: 'apps/v1', kind: 'DaemonSet' }
  const claim = claimObjects(observed.candidates, {
    owner,
    selector: requirementsOf(set.spec.selector),
    resource: resources.pods,
  })
  const history = claimObjects(observed.revisions, {
    owner,
    selector: requirementsOf(set.spec.selector),
    resource: resources.revisions,
  })
  const revision = currentRevision({
    owner,
    template: set.spec.template,
    known: history.owned,
    named: observed.revisionNamed,
    collisionCount: set.status?.collisionCount ?? 0,
    hashLabel: revisionHashLabel,
    resource: resources.revisions,
  })
  if (revision.isCollision) return collided(observed)
  // A pod that is meant for no node in particular is nobody's daemon: it is left alone.
  const byNode = Map.groupBy(
    claim.owned.filter((pod) => nodeOf(pod) !== ''),
    nodeOf,
  )
  const wanting = observed.nodes.filter((node) => nodeWants(set, node).shouldRun).map((node) => node.metadata.name)
  const situation = { observed, hash: hashOfRevision(revision.current), byNode, wanting }
  const placing = place(situation)
  const updating = placing.actions.length === 0 ? update(situation) : []
  const inUse = new Set([situation.hash, ...claim.owned.map((pod) => pod.metadata.labels?.[revisionHashLabel] ?? '')])
  const forgetting = forgetRevisions(history.owned, {
    inUse,
    limit: set.spec.revisionHistoryLimit ?? 10,
    resource: resources.revisions,
  })
  const status = statusOf(situation)
  const waitMs = nextAvailableInMs(claim.owned, set.spec.minReadySeconds ?? 0, observed.nowMs)
  return {
    subject: set,
    actions: [
      ...claim.actions,
      ...history.actions,
      ...revision.actions,
      ...placing.actions,
      ...updating,
      ...forgetting,
    ],
    status: {
      resource: resources.daemonSets,
      ...(isSameStatus(status, set.status) ? {} : { object: { ...set, status } }),
    },
    events: placing.events,
    ...(waitMs === undefined ? {} : { lookAgainAfterMs: waitMs }),
  }
}

function collided({ set, resources }: DaemonSetObserved): Plan {
  const status = { ...(set.status as DaemonSetStatus), collisionCount: (set.status?.collisionCount ?? 0) + 1 }
  return { status: { resource: resources.daemonSets, object: { ...set, status } }, lookAgainAfterMs: 1 }
}

/** One pod for each node that wants one; ended ones make room, surplus ones and those that may not stay go. */
function place(situation: Situation): { readonly actions: readonly Action[]; readonly events: readonly EventText[] } {
  const { observed, byNode, hash, wanting } = situation
  const { set, resources } = observed
  const actions: Action[] = []
  const events: EventText[] = []
  const remove = (object: Pod): void =>
    void actions.push({ do: 'delete', resource: resources.pods, object, told: podDeleted })
  const wants = new Set(wanting)
  for (const node of observed.nodes) {
    const name = node.metadata.name
    const here = byNode.get(name) ?? []
    if (!wants.has(name)) {
      if (!nodeWants(set, node).mayStay) here.filter(isStanding).forEach(remove)
      continue
    }
    const ended = here.filter((pod) => isPodFinished(pod) && isStanding(pod))
    ended.forEach(remove)
    for (const pod of ended) events.push(endedEvent(pod, name))
    const running = here.filter((pod) => !isPodFinished(pod))
    if (here.length === 0)
      actions.push({ do: 'create', resource: resources.pods, object: daemonPod(set, hash, name), told: podMade })
    else surplusOf(situation, running).forEach(remove)
  }
  const known = new Set(observed.nodes.map((node) => node.metadata.name))
  for (const [node, here] of byNode)
    if (!known.has(node)) here.filter((pod) => isStanding(pod) && pod.spec.nodeName === undefined).forEach(remove)
  return { actions: actions.toSorted((a, b) => Number(b.do === 'delete') - Number(a.do === 'delete')), events }
}

function isStanding(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined
}

function endedEvent(pod: Pod, node: string): EventText {
  const shown = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`
  return pod.status?.phase === 'Failed'
    ? {
        type: 'Warning',
        reason: 'FailedDaemonPod',
        message: `Found failed daemon pod ${shown} on node ${node}, will try to kill it`,
      }
    : {
        type: 'Normal',
        reason: 'SucceededDaemonPod',
        message: `Found succeeded daemon pod ${shown} on node ${node}, will try to delete it`,
      }
}

/** All but the oldest; with surge an old pod goes when its successor is available. */
function surplusOf({ observed, hash }: Situation, running: readonly Pod[]): readonly Pod[] {
  const standing = running.filter(isStanding).toSorted(byAge)
  if (standing.length < 2) return []
  const isNew = (pod: Pod): boolean => pod.metadata.labels?.[revisionHashLabel] === hash
  const fresh = standing.find(isNew)
  const old = standing.find((pod) => !isNew(pod))
  if (maxSurge(observed.set, 1) === 0 || fresh === undefined || old === undefined) return standing.slice(1)
  const keep =
    isPodAvailable(fresh, observed.set.spec.minReadySeconds ?? 0, observed.nowMs) || !isPodReady(old)
      ? [fresh]
      : [fresh, old]
  return standing.filter((pod) => !keep.includes(pod))
}

function byAge(a: Pod, b: Pod): number {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  return left < right ? -1 : left > right ? 1 : a.metadata.name < b.metadata.name ? -1 : 1
}

function maxSurge(set: DaemonSet, wanted: number): number {
  return resolveIntOrPercent(set.spec.updateStrategy?.rollingUpdate?.maxSurge, wanted, 'up')
}

function maxUnavailable(set: DaemonSet, wanted: number): number {
  const value = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1
  return Math.max(maxSurge(set, wanted) === 0 ? 1 : 0, resolveIntOrPercent(value, wanted, 'up'))
}

/** The next nodes of a rolling update: pods that do not work at once, others as many as may be missing or added. */
function update(situation: Situation): readonly Action[] {
  const { observed, hash, byNode, wanting } = situation
  const { set, resources, nowMs } = observed
  if (set.spec.updateStrategy?.type === 'OnDelete') return []
  const isAvailable = (pod: Pod): boolean =>
    isStanding(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)
  const isOld = (pod: Pod): boolean => pod.metadata.labels?.[revisionHashLabel] !== hash
  const outdated: Pod[] = []
  let unavailable = 0
  let surging = 0
  for (const node of wanting) {
    const here = byNode.get(node) ?? []
    if (!here.some(isAvailable)) unavailable++
    if (here.length > 1) surging++
    const old = here.find((pod) => isOld(pod) && isStanding(pod))
    if (old !== undefined && here.every(isOld)) outdated.push(old)
  }
  const surge = maxSurge(set, wanting.length)
  if (surge > 0) {
    const next = outdated.slice(0, Math.max(0, surge - surging))
    return next.map((pod) => ({
      do: 'create',
      resource: resources.pods,
      object: daemonPod(set, hash, nodeOf(pod)),
      told: podMade,
    }))
  }
  const broken = outdated.filter((pod) => !isAvailable(pod))
  const working = outdated.filter(isAvailable).slice(0, Math.max(0, maxUnavailable(set, wanting.length) - unavailable))
  return [...broken, ...working].map((object) => ({ do: 'delete', resource: resources.pods, object, told: podDeleted }))
}

function statusOf({ observed, byNode, hash, wanting }: Situation): DaemonSetStatus {
  const { set, nodes, nowMs } = observed
  const wants = new Set(wanting)
  const first = new Map(
    nodes.map((node) => {
      const here = (byNode.get(node.metadata.name) ?? []).toSorted(byAge)
      return [node.metadata.name, here.find((pod) => isStanding(pod) && !isPodFinished(pod)) ?? here[0]] as const
    }),
  )
  const here = wanting.flatMap((node) => first.get(node) ?? [])
  const count = (holds: (pod: Pod) => boolean): number => here.filter(holds).length
  const available = count((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs))
  // Conditions are somebody else's: this controller sets none.
  const { collisionCount, conditions } = set.status ?? {}
  return {
    currentNumberScheduled: here.length,
    numberMisscheduled: nodes.filter(
      (node) => !wants.has(node.metadata.name) && first.get(node.metadata.name) !== undefined,
    ).length,
    desiredNumberScheduled: wanting.length,
    numberReady: count(isPodReady),
    observedGeneration: set.metadata.generation ?? 0,
    updatedNumberScheduled: count((pod) => pod.metadata.labels?.[revisionHashLabel] === hash),
    numberAvailable: available,
    numberUnavailable: wanting.length - available,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  }
}
