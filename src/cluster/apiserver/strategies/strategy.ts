/**
 * What one resource does differently from all others. Every member is a pure function from objects to objects; what is
 * left out is what every kind does (`write-object.ts`): status reset on create, kept on update, generation counted.
 */
import type { FieldSet } from '#spec/kubernetes/apply/field-set.ts'
import type { Cause } from '../status-errors.ts'
import type { ApiObject } from '../api-object.ts'
import type { User } from '../user.ts'
import type { StrategyView } from './strategy-view.ts'

export interface StrategyContext {
  readonly view: StrategyView
  readonly user: User
  readonly dryRun: boolean
  /** Undoes something (a reserved address) once the write is through or has failed. */
  defer(release: () => void): void
  warn(text: string): void
}

export interface Strategy {
  /** Clients may PUT an object that does not exist. */
  readonly createOnUpdate: boolean
  /** PUT without a resourceVersion replaces whatever is there. */
  readonly unconditionalUpdate: boolean
  /** The kind has a status that only the status subresource writes. */
  readonly hasStatus: boolean
  /** A new object may bring its status along. */
  readonly statusOnCreate: boolean
  /** `metadata.generation` counts changes of everything but metadata and status. */
  readonly hasGeneration: boolean
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean
  /** Status updates leave labels alone. */
  readonly statusKeepsLabels: boolean
  /** Status updates leave all metadata alone: custom resources, and newer kinds. */
  readonly statusKeepsMetadata?: boolean
  /** Finalizers that the first DELETE puts on, whatever it says of dependents. */
  readonly finalizersOnDelete?: readonly string[]
  /** What an object turns into on its way through the server's internal form, before it is settled who owns what. */
  internalize?(object: ApiObject): ApiObject
  /** What nobody owns by writing the resource itself, where that is more than its status. */
  readonly resetFields?: FieldSet
  /** Fills in what a new object gets besides defaults. */
  prepareCreate?(object: ApiObject, context: StrategyContext): ApiObject
  /** Keeps what an update may not change silently, fills in what follows from the change. */
  prepareUpdate?(next: ApiObject, old: ApiObject, context: StrategyContext): ApiObject
  prepareStatusUpdate?(next: ApiObject, old: ApiObject, context: StrategyContext): ApiObject
  /** Failures that depend on the cluster and not on the object alone (allocated addresses, taken ports). */
  checkCreate?(object: ApiObject, context: StrategyContext): readonly Cause[]
  checkUpdate?(next: ApiObject, old: ApiObject, context: StrategyContext): readonly Cause[]
  /** What to tell of an object that is valid. @param old the object before; undefined for a new one. */
  warningsOf?(object: ApiObject, old: ApiObject | undefined): readonly string[]
  /** Whether spec changed, where that is not a plain comparison. */
  changesGeneration?(next: ApiObject, old: ApiObject): boolean
  /** Seconds that a deleted object keeps running; undefined where objects go at once. */
  graceSeconds?(object: ApiObject, wanted: number | undefined): number | undefined
  /** Why an object of this name may not be deleted. */
  whyUndeletable?(name: string): string | undefined
  /** What deleting dependents means when the client does not say: `Orphan` for a few old kinds. */
  readonly defaultPropagation?: 'Background' | 'Orphan'
  /** Changes an object that starts to be deleted (a namespace turns Terminating). */
  beginDelete?(object: ApiObject): ApiObject
  /** False while an object that has no finalizers must still stay. */
  mayVanish?(object: ApiObject): boolean
}

/** The common case; a resource's own strategy spreads it. */
export const plainStrategy: Strategy = {
  createOnUpdate: false,
  unconditionalUpdate: true,
  hasStatus: false,
  statusOnCreate: false,
  hasGeneration: false,
  returnsDeleted: false,
  statusKeepsLabels: false,
}
