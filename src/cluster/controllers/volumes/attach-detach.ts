/** The attach/detach controller: volumes of CSI drivers follow the pods that use them from node to node. */
import {
  csiDrivers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '#clients/kubernetes/resources.table.ts'
import { isConditionTrue } from '#kit/reconcile/conditions.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { CSIDriver, VolumeAttachment } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { ControllerContext } from '../controller-context.ts'
import { isPodFinished } from '../workloads/pod-state.ts'
import { claimsOf } from './claim-names.ts'
import { planAttachments, type WantedVolume } from './plan-attachments.ts'

const nodeIndex = 'node'
const volumeIndex = 'volume'
const claimIndex = 'claim'
/** Nodes whose kubelet leaves attaching to this controller. */
const managed = 'volumes.kubernetes.io/controller-managed-attach-detach'

interface Caches {
  readonly pods: Lister<Pod>
  readonly claims: Lister<PersistentVolumeClaim>
  readonly volumes: Lister<PersistentVolume>
  readonly drivers: Lister<CSIDriver>
  readonly attachments: Lister<VolumeAttachment>
  readonly nodes: Lister<Node>
}

const usesClaims = (pod: Pod): boolean => (pod.spec.nodeName ?? '') !== '' && claimsOf(pod).length > 0

/** Starts the controller. */
export function startAttachDetachController(context: ControllerContext): Controller {
  const podCache = context.informers.of(pods)
  const claims = context.informers.of(persistentVolumeClaims)
  const attachments = context.informers.of(volumeAttachments)
  const nodeCache = context.informers.of(nodes)
  const caches: Caches = {
    pods: podCache,
    claims,
    attachments,
    nodes: nodeCache,
    volumes: context.informers.of(persistentVolumes),
    drivers: context.informers.of(csiDrivers),
  }
  podCache.addIndex('node-with-claims', (pod) => (usesClaims(pod) ? [pod.spec.nodeName ?? ''] : []))
  podCache.addIndex(claimIndex, claimsOf)
  attachments.addIndex(nodeIndex, ({ spec }) => [spec.nodeName])
  attachments.addIndex(volumeIndex, ({ spec }) => [spec.source.persistentVolumeName ?? ''])
  const unwanted = new Map<string, ReadonlyMap<string, number>>()
  return createController(context, {
    name: 'attachdetach',
    watches: [
      watch(podCache, ({ object, previous }) => nodesOfPod(object, previous)),
      watch(claims, ({ object }) => podCache.byIndex(claimIndex, keyOf(object)).flatMap((pod) => nodesOfPod(pod))),
      watch(attachments, ({ object }) => [object.spec.nodeName, ...nodesWaitingFor(object, caches)]),
      watch(nodeCache, ({ type, object, previous }) => {
        if (type === 'deleted') unwanted.delete(object.metadata.name)
        const isIdle = attachments.byIndex(nodeIndex, object.metadata.name).length === 0
        return isIdle || (type === 'updated' && !concerns(object, previous)) ? [] : [object.metadata.name]
      }),
    ],
    reconcile: (nodeName) => {
      const node = nodeCache.get(nodeName)
      const { plan, unwantedSince } = planAttachments({
        nodeName,
        node,
        wanted: node?.metadata.annotations?.[managed] === 'true' ? wantedOn(nodeName, caches) : [],
        attachments: attachments.byIndex(nodeIndex, nodeName),
        elsewhere: (volumeName) => elsewhereOf(volumeName, nodeName, caches),
        volumeNamed: (name) => caches.volumes.get(name),
        unwantedSince: unwanted.get(nodeName) ?? new Map<string, number>(),
        nowMs: context.clock.now(),
      })
      if (unwantedSince.size === 0) unwanted.delete(nodeName)
      else unwanted.set(nodeName, unwantedSince)
      return plan
    },
  })
}

function nodesOfPod(...versions: readonly (Pod | undefined)[]): readonly string[] {
  const [pod, previous] = versions
  const isSame =
    pod !== undefined &&
    previous !== undefined &&
    pod.spec.nodeName === previous.spec.nodeName &&
    isOver(pod) === isOver(previous)
  if (isSame) return []
  return versions.flatMap((one) => (one !== undefined && usesClaims(one) ? [one.spec.nodeName ?? ''] : []))
}

/** Nodes whose pods could not have a volume while it was attached elsewhere. */
function nodesWaitingFor({ spec }: VolumeAttachment, { pods: podCache, volumes }: Caches): readonly string[] {
  const reference = volumes.get(spec.source.persistentVolumeName ?? '')?.spec.claimRef
  if (reference === undefined) return []
  const key = `${reference.namespace ?? ''}/${reference.name ?? ''}`
  return podCache.byIndex(claimIndex, key).flatMap((pod) => nodesOfPod(pod))
}

/** True for changes of what decides about detaching. */
function concerns(node: Node, previous: Node | undefined): boolean {
  return previous === undefined || !equalValues(decisive(node), decisive(previous))
}

function decisive({ metadata, spec, status }: Node): object {
  return {
    isReady: isConditionTrue(status?.conditions, 'Ready'),
    taints: spec.taints ?? [],
    inUse: status?.volumesInUse ?? [],
    attached: status?.volumesAttached ?? [],
    managed: metadata.annotations?.[managed] ?? '',
  }
}

/** True for pods none of whose containers will run again. */
function isOver(pod: Pod): boolean {
  if (isPodFinished(pod)) return true
  const statuses = pod.status?.containerStatuses ?? []
  return (
    pod.metadata.deletionTimestamp !== undefined &&
    statuses.every(({ state }) => state?.terminated !== undefined || state?.waiting !== undefined)
  )
}

function wantedOn(nodeName: string, caches: Caches): readonly WantedVolume[] {
  const wanted = new Map<string, { volume: PersistentVolume; pods: Pod[] }>()
  for (const pod of caches.pods.byIndex('node-with-claims', nodeName)) {
    if (isOver(pod)) continue
    for (const key of claimsOf(pod)) {
      const volume = caches.volumes.get(caches.claims.get(key)?.spec.volumeName ?? '')
      if (volume === undefined || !needsAttaching(volume, caches.drivers)) continue
      const known = wanted.get(volume.metadata.name)
      if (known === undefined) wanted.set(volume.metadata.name, { volume, pods: [pod] })
      else known.pods.push(pod)
    }
  }
  return [...wanted.values()]
}

/** Volumes of CSI drivers are attached unless their driver says that it needs none of it. */
function needsAttaching({ spec }: PersistentVolume, drivers: Lister<CSIDriver>): boolean {
  return spec.csi !== undefined && drivers.get(spec.csi.driver)?.spec.attachRequired !== false
}

function elsewhereOf(
  volumeName: string,
  nodeName: string,
  { attachments, pods: podCache, volumes }: Caches,
): { readonly isAttached: boolean; readonly pods: readonly Pod[] } {
  const others = attachments.byIndex(volumeIndex, volumeName).filter(({ spec }) => spec.nodeName !== nodeName)
  const reference = volumes.get(volumeName)?.spec.claimRef
  const key = `${reference?.namespace ?? ''}/${reference?.name ?? ''}`
  const users = podCache.byIndex(claimIndex, key).filter((pod) => {
    const on = pod.spec.nodeName ?? ''
    return on !== '' && on !== nodeName && !isOver(pod)
  })
  return { isAttached: others.length > 0, pods: users }
}
