/** The registry's rows of the metrics catalogue. */
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { RegistryStorage } from './storage/storage.ts'

export interface RegistryMetrics {
  /** Counts an answered request. */
  request(route: string, method: string, status: number | 'ok'): void
  sent(bytes: number): void
  received(bytes: number): void
  garbage(bytes: number): void
}

/** Registers the rows and returns what feeds them. */
export function createRegistryMetrics(metrics: Metrics, storage: RegistryStorage): RegistryMetrics {
  const requests = metrics.counter({
    name: 'gantry_registry_requests_total',
    help: 'Requests answered.',
    labels: ['route', 'method', 'code'],
  })
  const sentBytes = metrics.counter({
    name: 'gantry_registry_blob_sent_bytes_total',
    help: 'Bytes of blobs sent to clients.',
  })
  const receivedBytes = metrics.counter({
    name: 'gantry_registry_blob_received_bytes_total',
    help: 'Bytes of blobs that clients completed.',
  })
  const freedBytes = metrics.counter({
    name: 'gantry_registry_garbage_freed_bytes_total',
    help: 'Bytes freed by garbage collection.',
  })
  metrics.observe({ name: 'gantry_registry_uploads', help: 'Uploads in progress.' }, () => storage.uploads.active)
  metrics.observe(
    { name: 'gantry_registry_repositories', help: 'Repositories.' },
    () => storage.repositories.names().length,
  )
  return {
    request: (route, method, status) => requests.add({ route, method, code: String(status) }),
    sent: (bytes) => sentBytes.add({}, bytes),
    received: (bytes) => receivedBytes.add({}, bytes),
    garbage: (bytes) => freedBytes.add({}, bytes),
  }
}
