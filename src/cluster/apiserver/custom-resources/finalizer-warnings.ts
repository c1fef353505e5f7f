/** Finalizers of custom resources may have any name; names that may collide are warned of (registry/customresource, v1.36). */
import { qualifiedName } from '#spec/kubernetes/validation/formats.ts'

const standard: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])
const field = 'metadata.finalizers'

/** What to tell the writer about finalizers that were not there before. */
export function finalizerWarnings(
  finalizers: readonly string[] | undefined,
  before: readonly string[] | undefined,
): readonly string[] {
  const added = [...new Set(finalizers)].filter((name) => before?.includes(name) !== true).sort()
  return added.flatMap((name) => {
    const quoted = JSON.stringify(name)
    const problems = qualifiedName(name).map((problem) => `${field}: ${quoted}: ${problem}`)
    if (name.includes('/') || standard.has(name)) return problems
    const how = name.includes('.') ? ' including a path (/)' : ''
    const why = 'to avoid accidental conflicts with other finalizer writers'
    return [...problems, `${field}: ${quoted}: prefer a domain-qualified finalizer name${how} ${why}`]
  })
}
