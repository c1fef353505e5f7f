/** Chooses the explanation by kind; a kind without one of its own is explained by its conditions. */
import type { AnyCondition } from '#kit/reconcile/conditions.ts'
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Node, PersistentVolumeClaim, Pod, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { explainClaim } from './explain-claim.ts'
import { deletionFindings } from './explain-deletion.ts'
import { explainPod } from './explain-pod.ts'
import { explainService } from './explain-service.ts'
import {
  explainDaemonSet,
  explainDeployment,
  explainJob,
  explainReplicas,
  explainStatefulSet,
} from './explain-workload.ts'
import { type Explanation, type Finding, finding } from './finding.ts'
import { type Surroundings, warningsAbout } from './surroundings.ts'

type Answer = Omit<Explanation, 'subject'>
type Explain = (object: KubernetesObject, around: Surroundings) => Answer

/** The API's own kinds; the type of each follows from its kind. */
const explainers: Readonly<Record<string, Explain>> = {
  'v1/Pod': (object, around) => explainPod(object as Pod, around),
  'v1/Service': (object, around) => explainService(object as Service, around),
  'v1/Node': (object, around) => explainNode(object as Node, around),
  'v1/PersistentVolumeClaim': (object, around) => explainClaim(object as PersistentVolumeClaim, around),
  'v1/ReplicationController': (object, around) => explainReplicas(object as unknown as ReplicaSet, around),
  'apps/v1/ReplicaSet': (object, around) => explainReplicas(object as ReplicaSet, around),
  'apps/v1/Deployment': (object, around) => explainDeployment(object as Deployment, around),
  'apps/v1/StatefulSet': (object, around) => explainStatefulSet(object as StatefulSet, around),
  'apps/v1/DaemonSet': (object, around) => explainDaemonSet(object as DaemonSet, around),
  'batch/v1/Job': (object, around) => explainJob(object as Job, around),
}

/** Explains an object. */
export function explainObject(object: KubernetesObject, around: Surroundings): Answer {
  const { apiVersion, kind, metadata } = object
  if (metadata.deletionTimestamp !== undefined && kind !== 'Pod')
    return {
      answer: 'It is being deleted.',
      findings: [...deletionFindings(object, around.nowMs), ...conditionFindings(object)],
    }
  return (explainers[`${apiVersion}/${kind}`] ?? explainByConditions)(object, around)
}

function conditionsOf(object: KubernetesObject): readonly AnyCondition[] {
  const { conditions } = ((object as { readonly status?: unknown }).status ?? {}) as { readonly conditions?: unknown }
  return Array.isArray(conditions) ? (conditions as AnyCondition[]) : []
}

/** Conditions that are told with a message: a namespace being deleted says there what is left. */
function conditionFindings(object: KubernetesObject): readonly Finding[] {
  return conditionsOf(object)
    .filter(({ status, message = '' }) => status !== 'False' && message !== '')
    .map(({ type, status, reason = '', message = '' }) => finding(`${type} is ${status} (${reason}): ${message}`))
}

/** Conditions whose "True" is the trouble. */
const isTrouble = /pressure$|fail|unavailable|terminating|conflict|limited|nonstructural/i

const explainByConditions: Explain = (object, around) => {
  const conditions = conditionsOf(object)
  const bad = conditions.filter(({ type, status }) => (isTrouble.test(type) ? status === 'True' : status !== 'True'))
  const told = bad.map(({ type, status, reason = '', message = '' }) =>
    finding(`${type} is ${status}${reason === '' ? '' : ` (${reason})`}${message === '' ? '' : `: ${message}`}`),
  )
  const warnings = warningsAbout(object, around.events)
  if (conditions.length === 0 && warnings.length === 0)
    return { answer: 'It is there; its kind tells nothing about its state.', findings: [] }
  if (told.length === 0 && warnings.length === 0) return { answer: 'Nothing is wrong with it.', findings: [] }
  const most =
    told.length === 0
      ? 'Its conditions are good; there were warnings.'
      : `${told.length} of ${conditions.length} conditions not good.`
  return { answer: most, findings: [...told, ...warnings] }
}

function explainNode(node: Node, around: Surroundings): Answer {
  const { answer, findings } = explainByConditions(node, around)
  const taints = (node.spec?.taints ?? []).map(({ key, value = '', effect }) =>
    finding(`taint ${key}${value === '' ? '' : `=${value}`}:${effect} keeps pods away that do not tolerate it`),
  )
  const cordoned = node.spec?.unschedulable === true
  const remedy = `kubectl uncordon ${node.metadata.name} lets it take pods again.`
  return {
    answer: cordoned ? `It takes no new pods. ${answer}` : answer,
    findings: [...(cordoned ? [finding('it is cordoned', [], remedy)] : []), ...findings, ...taints],
  }
}
