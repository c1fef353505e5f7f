/** A volume labelled with a zone or region is used in it only (labels of in-tree and old provisioners). */
import type { PersistentVolume } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Plugin } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'
import { isOwnClaim } from './own-claim.ts'

const rejected = finalRejection('node(s) had no available volume zone')
const keys = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]
const betaOf: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/zone': 'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
}

interface Place {
  readonly key: string
  readonly values: ReadonlySet<string>
}

/** Where a volume's labels say it is; several zones are joined by `__`. */
export function placesOf(volume: PersistentVolume): Place[] {
  return keys.flatMap((key) => {
    const value = volume.metadata.labels?.[key]
    return value === undefined ? [] : [{ key, values: new Set(value.split('__').map((part) => part.trim())) }]
  })
}

export const volumeZone: Plugin = {
  name: 'VolumeZone',
  preFilter: (pod, { objects }) => {
    const places = pod.claims.flatMap((name) => {
      const volumeName = objects.claim(pod.namespace, name)?.spec?.volumeName ?? ''
      const volume = volumeName === '' ? undefined : objects.volume(volumeName)
      return volume === undefined ? [] : placesOf(volume)
    })
    if (places.length === 0) return undefined
    return {
      check: (entry) => {
        const labels = entry.node.metadata.labels ?? {}
        // A cluster whose nodes have no zones does not care.
        if (!keys.some((key) => labels[key] !== undefined)) return undefined
        const isHere = places.every(({ key, values }) => {
          const value = labels[key] ?? labels[betaOf[key] ?? '']
          return value !== undefined && values.has(value)
        })
        return isHere ? undefined : rejected
      },
    }
  },
  hints: { claim: isOwnClaim, volume: true, 'storage-class': true, 'node-added': true, 'node-changed': true },
}
