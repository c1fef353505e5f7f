/** The pod and the claims of one ordinal of a stateful set: names that last (stateful_set_utils.go, v1.36). */
import type { StatefulSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { OwnerReference } from '#spec/kubernetes/objects/objects.ts'
import { controllerReference } from '#kit/reconcile/owner-references.ts'
import { podFromTemplate } from '../workloads/pod-from-template.ts'
import { revisionHashLabel } from '../workloads/revisions.ts'

const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

/** The ordinal in a pod's name, undefined where the name is not of this set. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`
  const rest = pod.metadata.name.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : ''
  return /^(0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined
}

/** The labels by which a pod is known as the one of an ordinal. */
function identityLabels(name: string, ordinal: number): Readonly<Record<string, string>> {
  return { [podNameLabel]: name, [podIndexLabel]: String(ordinal) }
}

/** The pod with the labels of its ordinal; undefined where it has them. Adopted pods come without. */
export function withIdentity(pod: Pod, ordinal: number): Pod | undefined {
  const { labels } = pod.metadata
  const wanted = identityLabels(pod.metadata.name, ordinal)
  if (Object.entries(wanted).every(([key, value]) => labels?.[key] === value)) return undefined
  return { ...pod, metadata: { ...pod.metadata, labels: { ...labels, ...wanted } } }
}

/** The pod of an ordinal. */
export function statefulPod(
  set: StatefulSet,
  ordinal: number,
  of: { readonly template: PodTemplateSpec; readonly hash: string },
): Pod {
  const name = `${set.metadata.name}-${ordinal}`
  const pod = podFromTemplate({ ...set, apiVersion: 'apps/v1', kind: 'StatefulSet' }, of.template, name)
  const claimed = new Set((set.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name))
  const claims = [...claimed].map((claim) => ({
    name: claim,
    persistentVolumeClaim: { claimName: claimName(set, claim, ordinal), readOnly: false },
  }))
  const volumes = [...claims, ...(pod.spec.volumes ?? []).filter((volume) => !claimed.has(volume.name))]
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata.labels,
        ...identityLabels(name, ordinal),
        [revisionHashLabel]: of.hash,
      },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(set.spec.serviceName === undefined || set.spec.serviceName === '' ? {} : { subdomain: set.spec.serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  }
}

function claimName(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${set.metadata.name}-${ordinal}`
}

/** The claims of an ordinal; they outlive pod and set unless the retention policy says otherwise. */
export function claimsFor(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, template.metadata.name, ordinal),
      namespace: set.metadata.namespace ?? '',
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      ...(template.metadata.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
    },
    spec: template.spec,
  }))
}

/** Who owns a claim under the retention policy: the set when claims go with it, the pod when they go with a smaller set. */
export function claimOwners(set: StatefulSet, pod: Pod | undefined, isCondemned: boolean): readonly OwnerReference[] {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenScaled === 'Delete' && isCondemned && pod?.metadata.uid !== undefined)
    return [controllerReference({ ...pod, apiVersion: 'v1', kind: 'Pod' })]
  if (whenDeleted === 'Delete' && !(whenScaled === 'Delete' && isCondemned))
    return [controllerReference({ ...set, apiVersion: 'apps/v1', kind: 'StatefulSet' })]
  return []
}
