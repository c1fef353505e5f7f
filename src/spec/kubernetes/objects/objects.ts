/** The shapes that code over every kind works with; each kind's own interface is in its group version's generated file. */
import type { ListMeta, ObjectMeta } from './meta-v1.generated.ts'

export type {
  Condition,
  LabelSelector,
  ListMeta,
  ObjectMeta,
  OwnerReference,
  Status,
  StatusDetails,
} from './meta-v1.generated.ts'

/** `apiVersion` and `kind`, on every body. */
export interface TypeMeta {
  readonly apiVersion: string
  readonly kind: string
}

/** Any stored object, built in or custom. */
export interface KubernetesObject extends TypeMeta {
  readonly metadata: ObjectMeta
  readonly spec?: unknown
  readonly status?: unknown
}

/** Any list of objects. */
export interface KubernetesList<Item = KubernetesObject> extends TypeMeta {
  readonly metadata?: ListMeta
  readonly items: readonly Item[]
}

/** A JSON object whose members are not known beforehand. */
export type JsonObject = Readonly<Record<string, unknown>>

/** True for a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
