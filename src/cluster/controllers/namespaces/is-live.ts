/** Namespaces in which something may still be made. */
import type { Namespace } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** True for a namespace that is there and not being deleted. */
export function isLive(namespace: Namespace | undefined): boolean {
  return (
    namespace !== undefined &&
    namespace.metadata.deletionTimestamp === undefined &&
    namespace.status?.phase !== 'Terminating'
  )
}
