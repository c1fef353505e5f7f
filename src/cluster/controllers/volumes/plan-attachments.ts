/**
 * Decides which volumes of CSI drivers are attached to a node: those of its pods, told to the driver by VolumeAttachments
 * and to the kubelet by the node's status (pkg/controller/volume/attachdetach, v1.36). Pure.
 */
import { nodes, volumeAttachments } from '#clients/kubernetes/resources.table.ts'
import { digestHex, digestOf } from '#base/data/digest.ts'
import { isConditionTrue } from '#kit/reconcile/conditions.ts'
import type { Action, EventText, Plan } from '#kit/reconcile/plan.ts'
import type { AttachedVolume, Node, PersistentVolume, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { VolumeAttachment } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'

/** A volume that nobody wants any more is detached from a node that does not answer after this time. */
const unmountMostMs = 360_000
const outOfServiceTaint = 'node.kubernetes.io/out-of-service'
const ourName = /^csi-[0-9a-f]{64}$/

/** A volume that a pod of the node needs. */
export interface WantedVolume {
  readonly volume: PersistentVolume
  readonly pods: readonly Pod[]
}

export interface AttachmentsObserved {
  readonly nodeName: string
  /** Undefined when it is gone. */
  readonly node: Node | undefined
  /** Volumes that need attaching, for pods that are not over. */
  readonly wanted: readonly WantedVolume[]
  /** Attachments to this node. */
  readonly attachments: readonly VolumeAttachment[]
  /** Nodes that a volume is attached to, and the pods that use it there. */
  readonly elsewhere: (volumeName: string) => { readonly isAttached: boolean; readonly pods: readonly Pod[] }
  readonly volumeNamed: (name: string) => PersistentVolume | undefined
  /** Since when an attachment has not been wanted, by its name. */
  readonly unwantedSince: ReadonlyMap<string, number>
  readonly nowMs: number
}

export interface AttachmentsPlan {
  readonly plan: Plan
  readonly unwantedSince: ReadonlyMap<string, number>
}

/** The name of the attachment of a volume to a node. */
export function attachmentName({ spec }: PersistentVolume, nodeName: string): string {
  const { driver = '', volumeHandle = '' } = spec.csi ?? {}
  return `csi-${digestHex(digestOf(Buffer.from(`${volumeHandle}${driver}${nodeName}`)))}`
}

/** The name of a volume in a node's status. */
export function reportedName({ spec }: PersistentVolume): string {
  return `kubernetes.io/csi/${spec.csi?.driver ?? ''}^${spec.csi?.volumeHandle ?? ''}`
}

/** The plan for one node. */
export function planAttachments(observed: AttachmentsObserved): AttachmentsPlan {
  const { wanted, attachments, nodeName, nowMs, node } = observed
  const known = new Map(attachments.map((attachment) => [attachment.metadata.name, attachment]))
  const wantedNames = new Set(wanted.map(({ volume }) => attachmentName(volume, nodeName)))
  const unwanted = attachments.filter(({ metadata }) => ourName.test(metadata.name) && !wantedNames.has(metadata.name))
  const unwantedSince = new Map(
    unwanted.map(({ metadata: { name } }) => [name, observed.unwantedSince.get(name) ?? nowMs] as const),
  )
  const leaving = unwanted.filter((attachment) => mayLeave(attachment, observed, unwantedSince))
  const attached = wanted.map((one) => planWanted(one, known.get(attachmentName(one.volume, nodeName)), observed))
  const reported = reportFor(observed, leaving)
  const waits = unwanted.length > leaving.length
  return {
    plan: {
      actions: [
        ...attached.flatMap(({ action }) => (action === undefined ? [] : [action])),
        ...(node === undefined || reported === undefined ? [] : [reportTo(node, reported)]),
        ...leaving.flatMap(detach),
      ],
      events: attached.flatMap(({ events }) => events),
      ...(waits ? { lookAgainAfterMs: Math.max(1000, soonestMs(unwantedSince) - nowMs) } : {}),
    },
    unwantedSince,
  }
}

function soonestMs(unwantedSince: ReadonlyMap<string, number>): number {
  return Math.min(...unwantedSince.values()) + unmountMostMs
}

/** True once nothing on the node uses the volume, or nobody can tell any more. */
function mayLeave(
  { spec, metadata }: VolumeAttachment,
  { node, volumeNamed, nowMs }: AttachmentsObserved,
  unwantedSince: ReadonlyMap<string, number>,
): boolean {
  const isOld = nowMs - (unwantedSince.get(metadata.name) ?? nowMs) >= unmountMostMs
  if (node === undefined) return isOld
  if (node.spec.taints?.some(({ key }) => key === outOfServiceTaint) === true) return true
  const volume = volumeNamed(spec.source.persistentVolumeName ?? '')
  const isInUse = volume !== undefined && node.status?.volumesInUse?.includes(reportedName(volume)) === true
  return !isInUse || (isOld && !isConditionTrue(node.status?.conditions, 'Ready'))
}

function detach(attachment: VolumeAttachment): readonly Action[] {
  if (attachment.metadata.deletionTimestamp !== undefined) return []
  return [{ do: 'delete', resource: volumeAttachments, object: attachment }]
}

function planWanted(
  { volume, pods }: WantedVolume,
  attachment: VolumeAttachment | undefined,
  observed: AttachmentsObserved,
): { readonly action?: Action; readonly events: readonly EventText[] } {
  const name = JSON.stringify(volume.metadata.name)
  const tell = (type: EventText['type'], reason: string, message: string): readonly EventText[] =>
    pods.map((pod) => ({ type, reason, message, regarding: pod }))
  if (attachment === undefined) {
    const forbidden = whyNotTwice(volume, observed)
    if (forbidden === undefined) return { action: attach(volume, observed.nodeName), events: [] }
    return { events: tell('Warning', 'FailedAttachVolume', `Multi-Attach error for volume ${name} ${forbidden}`) }
  }
  const { attached = false, attachError } = attachment.status ?? {}
  if (attached && !isReported(volume, observed.node))
    return { events: tell('Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume ${name} `) }
  if (attached || attachError === undefined) return { events: [] }
  const message = `AttachVolume.Attach failed for volume ${name} : ${attachError.message ?? ''}`
  return { events: tell('Warning', 'FailedAttachVolume', message) }
}

function attach({ metadata, spec }: PersistentVolume, nodeName: string): Action {
  const object = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: attachmentName({ metadata, spec } as PersistentVolume, nodeName) },
    spec: { attacher: spec.csi?.driver ?? '', source: { persistentVolumeName: metadata.name }, nodeName },
  } as const
  return { do: 'create', resource: volumeAttachments, object, ifExists: 'keep' }
}

/** Why a volume that only one node may have cannot be attached now. */
function whyNotTwice({ spec, metadata }: PersistentVolume, { elsewhere }: AttachmentsObserved): string | undefined {
  const modes = spec.accessModes ?? []
  if (modes.length === 0 || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany')) return undefined
  const { isAttached, pods } = elsewhere(metadata.name)
  if (!isAttached) return undefined
  return pods.length === 0
    ? "Volume is already exclusively attached to one node and can't be attached to another"
    : `Volume is already used by pod(s) ${pods.map((pod) => pod.metadata.name).join(', ')}`
}

const isReported = (volume: PersistentVolume, node: Node | undefined): boolean =>
  node?.status?.volumesAttached?.some(({ name }) => name === reportedName(volume)) === true

/** What the node's status should list; undefined when it does already. */
function reportFor(
  { node, attachments, volumeNamed }: AttachmentsObserved,
  leaving: readonly VolumeAttachment[],
): readonly AttachedVolume[] | undefined {
  const listed = attachments
    .filter((one) => one.status?.attached === true && one.metadata.deletionTimestamp === undefined)
    .filter((one) => !leaving.includes(one))
    .flatMap(({ spec, status }): AttachedVolume[] => {
      const volume = volumeNamed(spec.source.persistentVolumeName ?? '')
      const devicePath = status?.attachmentMetadata?.['devicePath'] ?? ''
      return volume?.spec.csi === undefined ? [] : [{ name: reportedName(volume), devicePath }]
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const before = (node?.status?.volumesAttached ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return equalValues(listed, before) ? undefined : listed
}

function reportTo(node: Node, volumesAttached: readonly AttachedVolume[]): Action {
  // A list that is merged by position cannot be shortened piece by piece: it is replaced.
  const status = { volumesAttached: volumesAttached.length === 0 ? null : volumesAttached }
  return { do: 'patch', resource: nodes, object: node, type: 'merge', patch: { status }, subresource: 'status' }
}
