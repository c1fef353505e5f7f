/** Decides what becomes of a claim: bound to a volume, given to a provisioner, waiting or lost (pkg/controller/volume, v1.36). */
import { persistentVolumeClaims } from '#clients/kubernetes/resources.table.ts'
import type { EventText, Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { StorageClass } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { isPodFinished } from '../workloads/pod-state.ts'
import { bindClaim, claimPhase } from './bind-claim.ts'
import {
  annotation,
  classNameOf,
  defaultClassOf,
  hasAnnotation,
  isReservedFor,
  namesClass,
  waitsForConsumer,
} from './claim-names.ts'
import { findVolume, mismatchOf } from './match-volume.ts'
import { csiDriverOf, isBuiltIn } from './in-tree-plugins.ts'

export interface ClaimObserved {
  readonly claim: PersistentVolumeClaim
  readonly volumes: readonly PersistentVolume[]
  readonly classes: readonly StorageClass[]
  /** Pods that use the claim. */
  readonly pods: readonly Pod[]
}

/** The plan for one claim. */
export function planClaim(observed: ClaimObserved): Plan {
  const { claim } = observed
  if (hasAnnotation(claim, annotation.bindCompleted)) return planBoundClaim(observed)
  return (claim.spec.volumeName ?? '') === '' ? planOpenClaim(observed) : planNamingClaim(observed)
}

const normal = (reason: string, message: string): EventText => ({ type: 'Normal', reason, message })
const warning = (reason: string, message: string): EventText => ({ type: 'Warning', reason, message })

function pending(claim: PersistentVolumeClaim, event?: EventText): Plan {
  const events = event === undefined ? {} : { events: [event] }
  return { subject: claim, actions: claimPhase(claim, 'Pending'), ...events }
}

/** A claim that leaves the choice of its volume to us. */
function planOpenClaim(observed: ClaimObserved): Plan {
  const { claim, volumes, classes } = observed
  const className = classNameOf(claim)
  const storageClass = classes.find(({ metadata }) => metadata.name === className)
  const delayed = className !== '' && waitsForConsumer(storageClass)
  const volume = findVolume(claim, volumes, { delayed })
  if (volume !== undefined) return { subject: claim, actions: bindClaim(volume, claim) }
  const meant = namesClass(claim) ? undefined : defaultClassOf(classes)
  if (meant !== undefined) {
    const object = { ...claim, spec: { ...claim.spec, storageClassName: meant.metadata.name } }
    return { actions: [{ do: 'update', resource: persistentVolumeClaims, object }] }
  }
  if (delayed && !hasAnnotation(claim, annotation.selectedNode)) return pending(claim, whyDelayed(observed))
  if (className !== '') return planProvisioning(claim, className, storageClass)
  return pending(
    claim,
    normal('FailedBinding', 'no persistent volumes available for this claim and no storage class is set'),
  )
}

function whyDelayed({ pods }: ClaimObserved): EventText {
  const names = pods
    .filter((pod) => !isPodFinished(pod) && (pod.spec.nodeName ?? '') === '')
    .map(({ metadata }) => metadata.name)
  if (names.length === 0) {
    return normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
  }
  const what = names.length === 1 ? 'pod' : 'pods'
  return normal('WaitForPodScheduled', `waiting for ${what} ${names.join(',')} to be scheduled`)
}

/** Hands the claim to whoever makes volumes of its class: the annotation is the order. */
function planProvisioning(
  claim: PersistentVolumeClaim,
  className: string,
  storageClass: StorageClass | undefined,
): Plan {
  const failed = (message: string): Plan => ({ subject: claim, events: [warning('ProvisioningFailed', message)] })
  if (storageClass === undefined) return failed(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`)
  const { provisioner } = storageClass
  const maker = csiDriverOf(provisioner) ?? provisioner
  if (isBuiltIn(maker)) return failed(`no volume plugin matched name: ${provisioner}`)
  const { annotations } = claim.metadata
  const isOrdered = annotations?.[annotation.provisioner] === maker && annotations[annotation.betaProvisioner] === maker
  const ordered = { ...annotations, [annotation.betaProvisioner]: maker, [annotation.provisioner]: maker }
  const object = { ...claim, metadata: { ...claim.metadata, annotations: ordered } }
  return {
    subject: claim,
    actions: isOrdered ? [] : [{ do: 'update', resource: persistentVolumeClaims, object }],
    events: [
      normal(
        'ExternalProvisioning',
        `Waiting for a volume to be created either by the external provisioner '${maker}' or manually by the system ` +
          'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.',
      ),
    ],
  }
}

/** A claim that names its volume and is not bound yet. */
function planNamingClaim({ claim, volumes }: ClaimObserved): Plan {
  const { volumeName = '' } = claim.spec
  const volume = volumes.find(({ metadata }) => metadata.name === volumeName)
  if (volume === undefined) return pending(claim)
  if (volume.spec.claimRef === undefined) {
    const mismatch = mismatchOf(volume, claim)
    if (mismatch === undefined) return { subject: claim, actions: bindClaim(volume, claim) }
    const message = `Cannot bind to requested volume ${JSON.stringify(volumeName)}: ${mismatch}`
    return pending(claim, warning('VolumeMismatch', message))
  }
  if (isReservedFor(volume, claim)) return { subject: claim, actions: bindClaim(volume, claim) }
  const event = warning('FailedBinding', `volume ${JSON.stringify(volumeName)} already bound to a different claim.`)
  return hasAnnotation(claim, annotation.boundByController)
    ? { subject: claim, events: [event] }
    : pending(claim, event)
}

/** A claim that was bound once: kept bound, or lost with its volume. */
function planBoundClaim({ claim, volumes }: ClaimObserved): Plan {
  const { volumeName = '' } = claim.spec
  if (volumeName === '') {
    return lost(claim, 'ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
  }
  const volume = volumes.find(({ metadata }) => metadata.name === volumeName)
  if (volume === undefined)
    return lost(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  const { claimRef } = volume.spec
  if (claimRef === undefined || claimRef.uid === claim.metadata.uid)
    return { subject: claim, actions: bindClaim(volume, claim) }
  return lost(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}

function lost(claim: PersistentVolumeClaim, reason: string, message: string): Plan {
  if (claim.status?.phase === 'Lost') return {}
  return { subject: claim, actions: claimPhase(claim, 'Lost'), events: [warning(reason, message)] }
}
