/** Serves metrics.k8s.io beside the other groups of a running server. */
import type { ServedResources } from '../served-resource.ts'
import { metricsResources, type ResourceUsage } from './metrics-resources.ts'

/** Adds the group until disposed. */
export function serveMetrics(resources: ServedResources, usage: ResourceUsage): Disposable {
  const rows = metricsResources(usage)
  for (const row of rows) resources.add(row)
  return {
    [Symbol.dispose]: () => {
      for (const row of rows) resources.remove(row)
    },
  }
}
