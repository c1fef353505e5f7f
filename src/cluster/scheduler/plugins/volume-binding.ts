/**
 * Sends a pod where its volumes are or can be: bound claims hold it to their volumes' nodes; claims of classes that wait
 * for the first consumer get a volume, or a provisioner's order, for the node chosen, before the pod is bound.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import type { KnownNode } from '../node-table.ts'
import type { Filtering, Plugin } from '../plugin.ts'
import { finalRejection, type Rejection } from '../rejection.ts'
import type { PodRecord } from '../pod-record.ts'
import { canProvision, findVolume, isReachable } from './match-volumes.ts'
import { isOwnClaim } from './own-claim.ts'

const wrongNode = finalRejection("node(s) didn't match PersistentVolume's node affinity")
const nothingToBind = finalRejection("node(s) didn't find available persistent volumes to bind")
const noSpace = finalRejection('node(s) did not have enough free storage')
const volumeGone = finalRejection('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)')
const unbound = finalRejection('pod has unbound immediate PersistentVolumeClaims')

/** What has to be written before the pod can be bound. */
export interface VolumePlan {
  readonly bind: readonly { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[]
  readonly provision: readonly PersistentVolumeClaim[]
  readonly nodeName: string
}

/** How long to wait for claims to be bound. */
export interface BindWait {
  readonly signal: AbortSignal
  readonly mostMs: number
}

/** Upstream's bindTimeoutSeconds. */
export const defaultBindMostMs = 600_000

/** Carries plans out; supplied by the scheduler, which has the API. */
export interface VolumeWriter {
  /** Resolves when all claims are bound. */
  carryOut(plan: VolumePlan, wait: BindWait): Promise<void>
}

interface Claims {
  readonly bound: readonly PersistentVolumeClaim[]
  readonly waiting: readonly PersistentVolumeClaim[]
}

const isBound = (claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.volumeName ?? '') !== '' && claim.metadata.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined

function sortClaims(pod: PodRecord, objects: ClusterObjects): Claims | Rejection {
  const bound: PersistentVolumeClaim[] = []
  const waiting: PersistentVolumeClaim[] = []
  const ephemeral = new Set(
    (pod.pod.spec.volumes ?? []).flatMap((volume) =>
      volume.ephemeral === undefined ? [] : [`${pod.name}-${volume.name}`],
    ),
  )
  for (const name of pod.claims) {
    const claim = objects.claim(pod.namespace, name)
    const problem = whyUnusable(claim, { pod, name, isEphemeral: ephemeral.has(name) })
    if (problem !== undefined || claim === undefined) return finalRejection(problem ?? '')
    if (isBound(claim)) bound.push(claim)
    else if (waitsForConsumer(claim, objects)) waiting.push(claim)
    else return unbound
  }
  return { bound, waiting }
}

function whyUnusable(
  claim: PersistentVolumeClaim | undefined,
  { pod, name, isEphemeral }: { readonly pod: PodRecord; readonly name: string; readonly isEphemeral: boolean },
): string | undefined {
  if (claim === undefined)
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`
  if (isEphemeral && !isOwnedBy(claim, pod))
    return `PVC ${pod.namespace}/${name} was not created for pod ${pod.key} (pod is not owner)`
  if (claim.status?.phase === 'Lost')
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`
  return claim.metadata.deletionTimestamp === undefined ? undefined : `persistentvolumeclaim "${name}" is being deleted`
}

function isOwnedBy(claim: PersistentVolumeClaim, pod: PodRecord): boolean {
  return claim.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pod.uid) === true
}

