/** `gantry/kit`: what the built-in controllers are made of, for controllers of your own. */
export type { ApiClient, ApiResource } from './reconcile/api-client.ts'
export { isExpired, isGone, isInTerminatingNamespace, isStale, isTaken } from './reconcile/api-failure.ts'
export { apiMicroTime, apiTime, epochMsOf } from './reconcile/api-time.ts'
export {
  type AnyCondition,
  conditionOf,
  isConditionTrue,
  withCondition,
  withoutCondition,
} from './reconcile/conditions.ts'
export {
  type Controller,
  type ControllerDeps,
  type ControllerSpec,
  createController,
  type Watch,
  watch,
} from './reconcile/controller.ts'
export { type EventRecorder, type RunningEventRecorder, startEventRecorder } from './reconcile/event-recorder.ts'
export { executePlan } from './reconcile/execute-plan.ts'
export { hasFinalizer, isBeingDeleted, withFinalizer, withoutFinalizer } from './reconcile/finalizers.ts'
export { type Informer, type Lister, startInformer } from './reconcile/informer.ts'
export { createInformerSet, type InformerSet } from './reconcile/informer-set.ts'
export { type LeaderElection, startLeaderElection } from './reconcile/leader-election.ts'
export type { CacheChange } from './reconcile/object-cache.ts'
export { keyFrom, keyOf, splitKey } from './reconcile/object-key.ts'
export { claimObjects, controllerOf, controllerReference } from './reconcile/owner-references.ts'
export { type Action, type EventText, nothingToDo, type Plan, type StatusWrite } from './reconcile/plan.ts'
export { WorkQueue } from './reconcile/work-queue.ts'
