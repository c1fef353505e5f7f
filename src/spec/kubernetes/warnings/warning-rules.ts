/** What the table of warnings holds for a kind: what is told of a new object, a changed one, a written subresource. */
import type { KubernetesObject } from '../objects/objects.ts'

type Texts = readonly string[]

/** The warnings of one kind; what is left out warns of nothing. */
export interface WarningRules<T> {
  readonly create?: (object: T) => Texts
  readonly update?: (object: T, old: T) => Texts
  readonly status?: (object: T) => Texts
}

/** Rules whose type was checked where they were made. */
export type AnyWarningRules = WarningRules<KubernetesObject>

/** Makes rules of a kind fit for a table of all kinds. */
export function warningRules<T>(rules: WarningRules<T>): AnyWarningRules {
  return rules as unknown as AnyWarningRules
}

/** True when the write counted as a change of what is wanted. */
export function isNewGeneration(
  object: { readonly metadata: { readonly generation?: number } },
  old: { readonly metadata: { readonly generation?: number } },
): boolean {
  return (object.metadata.generation ?? 0) !== (old.metadata.generation ?? 0)
}
