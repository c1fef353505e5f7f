/** Metrics of volumes and claims, under upstream's names; counted when they are read. */
import type { Lister } from '#kit/reconcile/informer.ts'
import type { MetricLabels, Metrics } from '#kit/telemetry/metrics.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { classNameOf } from './claim-names.ts'

type Series = Iterable<readonly [MetricLabels, number]>

/** How many objects there are of each set of labels. */
function countBy<T>(objects: readonly T[], labelsOf: (object: T) => MetricLabels): Series {
  const counts = new Map<string, [MetricLabels, number]>()
  for (const object of objects) {
    const labels = labelsOf(object)
    const key = Object.values(labels).join('\n')
    const known = counts.get(key)
    if (known === undefined) counts.set(key, [labels, 1])
    else known[1]++
  }
  return counts.values()
}

const pluginOf = ({ spec }: PersistentVolume): string => {
  if (spec.csi !== undefined) return `kubernetes.io/csi:${spec.csi.driver}`
  if (spec.hostPath !== undefined) return 'kubernetes.io/host-path'
  if (spec.local !== undefined) return 'kubernetes.io/local-volume'
  return spec.nfs === undefined ? 'N/A' : 'kubernetes.io/nfs'
}

/** Adds what the caches of the binder say. */
export function observeVolumes(
  metrics: Metrics,
  { claims, volumes }: { readonly claims: Lister<PersistentVolumeClaim>; readonly volumes: Lister<PersistentVolume> },
): void {
  const ofVolume = (volume: PersistentVolume): MetricLabels => ({ storage_class: classNameOf(volume) })
  const ofClaim = (claim: PersistentVolumeClaim): MetricLabels => ({
    namespace: claim.metadata.namespace ?? '',
    storage_class: classNameOf(claim),
    volume_attributes_class: claim.spec.volumeAttributesClassName ?? '',
  })
  const rows: readonly (readonly [name: string, help: string, read: () => Series])[] = [
    [
      'pv_collector_bound_pv_count',
      'Gauge measuring number of persistent volume currently bound',
      () =>
        countBy(
          volumes.list().filter(({ status }) => status?.phase === 'Bound'),
          ofVolume,
        ),
    ],
    [
      'pv_collector_unbound_pv_count',
      'Gauge measuring number of persistent volume currently unbound',
      () =>
        countBy(
          volumes.list().filter(({ status }) => status?.phase !== 'Bound'),
          ofVolume,
        ),
    ],
    [
      'pv_collector_bound_pvc_count',
      'Gauge measuring number of persistent volume claim currently bound',
      () =>
        countBy(
          claims.list().filter(({ status }) => status?.phase === 'Bound'),
          ofClaim,
        ),
    ],
    [
      'pv_collector_unbound_pvc_count',
      'Gauge measuring number of persistent volume claim currently unbound',
      () =>
        countBy(
          claims.list().filter(({ status }) => status?.phase !== 'Bound'),
          ofClaim,
        ),
    ],
    [
      'pv_collector_total_pv_count',
      'Gauge measuring total number of persistent volumes',
      () =>
        countBy(volumes.list(), (volume) => ({
          plugin_name: pluginOf(volume),
          volume_mode: volume.spec.volumeMode ?? 'Filesystem',
        })),
    ],
  ]
  const claimLabels = ['namespace', 'storage_class', 'volume_attributes_class']
  for (const [name, help, read] of rows) {
    const own = name.endsWith('_pvc_count') ? claimLabels : ['storage_class']
    const labels = name === 'pv_collector_total_pv_count' ? ['plugin_name', 'volume_mode'] : own
    metrics.observeAll({ name, help, labels }, 'gauge', read)
  }
}
