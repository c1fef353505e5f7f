/**
 * Plans: what a controller decided, as plain values. A pure function makes one from what it observed; `executePlan` carries
 * it out. Tests of controllers are tables from observed to plan.
 */
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource, PatchKind } from './api-client.ts'

/** An event to record. In texts that belong to an action, `{name}` stands for the object's name and `{error}` for what went wrong. */
export interface EventText {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** What the controller was doing, for events.k8s.io; the reason unless told. */
  readonly action?: string
  /** The object that it is about; the plan's subject unless told. */
  readonly regarding?: EventSubject
}

/** What an event points at. */
export type EventSubject = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>

/** Events about how an action went. */
export interface Told {
  readonly done?: EventText
  readonly failed?: EventText
}

interface ActionOn {
  readonly resource: ApiResource
  readonly told?: Told
  /** Failure of this action is recorded and logged, but the plan goes on and counts as done. */
  readonly mayFail?: boolean
}

export type Action =
  | (ActionOn & {
      readonly do: 'create'
      readonly object: KubernetesObject
      /**
       * What an object of the same name means: a failure, that the work is done already, or that the plan came from an old
       * picture: nobody is told and the next plan says what holds.
       */
      readonly ifExists?: 'fail' | 'keep' | 'plan-anew'
    })
  | (ActionOn & { readonly do: 'update' | 'update-status'; readonly object: KubernetesObject })
  | (ActionOn & {
      readonly do: 'patch'
      readonly object: EventSubject
      readonly type: PatchKind
      readonly patch: JsonObject | readonly unknown[]
      readonly subresource?: string
      /** For `apply`: who owns the fields, and whether it takes them from others. */
      readonly fieldManager?: string
      readonly force?: boolean
    })
  | (ActionOn & {
      readonly do: 'delete'
      readonly object: EventSubject
      readonly gracePeriodSeconds?: number
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
      /** Only this state of the object, not a newer one. */
      readonly onlyThisVersion?: boolean
    })
  | (ActionOn & {
      readonly do: 'create-subresource' | 'update-subresource'
      readonly object: EventSubject
      readonly subresource: string
      readonly body: object
    })

/** What went wrong with the actions of a plan: the first failure. */
export interface PlanFailure {
  readonly action: Action
  readonly message: string
}

/** The new status of one object, written after the actions. */
export interface StatusWrite {
  readonly resource: ApiResource
  /** The whole object with its new status. Left out when the status is as it should be. */
  readonly object?: KubernetesObject
  /** The object with the status that tells of a failure, where an action failed. Whoever has it tells of the actions in `object`. */
  readonly afterFailure?: (failure: PlanFailure) => KubernetesObject | undefined
}

export interface Plan {
  /** What the events of the plan are about. */
  readonly subject?: EventSubject
  /** Done in order. Neighbouring creates go out in growing groups, neighbouring deletes at once; after a failure the rest is left. */
  readonly actions?: readonly Action[]
  readonly status?: StatusWrite
  /** Recorded when everything before has been done. */
  readonly events?: readonly EventText[]
  /** Reconcile again after this time even when nothing changes. */
  readonly lookAgainAfterMs?: number
}

/** A plan that does nothing. */
export const nothingToDo: Plan = {}
