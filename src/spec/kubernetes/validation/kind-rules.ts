/** What the table of kinds holds for each kind: how to check it when it is created, updated, or written at a subresource. */
import type { KubernetesObject } from '../objects/objects.ts'
import type { FieldError } from './field-errors.ts'
import type { Format } from './formats.ts'

/** What validation needs to know that is not in the object. */
export interface ValidationContext {
  /** The present moment, milliseconds since 1970. */
  readonly nowMs: number
  /** Whether privileged containers may be asked for; they may when absent. */
  readonly allowPrivileged?: boolean
}

/** An update: the new object, the stored one and what else matters. */
export interface UpdateInput<T> {
  readonly object: T
  readonly old: T
  readonly context: ValidationContext
}

/** The rules of one kind. Metadata is checked by the caller before `create`, and before `update` and `status`. */
export interface KindRules<T> {
  readonly name: Format
  /** A request that is answered and not stored: its metadata is not checked. */
  readonly isRequest?: boolean
  /** Finalizers need no domain: kinds of API extensions. */
  readonly anyFinalizer?: boolean
  /** The metadata of a new object is looked at only where nothing else is wrong: kinds that check none of it themselves. */
  readonly metadataLast?: boolean
  readonly create: (object: T, context: ValidationContext) => readonly FieldError[]
  readonly update?: (input: UpdateInput<T>) => readonly FieldError[]
  readonly status?: (input: UpdateInput<T>) => readonly FieldError[]
  /** Further subresources that write the object, by name. */
  readonly subresources?: Readonly<Record<string, (input: UpdateInput<T>) => readonly FieldError[]>>
}

/** Rules whose type was checked where they were made. */
export type AnyKindRules = KindRules<KubernetesObject>

/** Makes rules of a kind fit for a table of all kinds; the table's key says which kind the objects are of. */
export function kindRules<T>(rules: KindRules<T>): AnyKindRules {
  return rules as unknown as AnyKindRules
}
