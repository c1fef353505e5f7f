/**
 * Carries plans out. Answers of the API go into the informers at once, so that the next plan sees them. A conflict is left
 * to the queue: the key comes back and is planned anew from a fresher cache. What failed is told by events and by the
 * status that the plan holds ready for it.
 */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiClient } from './api-client.ts'
import { isGone, isInTerminatingNamespace, isStale, isTaken } from './api-failure.ts'
import type { EventRecorder } from './event-recorder.ts'
import type { InformerSet } from './informer-set.ts'
import type { Action, EventText, Plan, PlanFailure } from './plan.ts'

export interface ExecutorDeps {
  readonly client: ApiClient
  readonly informers: Pick<InformerSet, 'observe' | 'observeDeleted'>
  readonly events: EventRecorder
}

/** Most calls of one group that are under way together. */
const groupMost = 64

/**
 * Does what a plan says.
 * @throws the first failure of an action or of the status write, after everything that still could be done was done.
 */
export async function executePlan(plan: Plan, deps: ExecutorDeps): Promise<void> {
  const run: Run = { plan, deps, versions: new Map() }
  const failed = await runActions(run)
  const status = statusToWrite(plan, failed)
  if (status !== undefined) await writeStatus(run, status)
  if (failed !== undefined) throw failed.error
  for (const text of plan.events ?? []) record(run, text)
}

interface Run {
  readonly plan: Plan
  readonly deps: ExecutorDeps
  /** Newest versions of objects that this plan has written, by uid. */
  readonly versions: Map<string, string>
}

interface Failed {
  readonly failure: PlanFailure
  readonly error: unknown
}

async function runActions(run: Run): Promise<Failed | undefined> {
  const actions = run.plan.actions ?? []
  let at = 0
  let groupSize = 1
  while (at < actions.length) {
    const group = actions.slice(at, at + groupLength(actions, at, groupSize))
    const failures = (await Promise.all(group.map((action) => runAction(run, action)))).filter(
      (one) => one !== undefined,
    )
    if (failures[0] !== undefined) return failures[0]
    at += group.length
    groupSize = actions[at]?.do === group[0]?.do ? groupSize * 2 : 1
  }
  return undefined
}

/** Creates double from one (a quota that refuses the first spares the rest), deletes go together, all else is single. */
function groupLength(actions: readonly Action[], at: number, groupSize: number): number {
  const kind = actions[at]?.do
  const most = kind === 'create' ? Math.min(groupSize, groupMost) : kind === 'delete' ? groupMost : 1
  let length = 1
  while (length < most && actions[at + length]?.do === kind) length++
  return length
}

async function runAction(run: Run, action: Action): Promise<Failed | undefined> {
  try {
    const result = await callFor(run, action)
    if (result !== undefined) tell(run, action.told?.done, { name: result.metadata?.name ?? '' })
    return undefined
  } catch (error) {
    if (isHarmless(action, error)) return undefined
    const message = messageOf(error)
    if (!isOutdated(action, error))
      tell(run, action.told?.failed, { name: action.object.metadata.name ?? '', error: message })
    return action.mayFail === true ? undefined : { failure: { action, message }, error }
  }
}

function isHarmless(action: Action, error: unknown): boolean {
  if (action.do === 'create') return isInTerminatingNamespace(error) || (action.ifExists === 'keep' && isTaken(error))
  return isGone(error)
}

/** The plan came from an old picture. That is no fact about the world: the next plan says what holds. */
function isOutdated(action: Action, error: unknown): boolean {
  return isStale(error) || (action.do === 'create' && action.ifExists === 'plan-anew' && isTaken(error))
}

async function callFor(run: Run, action: Action): Promise<KubernetesObject | undefined> {
  const { resource } = action
  const { client, informers } = run.deps
  if (action.do === 'delete') return deleteFor(run, action)
  const result = await writeFor(run, client, action)
  if (result.metadata?.resourceVersion !== undefined && !('subresource' in action && action.do !== 'patch')) {
    informers.observe(resource, withType(result, action.object))
    if (result.metadata.uid !== undefined) run.versions.set(result.metadata.uid, result.metadata.resourceVersion)
  }
  return result
}

