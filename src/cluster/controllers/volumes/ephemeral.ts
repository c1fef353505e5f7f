/** The ephemeral volume controller: a claim of its own for each ephemeral volume of a pod (pkg/controller/volume/ephemeral, v1.36). */
import { persistentVolumeClaims, pods } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { controllerReference } from '#kit/reconcile/owner-references.ts'
import { nothingToDo, type Action, type EventText, type Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ControllerContext } from '../controller-context.ts'
import { claimsOf, ephemeralClaimName } from './claim-names.ts'

const claimIndex = 'claim'

/** Starts the controller. */
export function startEphemeralVolumeController(context: ControllerContext): Controller {
  const podCache = context.informers.of(pods)
  const claims = context.informers.of(persistentVolumeClaims)
  podCache.addIndex(claimIndex, claimsOf)
  /** Failures so far, by pod. */
  const attempts = new Map<string, number>()
  return createController(context, {
    name: 'ephemeral_volume',
    watches: [
      watch(podCache, ({ object, type }) => (type === 'added' && hasEphemeral(object) ? [keyOf(object)] : [])),
      watch(claims, ({ object, type }) =>
        type === 'deleted' ? podCache.byIndex(claimIndex, keyOf(object)).filter(hasEphemeral).map(keyOf) : [],
      ),
    ],
    reconcile: (key) => {
      const pod = podCache.get(key)
      const attempt = attempts.get(key) ?? 0
      const plan = pod === undefined ? nothingToDo : planEphemeralClaims(pod, claims, attempt)
      if (plan.lookAgainAfterMs === undefined) attempts.delete(key)
      else attempts.set(key, attempt + 1)
      return plan
    },
  })
}

const hasEphemeral = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.spec.volumes ?? []).some(({ ephemeral }) => ephemeral !== undefined)

const firstPauseMs = 5
const pauseMostMs = 1_000_000

/**
 * The claims that a pod lacks. A claim of the right name that somebody else made stops them: that is told again and again,
 * after pauses that double, as upstream does. @param attempt How often it was so already.
 */
export function planEphemeralClaims(
  pod: Pod,
  claims: Pick<Lister<PersistentVolumeClaim>, 'get'>,
  attempt: number,
): Plan {
  const actions: Action[] = []
  if (!hasEphemeral(pod)) return nothingToDo
  for (const { name, ephemeral } of pod.spec.volumes ?? []) {
    if (ephemeral === undefined) continue
    const claimName = ephemeralClaimName(pod, name)
    const known = claims.get(keyFrom(pod.metadata.namespace, claimName))
    if (known !== undefined) {
      if (isOwnedBy(known, pod)) continue
      const key = `${pod.metadata.namespace ?? ''}/${claimName}`
      const owner = `pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name}`
      const lookAgainAfterMs = Math.min(pauseMostMs, firstPauseMs * 2 ** attempt)
      const why = `PVC ${key} was not created for ${owner} (pod is not owner)`
      return { subject: pod, actions, events: [failedBinding(name, why)], lookAgainAfterMs }
    }
    actions.push(claimFor(pod, { volume: name, claimName, template: ephemeral.volumeClaimTemplate }))
  }
  return { subject: pod, actions }
}

function claimFor(
  pod: Pod,
  of: {
    readonly volume: string
    readonly claimName: string
    readonly template: { readonly metadata?: object; readonly spec?: object } | undefined
  },
): Action {
  const { labels, annotations } = (of.template?.metadata ?? {}) as Partial<Pod['metadata']>
  const { namespace } = pod.metadata
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: of.claimName,
      ...(namespace === undefined ? {} : { namespace }),
      ownerReferences: [controllerReference(pod)],
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: of.template?.spec ?? {},
  } as const
  const failed = failedBinding(of.volume, `create PVC ${of.claimName}: {error}`)
  return { do: 'create', resource: persistentVolumeClaims, object, told: { failed } }
}

function isOwnedBy(claim: PersistentVolumeClaim, pod: Pod): boolean {
  return (claim.metadata.ownerReferences ?? []).some(
    ({ uid, controller }) => controller === true && uid === pod.metadata.uid,
  )
}

const failedBinding = (volume: string, why: string): EventText => ({
  type: 'Warning',
  reason: 'FailedBinding',
  message: `ephemeral volume ${volume}: ${why}`,
})
