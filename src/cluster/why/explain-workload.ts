/** Why a workload is not as wanted: how many of its pods are there and ready, what holds up the others. */
import { type AnyCondition, conditionOf } from '#kit/reconcile/conditions.ts'
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { explainPod, isPodWell } from './explain-pod.ts'
import { counted, type Explanation, type Finding, finding } from './finding.ts'
import { ownedBy, type Surroundings, warningsAbout } from './surroundings.ts'

type Answer = Omit<Explanation, 'subject'>

const podsExplained = 5

/** Explains the pods that are not well; those with the same answer and reasons count as one. */
function podFindings(pods: readonly Pod[], around: Surroundings): readonly Finding[] {
  const alike = new Map<string, { readonly names: string[]; readonly answer: Answer }>()
  for (const pod of pods.filter((one) => !isPodWell(one))) {
    const answer = explainPod(pod, around)
    const key = JSON.stringify(answer)
    const known = alike.get(key)
    if (known === undefined) alike.set(key, { names: [pod.metadata.name ?? ''], answer })
    else known.names.push(pod.metadata.name ?? '')
  }
  return [...alike.values()].slice(0, podsExplained).map(({ names, answer }) => {
    const others = names.length === 1 ? '' : ` and ${counted(names.length - 1, 'other')}`
    return finding(`pod/${names[0]}${others}: ${answer.answer}`, answer.findings)
  })
}

/** Conditions that tell of a failure. */
function failing(
  conditions: readonly AnyCondition[] | undefined,
  bad: Readonly<Record<string, string>>,
): readonly Finding[] {
  return (conditions ?? [])
    .filter(({ type, status }) => bad[type] === status)
    .map(({ type, status, reason = '', message = '' }) => finding(`${type} is ${status} (${reason}): ${message}`))
}

/** A controller that has not seen the newest version yet. */
function unseen({ metadata }: KubernetesObject, observed: number | undefined): readonly Finding[] {
  const generation = metadata.generation ?? 0
  return (observed ?? 0) >= generation
    ? []
    : [
        finding(
          `its controller has seen generation ${observed ?? 0} of ${generation}`,
          [],
          'Is the controller running? Its lease or log tells.',
        ),
      ]
}

/** Explains a deployment. */
export function explainDeployment(deployment: Deployment, around: Surroundings): Answer {
  const { spec, status } = deployment
  const wanted = spec.replicas ?? 1
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0, observedGeneration } = status ?? {}
  const sets = ownedBy(deployment, around.replicaSets)
  const causes = [
    ...unseen(deployment, observedGeneration),
    ...failing(status?.conditions, { ReplicaFailure: 'True', Progressing: 'False' }),
    ...pauseFinding(deployment),
    ...budgetFinding(deployment),
    ...sets.flatMap((set) => warningsAbout(set, around.events)),
    ...podFindings(
      sets.flatMap((set) => ownedBy(set, around.pods)),
      around,
    ),
  ]
  if (updatedReplicas === wanted && availableReplicas === wanted && replicas === wanted && causes.length === 0)
    return { answer: `It is rolled out: ${availableReplicas} of ${wanted} available.`, findings: [] }
  const old = replicas - updatedReplicas
  const behind = old > 0 ? `, ${counted(old, 'old pod')} not gone yet` : ''
  return {
    answer: `${updatedReplicas} of ${wanted} updated, ${availableReplicas} available${behind}.`,
    findings: causes,
  }
}

function pauseFinding({ spec, status }: Deployment): readonly Finding[] {
  return spec.paused === true && (status?.updatedReplicas ?? 0) < (status?.replicas ?? 0)
    ? [finding('it is paused', [], 'kubectl rollout resume lets it go on.')]
    : []
}

/** A rollout that has no room to move in. */
function budgetFinding({ spec }: Deployment): readonly Finding[] {
  const { maxSurge, maxUnavailable } = spec.strategy?.rollingUpdate ?? {}
  const isZero = (value: number | string | undefined): boolean => value === 0 || value === '0%'
  return isZero(maxUnavailable) && isZero(maxSurge)
    ? [finding('neither maxSurge nor maxUnavailable lets the rollout replace a pod')]
    : []
}