function writeFor(run: Run, client: ApiClient, action: Exclude<Action, { do: 'delete' }>): Promise<KubernetesObject> {
  const { resource } = action
  const { namespace, name = '' } = action.object.metadata
  const place = { namespace }
  switch (action.do) {
    case 'create':
      return client.create(resource, action.object, place)
    case 'update':
      return client.update(resource, withVersion(run, action.object), place)
    case 'update-status':
      return client.updateStatus(resource, withVersion(run, action.object), place)
    case 'patch':
      return client.patch(resource, name, action.patch, {
        namespace,
        type: action.type,
        ...(action.subresource === undefined ? {} : { subresource: action.subresource }),
        ...(action.fieldManager === undefined ? {} : { fieldManager: action.fieldManager }),
        ...(action.force === undefined ? {} : { force: action.force }),
      })
    case 'create-subresource':
      return client.createSubresource<KubernetesObject>(resource, name, {
        namespace,
        subresource: action.subresource,
        body: action.body,
      })
    case 'update-subresource':
      return client.updateSubresource<KubernetesObject>(resource, name, {
        namespace,
        subresource: action.subresource,
        body: action.body,
      })
  }
}

async function deleteFor(run: Run, action: Extract<Action, { do: 'delete' }>): Promise<KubernetesObject> {
  const { resource, object } = action
  const { namespace, name = '', uid, resourceVersion } = object.metadata
  const preconditions = {
    ...(uid === undefined ? {} : { uid }),
    ...(action.onlyThisVersion === true && resourceVersion !== undefined ? { resourceVersion } : {}),
  }
  const result = await run.deps.client.delete(resource, name, {
    namespace,
    ...(action.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: action.gracePeriodSeconds }),
    ...(action.propagationPolicy === undefined ? {} : { propagationPolicy: action.propagationPolicy }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
  })
  const waits = result.metadata?.deletionTimestamp !== undefined
  if (waits) run.deps.informers.observe(resource, withType(result, object))
  else run.deps.informers.observeDeleted(resource, object)
  return object
}

/** The object with the version that an earlier action of this plan gave it. */
function withVersion<T extends KubernetesObject>(run: Run, object: T): T {
  const version = run.versions.get(object.metadata.uid ?? '')
  return version === undefined ? object : { ...object, metadata: { ...object.metadata, resourceVersion: version } }
}

function withType(result: KubernetesObject, like: EventSubject): KubernetesObject {
  return { ...result, apiVersion: result.apiVersion ?? like.apiVersion, kind: result.kind ?? like.kind }
}

type EventSubject = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>

function statusToWrite(plan: Plan, failed: Failed | undefined): KubernetesObject | undefined {
  const status = plan.status
  if (status === undefined) return undefined
  if (failed === undefined) return status.object
  if (isStale(failed.error)) return undefined
  // What was observed holds all the same; what tells of the action that was out of date does not.
  if (isOutdated(failed.failure.action, failed.error))
    return status.afterFailure === undefined ? status.object : undefined
  return status.afterFailure?.(failed.failure) ?? status.object
}

async function writeStatus(run: Run, object: KubernetesObject): Promise<void> {
  const resource = run.plan.status?.resource
  if (resource === undefined) return
  try {
    const written = await run.deps.client.updateStatus(resource, withVersion(run, object), {
      namespace: object.metadata.namespace,
    })
    run.deps.informers.observe(resource, withType(written, object))
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function tell(run: Run, text: EventText | undefined, values: Readonly<Record<string, string>>): void {
  if (text === undefined) return
  const message = text.message.replaceAll(/\{(name|error)\}/g, (whole, key: string) => values[key] ?? whole)
  record(run, { ...text, message })
}

function record(run: Run, text: EventText): void {
  const regarding = text.regarding ?? run.plan.subject
  if (regarding !== undefined) run.deps.events.record(regarding, text)
}
