/** Deployments, daemon sets and stateful sets: what their objects carry for controllers and from older API versions. */
import { type ApiObject, equalJson, listAt, objectAt, withMetadata } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

const templateGeneration = 'deprecated.daemonset.template.generation'

function generationOf(daemonSet: ApiObject): number {
  return Number(daemonSet.metadata.annotations?.[templateGeneration] ?? 0)
}

function withGeneration(daemonSet: ApiObject, generation: number): ApiObject {
  const annotations = { ...daemonSet.metadata.annotations, [templateGeneration]: String(generation) }
  return withMetadata(daemonSet, { annotations })
}

/** The number of its template, which once was a field of the spec. */
export const daemonSetStrategy: Partial<Strategy> = {
  internalize: (daemonSet) => withGeneration(daemonSet, generationOf(daemonSet)),
  prepareCreate: (daemonSet) => withGeneration(daemonSet, Math.max(1, generationOf(daemonSet))),
  prepareUpdate: (next, old) => {
    const isSame = equalJson(objectAt(next, 'spec')['template'], objectAt(old, 'spec')['template'])
    return withGeneration(next, generationOf(old) + (isSame ? 0 : 1))
  },
}

function withTypedClaims(statefulSet: ApiObject): ApiObject {
  const claims = listAt(statefulSet, 'spec', 'volumeClaimTemplates')
  if (claims.length === 0) return statefulSet
  const typed = claims.map((claim) => ({ kind: 'PersistentVolumeClaim', apiVersion: 'v1', ...claim }))
  return { ...statefulSet, spec: { ...objectAt(statefulSet, 'spec'), volumeClaimTemplates: typed } }
}

/** Claim templates say what they are. */
export const statefulSetStrategy: Partial<Strategy> = {
  prepareCreate: withTypedClaims,
  prepareUpdate: withTypedClaims,
}

/** Annotations count as a change of what is wanted: replica sets get copies of them. */
export const deploymentStrategy: Partial<Strategy> = {
  statusKeepsLabels: true,
  changesGeneration: (next, old) =>
    !equalJson(next.spec, old.spec) || !equalJson(next.metadata.annotations ?? {}, old.metadata.annotations ?? {}),
}
