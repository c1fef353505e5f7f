/** The set for a deployment's current template. */
import type { Deployment, ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { controllerOf, controllerReference } from '#kit/reconcile/owner-references.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import { hashOf, isSameTemplate, podTemplateHashLabel } from '../workloads/template-hash.ts'
import { newSetAnnotations, sizeAnnotations } from './annotations.ts'
import { newSetSize } from './rollout-maths.ts'

export interface Names {
  readonly deployments: ApiResource<Deployment>
  readonly replicaSets: ApiResource<ReplicaSet>
}

interface Observed {
  readonly deployment: Deployment
  readonly setNamed: (name: string) => ReplicaSet | undefined
  readonly resources: Names
}

export type NewSet =
  /** Another set has the name: the hash must become another one. */
  | { readonly kind: 'collision' }
  | { readonly kind: 'made'; readonly set: ReplicaSet; readonly actions: readonly Action[] }

/** Makes the set, as large as the rollout allows at once. */
export function createNewSet(
  observed: Observed,
  { revision, sets }: { readonly revision: bigint; readonly sets: readonly ReplicaSet[] },
): NewSet {
  const { deployment, resources } = observed
  const hash = hashOf(deployment.spec.template, deployment.status?.collisionCount ?? 0)
  const name = `${deployment.metadata.name}-${hash}`
  const taken = observed.setNamed(name)
  if (taken !== undefined && !isOurs(taken, deployment)) return { kind: 'collision' }
  const set = newSet(deployment, { hash, name, revision, replicas: newSetSize(deployment, sets, 0) })
  const replicas = set.spec.replicas ?? 0
  const failed = {
    type: 'Warning',
    reason: 'ReplicaSetCreateError',
    message: `Failed to create new replica set "${name}": {error}`,
  } as const
  const scaled = {
    type: 'Normal',
    reason: 'ScalingReplicaSet',
    message: `Scaled up replica set ${name} from 0 to ${replicas}`,
  } as const
  const told = replicas > 0 ? { done: scaled, failed } : { failed }
  return {
    kind: 'made',
    set,
    actions: [{ do: 'create', resource: resources.replicaSets, object: set, ifExists: 'plan-anew', told }],
  }
}

function isOurs(set: ReplicaSet, deployment: Deployment): boolean {
  return (
    controllerOf(set)?.uid === deployment.metadata.uid && isSameTemplate(set.spec.template, deployment.spec.template)
  )
}

function newSet(
  deployment: Deployment,
  of: { readonly hash: string; readonly name: string; readonly revision: bigint; readonly replicas: number },
): ReplicaSet {
  const { selector, template, minReadySeconds } = deployment.spec
  const label = { [podTemplateHashLabel]: of.hash }
  const labels = { ...template.metadata?.labels, ...label }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: of.name,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: { ...newSetAnnotations(deployment, undefined, of.revision), ...sizeAnnotations(deployment) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: of.replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...label } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}

/** An existing set that became current: annotations and minReadySeconds follow the deployment. */
export function withSetAnnotations(deployment: Deployment, set: ReplicaSet, revision: bigint): ReplicaSet {
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0
  const isSame = (set.spec.minReadySeconds ?? 0) === minReadySeconds
  return {
    ...set,
    metadata: { ...set.metadata, annotations: newSetAnnotations(deployment, set.metadata.annotations, revision) },
    spec: isSame ? set.spec : { ...set.spec, minReadySeconds },
  }
}
