/**
 * Decides about volumes that are directories of this machine: made when a claim orders one, grown on request, removed when
 * released. Claims and volumes are marked, and events worded, as by any provisioner that is not built in.
 */
import { join } from 'node:path/posix'
import { persistentVolumeClaims, persistentVolumes } from '#clients/kubernetes/resources.table.ts'
import { compareQuantities } from '#base/data/quantity.ts'
import { withoutFinalizer } from '#kit/reconcile/finalizers.ts'
import { nothingToDo, type Action, type EventText, type Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { StorageClass } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { annotation, classNameOf, provisionerFinalizer, waitsForConsumer } from './claim-names.ts'
import { storageOf } from './match-volume.ts'

/** The provisioner that a StorageClass names to get such volumes. */
export const hostPathProvisioner = 'gantry.dev/host-path'

export interface ClaimSeen {
  readonly claim: PersistentVolumeClaim
  readonly storageClass: StorageClass | undefined
  /** The volume that the claim is bound to. */
  readonly volume: PersistentVolume | undefined
  /** The folder that holds the volumes' directories. */
  readonly directory: string
  readonly hasNode: (name: string) => boolean
}

/** A plan, and the directory that must be there or be gone before it is carried out. */
export interface HostPathPlan {
  readonly directory?: { readonly do: 'make' | 'remove'; readonly path: string }
  readonly plan: Plan
}

const nothing: HostPathPlan = { plan: nothingToDo }
const normal = (reason: string, message: string): EventText => ({ type: 'Normal', reason, message })
const warning = (reason: string, message: string): EventText => ({ type: 'Warning', reason, message })

/** True when the claim was handed to this provisioner. */
export function isOrdered(claim: PersistentVolumeClaim): boolean {
  const { annotations } = claim.metadata
  return (annotations?.[annotation.provisioner] ?? annotations?.[annotation.betaProvisioner]) === hostPathProvisioner
}

/** What a claim needs: its volume, or a larger one. */
export function planHostPathClaim(seen: ClaimSeen): HostPathPlan {
  const { claim, volume } = seen
  if (!isOrdered(claim)) return nothing
  if ((claim.spec.volumeName ?? '') === '') return planNewVolume(seen)
  return volume === undefined ? nothing : { plan: planGrowth(claim, volume) }
}

function planNewVolume(seen: ClaimSeen): HostPathPlan {
  const { claim, storageClass, directory, hasNode } = seen
  if (storageClass?.provisioner !== hostPathProvisioner || claim.metadata.deletionTimestamp !== undefined)
    return nothing
  const node = claim.metadata.annotations?.[annotation.selectedNode]
  if (waitsForConsumer(storageClass) && node === undefined) return nothing
  const className = JSON.stringify(classNameOf(claim))
  const failed = (why: string): HostPathPlan => ({
    plan: {
      subject: claim,
      actions: withoutNode(claim),
      events: [warning('ProvisioningFailed', `failed to provision volume with StorageClass ${className}: ${why}`)],
    },
  })
  const problem = problemOf(claim, storageClass)
  if (problem !== undefined) return failed(problem)
  if (node !== undefined && !hasNode(node))
    return failed(`failed to get target node: node ${JSON.stringify(node)} not found`)
  const name = `pvc-${claim.metadata.uid ?? ''}`
  const path = join(directory, name)
  const object = newVolume({ claim, storageClass, name, path, node })
  const key = `${claim.metadata.namespace ?? ''}/${claim.metadata.name}`
  return {
    directory: { do: 'make', path },
    plan: {
      subject: claim,
      actions: [{ do: 'create', resource: persistentVolumes, object, ifExists: 'keep' }],
      events: [
        normal('Provisioning', `External provisioner is provisioning volume for claim ${JSON.stringify(key)}`),
        normal('ProvisioningSucceeded', `Successfully provisioned volume ${name}`),
      ],
    },
  }
}

/** Lets the scheduler choose again. */
function withoutNode(claim: PersistentVolumeClaim): readonly Action[] {
  const { [annotation.selectedNode]: node, ...annotations } = claim.metadata.annotations ?? {}
  if (node === undefined) return []
  const object = { ...claim, metadata: { ...claim.metadata, annotations } }
  return [{ do: 'update', resource: persistentVolumeClaims, object }]
}

function problemOf({ spec }: PersistentVolumeClaim, { parameters = {} }: StorageClass): string | undefined {
  const [parameter] = Object.keys(parameters)
  if (parameter !== undefined)
    return `invalid parameter ${JSON.stringify(parameter)}: ${hostPathProvisioner} takes none`
  if (spec.selector !== undefined) return 'claim.Spec.Selector is not supported'
  if (spec.dataSource !== undefined || spec.dataSourceRef !== undefined) return 'data sources are not supported'
  return spec.volumeMode === 'Block' ? `${hostPathProvisioner} does not support block volume provisioning` : undefined
}

function newVolume(made: {
  readonly claim: PersistentVolumeClaim
  readonly storageClass: StorageClass
  readonly name: string
  readonly path: string
  readonly node: string | undefined
}): PersistentVolume {
  const { claim, storageClass, name, path, node } = made
  const { namespace, uid, resourceVersion } = claim.metadata
  const policy = storageClass.reclaimPolicy ?? 'Delete'
  const storage = claim.spec.resources?.requests?.['storage'] ?? '0'
  const values = node === undefined ? [] : [node]
  const nodeSelectorTerms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values }] }]
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [annotation.provisionedBy]: hostPathProvisioner },
      ...(policy === 'Delete' ? { finalizers: [provisionerFinalizer] } : {}),
    },
    spec: {
      capacity: { storage },
      accessModes: claim.spec.accessModes ?? [],
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name: claim.metadata.name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      persistentVolumeReclaimPolicy: policy,
      storageClassName: classNameOf(claim),
      volumeMode: 'Filesystem',
      hostPath: { path, type: 'DirectoryOrCreate' },
      ...(node === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms } } }),
    },
  }
}

