/** What follows when a node was found: permits, what has to be written first, the binding itself; or all of it undone. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { pods } from '#clients/kubernetes/resources.table.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { writePodCondition } from './fail-pod.ts'
import type { PodRecord } from './pod-record.ts'
import type { Permission, Plugin } from './plugin.ts'
import { isRejection } from './rejection.ts'
import type { WeighedPlugin } from './schedule-pod.ts'
import { runBeside, type SchedulerParts } from './scheduler-parts.ts'
import type { QueuedPod } from './scheduling-queue.ts'

type Having<Point extends keyof Plugin> = readonly (Plugin & Required<Pick<Plugin, Point>>)[]

/** The plugins of a profile that have a say in bindings, by what they do: of most steps there are none. */
export interface BindingSteps {
  readonly prepares: Having<'prepares'>
  readonly permit: Having<'permit'>
  readonly preBind: Having<'preBind'>
  readonly bind: Having<'bind'>
  readonly postBind: Having<'postBind'>
}

/** Finds them, in the profile's order. */
export function bindingSteps(plugins: readonly WeighedPlugin[]): BindingSteps {
  const having = <Point extends keyof Plugin>(point: Point): Having<Point> =>
    plugins.flatMap(({ plugin }) => (plugin[point] === undefined ? [] : [plugin as Having<Point>[number]]))
  return {
    prepares: having('prepares'),
    permit: having('permit'),
    preBind: having('preBind'),
    bind: having('bind'),
    postBind: having('postBind'),
  }
}

export interface BindDeps {
  readonly parts: SchedulerParts
  readonly plugins: readonly WeighedPlugin[]
  /** Of the same plugins. */
  readonly steps: BindingSteps
}

const attemptsMost = 4
const retryFirstMs = 50

/** Binds an assumed pod beside the loop. */
export function bindPod(queued: QueuedPod, nodeName: string, deps: BindDeps): void {
  runBeside(deps.parts, async () => {
    const { parts, steps } = deps
    const { record } = queued
    const isTold = steps.prepares.some((plugin) => plugin.prepares(record))
    try {
      if (isTold) await nominate(record, nodeName, parts)
      await obeyPermits(record, nodeName, deps)
      for (const plugin of steps.preBind) await plugin.preBind(record, nodeName, parts.signal)
      await runBinders(record, nodeName, deps)
    } catch (error) {
      if (!parts.signal.aborted) await undoBinding(queued, nodeName, { deps, error, isTold })
      return
    }
    parts.nominated.delete(record.uid)
    for (const plugin of steps.postBind) plugin.postBind(record, nodeName)
    parts.events.record({
      pod: record.pod,
      reporter: record.pod.spec.schedulerName ?? 'default-scheduler',
      type: 'Normal',
      reason: 'Scheduled',
      action: 'Binding',
      note: `Successfully assigned ${record.key} to ${nodeName}`,
    })
  })
}

/** Tells the pod's node before the binding, for what has to be done first may take long; nobody waits for it to be told. */
async function nominate(
  { namespace, name }: PodRecord,
  nominatedNodeName: string,
  parts: SchedulerParts,
): Promise<void> {
  const place = { namespace, type: 'strategic', subresource: 'status' } as const
  await parts.client.patch(pods, name, { status: { nominatedNodeName } }, place).catch((error: unknown) => {
    parts.log.debug('node not told', { pod: `${namespace}/${name}`, error })
  })
}

async function obeyPermits(record: PodRecord, nodeName: string, { parts, steps }: BindDeps): Promise<void> {
  for (const plugin of steps.permit) {
    const permission = plugin.permit(record, nodeName)
    if (permission !== 'allow') await obeyPermit(permission, parts)
  }
}

async function obeyPermit(
  permission: Exclude<Permission, 'allow'>,
  { clock, signal }: Pick<SchedulerParts, 'clock' | 'signal'>,
): Promise<void> {
  if (isRejection(permission)) {
    throw new GantryError('SCHEDULER_NOT_PERMITTED', 'forbidden', permission.reasons.join(', '), {
      remedy: 'A permit plugin of the profile refused the pod; look at its conditions.',
    })
  }
  await clock.sleep(permission.waitMs, signal)
}

/** A plugin's own way of binding, or the API's. */
async function runBinders(record: PodRecord, nodeName: string, { parts, steps }: BindDeps): Promise<void> {
  for (const plugin of steps.bind) if (await plugin.bind(record, nodeName)) return
  const { namespace, name, pod } = record
  const uid = pod.metadata.uid
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
    target: { kind: 'Node', name: nodeName },
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await parts.client.createSubresource(pods, name, { namespace, subresource: 'binding', body })
      return
    } catch (error) {
      if (attempt >= attemptsMost || !mayPass(error)) throw error
      await parts.clock.sleep(retryFirstMs * 2 ** (attempt - 1), parts.signal)
    }
  }
}

/** True for failures that have nothing to do with the pod or the node. */
function mayPass(error: unknown): boolean {
  return error instanceof GantryError && ['unavailable', 'exhausted', 'deadline', 'internal'].includes(error.kind)
}

/** Takes an assumed pod off its node and tells plugins that it does not come. */
export function forgetPod(
  record: PodRecord,
  nodeName: string | undefined,
  { parts, plugins }: Pick<BindDeps, 'parts' | 'plugins'>,
): void {
  for (const { plugin } of plugins.toReversed()) plugin.unreserve?.(record, nodeName ?? '')
  if (parts.ledger.forget(record.uid)) parts.queue.onChange({ kind: 'pod-deleted', object: record.pod }, parts.nowMs())
}

async function undoBinding(
  queued: QueuedPod,
  nodeName: string,
  { deps, error, isTold }: { readonly deps: BindDeps; readonly error: unknown; readonly isTold: boolean },
): Promise<void> {
  const { parts } = deps
  const { record } = queued
  forgetPod(record, nodeName, deps)
  // The pod may have been deleted, or bound by somebody else, in the meantime.
  if (isGone(error) || !parts.ledger.isWaiting(record.uid)) return
  parts.log.warn('binding failed', { pod: record.key, node: nodeName, error })
  await tellFault(queued, { error, endsNomination: isTold }, parts)
}

/** A fault that has nothing to do with whether there is a place for the pod: tells of it, and tries again later. */
export async function tellFault(
  queued: QueuedPod,
  { error, endsNomination = false }: { readonly error: unknown; readonly endsNomination?: boolean },
  parts: SchedulerParts,
): Promise<void> {
  const { record } = queued
  const message = messageOf(error)
  parts.events.record({
    pod: record.pod,
    reporter: record.pod.spec.schedulerName ?? 'default-scheduler',
    type: 'Warning',
    reason: 'FailedScheduling',
    action: 'Scheduling',
    note: message,
  })
  parts.queue.retryLater(queued, parts.nowMs())
  parts.wake()
  await writePodCondition(record, { reason: 'SchedulerError', message, endsNomination }, parts)
}
