/** Namespaces: born Active with a finalizer in their spec, Terminating from the first DELETE until that is gone. */
import { type ApiObject, objectAt, textAt, withMember, withMetadata } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const namespaceStrategy: Partial<Strategy> = {
  prepareCreate: (namespace) => {
    const spec = objectAt(namespace, 'spec')
    const kept = Array.isArray(spec['finalizers']) ? (spec['finalizers'] as readonly unknown[]) : []
    const finalizers = kept.includes('kubernetes') ? kept : [...kept, 'kubernetes']
    return {
      ...named(namespace),
      spec: { ...spec, finalizers },
      status: { phase: 'Active' },
    }
  },
  // Only /finalize changes the spec.
  prepareUpdate: (next, old) => ({ ...named(next), spec: old.spec }),
  // Namespaces have no grace, not even one of 0 s.
  beginDelete: (namespace) =>
    withMember(withMetadata(namespace, { deletionGracePeriodSeconds: undefined }), 'status', {
      ...objectAt(namespace, 'status'),
      phase: 'Terminating',
    }),
  mayVanish: (namespace) => {
    const finalizers = objectAt(namespace, 'spec')['finalizers']
    return !Array.isArray(finalizers) || finalizers.length === 0
  },
}

/** Every namespace carries its name as a label. */
function named(namespace: ApiObject): ApiObject {
  const name = textAt(namespace, 'metadata', 'name')
  return withMetadata(namespace, {
    labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': name },
  })
}