/** A directory has no size of its own: growing it is a matter of saying so. */
function planGrowth(claim: PersistentVolumeClaim, volume: PersistentVolume): Plan {
  const { status } = claim
  const storage = claim.spec.resources?.requests?.['storage']
  const isBound = status?.phase === 'Bound' && volume.spec.claimRef?.uid === claim.metadata.uid
  if (!isBound || storage === undefined) return nothingToDo
  if (compareQuantities(storageOf({ storage }), storageOf(status.capacity)) <= 0) return nothingToDo
  const { conditions = [], allocatedResourceStatuses: _, ...rest } = status
  const settled = conditions.filter(({ type }) => type !== 'Resizing' && type !== 'FileSystemResizePending')
  const grown = {
    ...rest,
    capacity: { ...status.capacity, storage },
    allocatedResources: { ...status.allocatedResources, storage },
    ...(settled.length === 0 ? {} : { conditions: settled }),
  }
  const { name } = volume.metadata
  return {
    subject: claim,
    actions: [
      {
        do: 'update',
        resource: persistentVolumes,
        object: { ...volume, spec: { ...volume.spec, capacity: { ...volume.spec.capacity, storage } } },
      },
      { do: 'update-status', resource: persistentVolumeClaims, object: { ...claim, status: grown } },
    ],
    events: [
      normal('Resizing', `External resizer is resizing volume ${name}`),
      normal('VolumeResizeSuccessful', 'Resize volume succeeded'),
    ],
  }
}

/** What a released volume of this provisioner needs: its directory removed, then its object. */
export function planHostPathVolume(volume: PersistentVolume, directory: string): HostPathPlan {
  const { annotations, name } = volume.metadata
  const isEnding = volume.status?.phase === 'Released' || volume.status?.phase === 'Failed'
  const isOurs = annotations?.[annotation.provisionedBy] === hostPathProvisioner
  if (!isOurs || !isEnding || volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return nothing
  const path = volume.spec.hostPath?.path ?? ''
  // Whoever may edit volumes must not be able to have other directories removed.
  if (path !== join(directory, name)) {
    const message = `${JSON.stringify(path)} is not the directory of volume ${JSON.stringify(name)}`
    return { plan: { subject: volume, events: [warning('VolumeFailedDelete', message)] } }
  }
  const object = withoutFinalizer(volume, provisionerFinalizer)
  return {
    directory: { do: 'remove', path },
    plan: {
      subject: volume,
      actions: [
        ...(object === volume ? [] : [{ do: 'update', resource: persistentVolumes, object } as const]),
        { do: 'delete', resource: persistentVolumes, object: volume },
      ],
    },
  }
}