/** Explains a replica set or a replication controller. */
export function explainReplicas(
  set: Pick<ReplicaSet, 'metadata'> &
    KubernetesObject & { readonly spec?: { readonly replicas?: number }; readonly status?: ReplicaSet['status'] },
  around: Surroundings,
): Answer {
  const wanted = set.spec?.replicas ?? 1
  const { readyReplicas = 0, replicas = 0, observedGeneration, conditions } = set.status ?? {}
  const findings = [
    ...unseen(set, observedGeneration),
    ...failing(conditions, { ReplicaFailure: 'True' }),
    ...(replicas < wanted ? warningsAbout(set, around.events) : []),
    ...podFindings(ownedBy(set, around.pods), around),
  ]
  return { answer: `${replicas} of ${wanted} made, ${readyReplicas} ready.`, findings }
}

/** Explains a stateful set: of ordered pods only the first that is not ready holds up the rest. */
export function explainStatefulSet(set: StatefulSet, around: Surroundings): Answer {
  const { readyReplicas = 0, updatedReplicas = 0, observedGeneration } = set.status ?? {}
  const pods = ownedBy(set, around.pods).toSorted((a, b) => ordinalOf(a) - ordinalOf(b))
  const findings = [
    ...unseen(set, observedGeneration),
    ...strategyFindings(set),
    ...orderFinding(set, pods),
    ...warningsAbout(set, around.events),
    ...podFindings(pods, around),
  ]
  return { answer: `${readyReplicas} of ${set.spec.replicas ?? 1} ready, ${updatedReplicas} updated.`, findings }
}

function isUpdating({ status }: StatefulSet): boolean {
  return status?.updateRevision !== status?.currentRevision
}

/** What of its update strategy keeps pods at the old revision. */
function strategyFindings(set: StatefulSet): readonly Finding[] {
  if (!isUpdating(set)) return []
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  const remedy = 'Delete its pods one by one: each comes back with the new template.'
  if (type === 'OnDelete') return [finding('its update strategy is OnDelete', [], remedy)]
  const partition = rollingUpdate?.partition ?? 0
  return partition > 0 ? [finding(`partition ${partition} keeps pods with smaller ordinals at the old revision`)] : []
}

function orderFinding(set: StatefulSet, pods: readonly Pod[]): readonly Finding[] {
  const first = pods.find((pod) => !isPodWell(pod))
  const isMoving = pods.length < (set.spec.replicas ?? 1) || isUpdating(set)
  if (set.spec.podManagementPolicy === 'Parallel' || first === undefined || !isMoving) return []
  return [finding(`pods come one after the other: those behind pod/${first.metadata.name} wait for it`)]
}

function ordinalOf({ metadata }: Pod): number {
  return Number(/-(\d+)$/.exec(metadata.name ?? '')?.[1] ?? 0)
}

/** Explains a daemon set. */
export function explainDaemonSet(set: DaemonSet, around: Surroundings): Answer {
  const {
    desiredNumberScheduled = 0,
    numberReady = 0,
    updatedNumberScheduled = 0,
    observedGeneration,
  } = set.status ?? {}
  const none =
    desiredNumberScheduled === 0 && around.nodes.length > 0
      ? [
          finding(
            `none of ${counted(around.nodes.length, 'node')} is wanted: selector, affinity or taints exclude them all`,
          ),
        ]
      : []
  const findings = [
    ...unseen(set, observedGeneration),
    ...none,
    ...warningsAbout(set, around.events),
    ...podFindings(ownedBy(set, around.pods), around),
  ]
  const answer = `${numberReady} of ${desiredNumberScheduled} ready, ${updatedNumberScheduled ?? 0} updated.`
  return { answer, findings }
}

/** Explains a job. */
export function explainJob(job: Job, around: Surroundings): Answer {
  const { spec, status } = job
  const complete = conditionOf(status?.conditions, 'Complete')
  if (complete?.status === 'True') return { answer: 'It is complete.', findings: [] }
  const pods = ownedBy(job, around.pods)
  const failed = conditionOf(status?.conditions, 'Failed')
  if (failed?.status === 'True')
    return { answer: `It has failed (${failed.reason}): ${failed.message}`, findings: podFindings(pods, around) }
  const findings = [
    ...(spec.suspend === true
      ? [finding('it is suspended', [], 'kubectl patch job NAME -p \'{"spec":{"suspend":false}}\' lets it run.')]
      : []),
    ...warningsAbout(job, around.events),
    ...podFindings(pods, around),
  ]
  return { answer: jobAnswer(job), findings }
}

function jobAnswer({ spec, status }: Job): string {
  const { succeeded = 0, active = 0, failed = 0 } = status ?? {}
  return `${succeeded} of ${spec.completions ?? 1} done, ${active} running, ${failed} failed.`
}
