/**
 * How the pipeline asks whether an object is valid. The rules of each kind are pure functions in
 * `spec/kubernetes/validation`; this is the seam to them.
 */
import type { ApiObject } from '../api-object.ts'
import type { ServedResource } from '../served-resource.ts'
import type { Cause } from '../status-errors.ts'

export interface ObjectValidation {
  /** What is wrong with a new object, defaults and generated fields included. */
  create(resource: ServedResource, object: ApiObject, warn: (text: string) => void): readonly Cause[]
  /** What is wrong with a changed one; `subresource` is `''` for the main resource. */
  update(resource: ServedResource, change: ObjectChange, warn: (text: string) => void): readonly Cause[]
}

export interface ObjectChange {
  readonly next: ApiObject
  readonly old: ApiObject
  readonly subresource: string
}

/** Accepts everything; for tests of the parts around it. */
export const noValidation: ObjectValidation = { create: () => [], update: () => [] }
