/** Decides how a released volume is emptied for its next claim: by a pod that removes everything in it (v1.36). */
import { pods } from '#clients/kubernetes/resources.table.ts'
import type { EventText, Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolume, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { isPodFinished } from '../workloads/pod-state.ts'
import { unbindVolume, volumePhase } from './bind-claim.ts'

/** Where recyclers run. */
export const recyclerNamespace = 'default'
const image = 'registry.k8s.io/build-image/debian-base:bookworm-v1.0.6'
const deadlineSeconds = 60
const empty = 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'

/** The name of a volume's recycler. */
export function recyclerName(volume: PersistentVolume): string {
  return `recycler-for-${volume.metadata.name}`
}

function recyclerPod(volume: PersistentVolume): object {
  const { hostPath, nfs } = volume.spec
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: recyclerName(volume), namespace: recyclerNamespace },
    spec: {
      activeDeadlineSeconds: deadlineSeconds,
      restartPolicy: 'Never',
      volumes: [{ name: 'vol', ...(hostPath === undefined ? { nfs } : { hostPath }) }],
      containers: [
        {
          name: 'pv-recycler',
          image,
          command: ['/bin/sh'],
          args: ['-c', empty],
          volumeMounts: [{ name: 'vol', mountPath: '/scrub' }],
        },
      ],
    },
  }
}

const told = (reason: string, message: string, type: EventText['type'] = 'Normal'): EventText => ({
  type,
  reason,
  message,
})

export interface RecyclingObserved {
  readonly volume: PersistentVolume
  /** The pod that empties the volume, if there is one. */
  readonly recycler: Pod | undefined
  /** Pods that still use the claim that was. */
  readonly users: readonly Pod[]
}

/** Starts the recycler, waits for it, and frees the volume when it is done. */
export function planRecycling({ volume, recycler, users }: RecyclingObserved): Plan {
  const isUsed = users.some((pod) => !isPodFinished(pod))
  if (isUsed && recycler === undefined) {
    const names = users.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`).toSorted()
    return { events: [told('VolumeFailedRecycle', `Volume is used by pods: ${names.join(',')}`)] }
  }
  if (recycler === undefined) {
    if (volume.status?.phase === 'Failed') return {}
    return { actions: [{ do: 'create', resource: pods, object: recyclerPod(volume) as Pod, ifExists: 'keep' }] }
  }
  if (!isPodFinished(recycler)) return {}
  const gone = { do: 'delete', resource: pods, object: recycler } as const
  if (recycler.status?.phase === 'Succeeded')
    return { actions: [gone, ...unbindVolume(volume)], events: [told('VolumeRecycled', 'Volume recycled')] }
  const message = `Recycle failed: ${recycler.status?.message ?? 'pod failed, pod.Status.Message unknown.'}`
  return {
    actions: [gone, ...volumePhase(volume, 'Failed', message)],
    events: [told('VolumeFailedRecycle', message, 'Warning')],
  }
}