function waitsForConsumer(claim: PersistentVolumeClaim, objects: ClusterObjects): boolean {
  if ((claim.spec?.volumeName ?? '') !== '') return false
  return objects.storageClass(claim.spec?.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer'
}

/** The plan for a node, or why the volumes do not go there. `taken` are volumes promised to pods under way. */
export function planVolumes(
  claims: Claims,
  entry: KnownNode,
  { objects, taken }: { readonly objects: ClusterObjects; readonly taken: ReadonlySet<string> },
): VolumePlan | Rejection {
  const elsewhere = whyBoundElsewhere(claims.bound, entry, objects)
  if (elsewhere !== undefined) return elsewhere
  const bind: { volume: PersistentVolume; claim: PersistentVolumeClaim }[] = []
  const provision: PersistentVolumeClaim[] = []
  const used = new Set(taken)
  for (const claim of claims.waiting) {
    const selected = claim.metadata.annotations?.['volume.kubernetes.io/selected-node']
    if (selected !== undefined && selected !== entry.name) return nothingToBind
    const volume =
      selected === undefined ? findVolume(claim, entry.node, { volumes: objects.volumes(), taken: used }) : undefined
    if (volume !== undefined) {
      used.add(volume.metadata.name)
      bind.push({ volume, claim })
      continue
    }
    const possible = canProvision(claim, entry.node, objects)
    if (possible !== 'possible') return possible === 'no space' ? noSpace : nothingToBind
    provision.push(claim)
  }
  return { bind, provision, nodeName: entry.name }
}

function whyBoundElsewhere(
  bound: readonly PersistentVolumeClaim[],
  entry: KnownNode,
  objects: ClusterObjects,
): Rejection | undefined {
  for (const claim of bound) {
    const volume = objects.volume(claim.spec?.volumeName ?? '')
    if (volume === undefined) return volumeGone
    if (!isReachable(volume, entry.node)) return wrongNode
  }
  return undefined
}

const isPlan = (value: VolumePlan | Rejection): value is VolumePlan => 'bind' in value

/** Builds the plugin; it remembers what it promised until the pod is bound or given up. */
export function volumeBinding(writer: VolumeWriter, bindMostMs: number = defaultBindMostMs): Plugin {
  const promised = new Map<string, VolumePlan>()
  const taken = (): Set<string> =>
    new Set([...promised.values()].flatMap(({ bind }) => bind.map(({ volume }) => volume.metadata.name)))
  return {
    name: 'VolumeBinding',
    preFilter: (pod, { objects }): Filtering | Rejection | undefined => {
      if (pod.claims.length === 0) return undefined
      const claims = sortClaims(pod, objects)
      if ('reasons' in claims) return claims
      const gone = taken()
      return {
        check: (entry) => {
          const plan = planVolumes(claims, entry, { objects, taken: gone })
          return isPlan(plan) ? undefined : plan
        },
      }
    },
    reserve: (pod, entry, { objects }) => {
      if (pod.claims.length === 0) return undefined
      const claims = sortClaims(pod, objects)
      if ('reasons' in claims) return claims
      const plan = planVolumes(claims, entry, { objects, taken: taken() })
      if (!isPlan(plan)) return plan
      if (plan.bind.length > 0 || plan.provision.length > 0) promised.set(pod.uid, plan)
      return undefined
    },
    unreserve: (pod) => void promised.delete(pod.uid),
    prepares: (pod) => promised.has(pod.uid),
    preBind: async (pod, _nodeName, signal) => {
      const plan = promised.get(pod.uid)
      if (plan === undefined) return
      await writer.carryOut(plan, { signal, mostMs: bindMostMs })
    },
    postBind: (pod) => void promised.delete(pod.uid),
    hints: {
      claim: isOwnClaim,
      volume: true,
      'storage-class': true,
      'csi-node': true,
      'csi-driver': true,
      'storage-capacity': true,
      'node-added': true,
      'node-changed': true,
    },
  }
}

/** What `carryOut` throws when volumes did not come in time. */
export function volumesNotBound(cause: unknown): GantryError {
  return new GantryError(
    'SCHEDULER_VOLUMES_NOT_BOUND',
    'deadline',
    'binding volumes: timed out waiting for the condition',
    {
      cause,
      remedy: 'Look at the events of the claims: a provisioner may be missing or failing.',
    },
  )
}

/** What `carryOut` throws when a provisioner gives a claim back. */
export function provisioningFailed(claim: string): GantryError {
  return new GantryError(
    'SCHEDULER_PROVISIONING_FAILED',
    'unavailable',
    `binding volumes: provisioning failed for PVC ${JSON.stringify(claim)}`,
    { remedy: 'Look at the events of the claim: its provisioner says there what went wrong.' },
  )
}
