/**
 * Follows a collection for ever: lists it, watches from the list's version, watches again where a watch ends, lists again
 * when the version is gone. What an informer cache or a controller is fed by.
 */
import { retryDelayMs } from './retry-delay.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { ApiResource } from './api-resource.ts'
import type { KubeClient, Selection, WatchEvent } from './kube-client.ts'
import { isExpired } from './status-error.ts'

/** One step of a followed collection. */
export type Change<T extends object = KubernetesObject> =
  /** The whole collection: everything known before that is not in it is gone. */
  | { readonly type: 'REPLACED'; readonly objects: readonly T[]; readonly resourceVersion: string }
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T; readonly resourceVersion: string }

export interface FollowOptions extends Selection {
  readonly clock: Clock
  readonly random: Random
  readonly signal?: AbortSignal
  /** Objects of one page of the list, 500 unless told. */
  readonly pageSize?: number
  /** Told of failures; following goes on after a growing pause. */
  readonly onError?: (error: unknown) => void
}

/** Yields the collection, then its changes, until the signal aborts or the loop is left. */
export async function* followResource<T extends object>(
  client: KubeClient,
  resource: ApiResource<T>,
  options: FollowOptions,
): AsyncGenerator<Change<T>, void, undefined> {
  const { clock, random, signal } = options
  const at: Position = { version: undefined, failures: 0 }
  const stopped = (): boolean => signal?.aborted ?? false
  while (!stopped()) {
    try {
      yield* followOnce(client, resource, { options, at })
    } catch (error) {
      if (stopped()) return
      if (isExpired(error)) at.version = undefined
      else options.onError?.(error)
      await pause(clock, retryDelayMs(at.failures++, random), signal)
    }
  }
}

/** How far a follower is; without a version it has to list. */
interface Position {
  version: string | undefined
  failures: number
}

/** One list where there is no version yet, then one watch to its end. */
async function* followOnce<T extends object>(
  client: KubeClient,
  resource: ApiResource<T>,
  { options, at }: { readonly options: FollowOptions; readonly at: Position },
): AsyncGenerator<Change<T>, void, undefined> {
  if (at.version === undefined) {
    const listed = await listAll(client, resource, options)
    at.version = listed.resourceVersion
    yield { type: 'REPLACED', ...listed }
  }
  for await (const event of client.watch(resource, watchOptions(options, at.version))) {
    at.failures = 0
    at.version = versionOf(event)
    if (event.type !== 'BOOKMARK') yield { type: event.type, object: event.object, resourceVersion: at.version }
  }
}

function watchOptions(options: FollowOptions, resourceVersion: string): Parameters<KubeClient['watch']>[1] & object {
  const { namespace, labelSelector, fieldSelector, signal } = options
  return {
    resourceVersion,
    bookmarks: true,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(signal === undefined ? {} : { signal }),
  }
}

function versionOf(event: WatchEvent<object>): string {
  return (event.object as KubernetesObject).metadata.resourceVersion ?? ''
}

async function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

/** All pages of a list, of one version. */
export async function listAll<T extends object>(
  client: KubeClient,
  resource: ApiResource<T>,
  options: Selection & { readonly pageSize?: number } = {},
): Promise<{ readonly objects: readonly T[]; readonly resourceVersion: string }> {
  const { namespace, labelSelector, fieldSelector, pageSize = 500 } = options
  const selection = {
    limit: pageSize,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
  const objects: T[] = []
  let page = await client.list(resource, selection)
  for (;;) {
    objects.push(...page.items)
    const next = page.metadata?.continue ?? ''
    if (next === '') return { objects, resourceVersion: page.metadata?.resourceVersion ?? '' }
    page = await client.list(resource, { ...selection, continue: next })
  }
}
