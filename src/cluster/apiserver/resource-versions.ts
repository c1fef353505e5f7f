/** What a version of a resource is to the others: how objects turn into it, and what custom definitions say of theirs. */
import type { MergeType } from '#spec/kubernetes/apply/merge-type.ts'
import type { JSONSchemaProps } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from './api-object.ts'
import type { Cause } from './status-errors.ts'
import type { Strategy } from './strategies/strategy.ts'

/** Turns stored objects into a served version and back. */
export interface Conversion {
  /** Group version that objects of this resource are stored in. */
  readonly storedVersion: string
  fromStored(object: ApiObject): ApiObject
  toStored(object: ApiObject): ApiObject
  /** Where converting means asking somebody else: fetches the answers that the two functions then give. */
  readonly ahead?: ConversionAhead
}

/** Converts before it is asked for. @throws 500 when the one who converts fails. */
export interface ConversionAhead {
  fromStored(objects: readonly ApiObject[]): Promise<void>
  toStored(object: ApiObject): Promise<void>
}

/** What a version of a resource says of its fields. */
export interface VersionRow {
  readonly mergeType: MergeType
  readonly strategy: Strategy
  /** Undefined for built-in resources. */
  readonly custom?: CustomVersion
}

/** The versions of a resource among each other, as managers of fields speak them. */
export interface ResourceVersions {
  knows(apiVersion: string): boolean
  /** A version, served or not; undefined for one that there is no more. @throws 500 where nothing can be one. */
  find(apiVersion: string): VersionRow | undefined
  /** An object in another version, as its converter gives it: not fitted to a schema. @throws 500 when that fails. */
  convert(object: ApiObject, apiVersion: string): ApiObject | Promise<ApiObject>
}

/** What the definition of a custom resource says of one of its versions. */
export interface CustomVersion {
  /** A body as the server keeps it, and what strict validation objects to (`unknown field "spec.nope"`). */
  decode(tree: JsonObject): { readonly value: JsonObject; readonly strictErrors: readonly string[] }
  /** What came of an apply: only its metadata is read anew. @throws `KUBERNETES_DECODE`. */
  withMetadata(tree: JsonObject): ApiObject
  withDefaults(object: ApiObject): ApiObject
  checkCreate(object: ApiObject): CustomVerdict
  /** `subresource` is `''` for the main resource. */
  checkUpdate(next: ApiObject, old: ApiObject, subresource: string): CustomVerdict
  /** As its definition has it; undefined for versions without one. */
  readonly schema: JSONSchemaProps | undefined
  /** Paths without their leading dot: `spec.color`. */
  readonly selectableFields: readonly string[]
  /** Told to everybody who uses the version. */
  readonly deprecation: string | undefined
  /** Where the scale subresource finds its numbers. */
  readonly scale: CustomScale | undefined
}

/** What is wrong with an object, and what was wrong with it before. */
export interface CustomVerdict {
  readonly causes: readonly Cause[]
  readonly warnings: readonly string[]
}

/** Paths without their leading dot: `spec.replicas`. */
export interface CustomScale {
  readonly specReplicas: string
  readonly statusReplicas: string
  readonly labelSelector: string | undefined
}
