/** Watches of callers in this process: events as objects, bounded while the caller is busy. */
import type { WatchEvent } from '#clients/kubernetes/kube-client.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiRequest } from '../api-request.ts'
import { bookmarkObject, valueOf } from '../wire/encode-answer.ts'
import type { ServedResource } from '../served-resource.ts'
import { asStatusError, expired } from '../status-errors.ts'
import { checkWatch, type PreparedWatch, type WatchParts } from '../watch/watch-objects.ts'
import type { WatchItem } from '../watch/watch-sink.ts'

/** Events that may wait for a caller before its watch is cut off; it lists again then. */
const waitingMax = 50_000

/** Follows a collection. `route` makes and authorises the request when the loop begins. */
export async function* watchInProcess(
  parts: WatchParts,
  route: () => ApiRequest | Promise<ApiRequest>,
): AsyncGenerator<WatchEvent, void, undefined> {
  const request = await routed(route)
  const { resource, signal } = request
  const stopped = (): boolean => signal?.aborted ?? false
  if (stopped()) return
  const prepared = await preparedFor(parts, request)
  const queue = new EventQueue()
  const onAbort = (): void => queue.end()
  signal?.addEventListener('abort', onAbort, { once: true })
  const watch = prepared.begin(queue)
  try {
    for (;;) {
      const items = await queue.take()
      if (items === undefined) return
      for (const item of items) {
        yield eventOf(resource, item)
        // oxlint-disable-next-line max-depth -- two nested loops and a test
        if (stopped()) return
      }
    }
  } finally {
    watch[Symbol.dispose]()
    signal?.removeEventListener('abort', onAbort)
  }
}

async function routed(route: () => ApiRequest | Promise<ApiRequest>): Promise<ApiRequest> {
  try {
    return await route()
  } catch (error) {
    throw asStatusError(error)
  }
}

async function preparedFor(parts: WatchParts, request: ApiRequest): Promise<PreparedWatch> {
  try {
    return await checkWatch(parts, request).prepare()
  } catch (error) {
    throw asStatusError(error)
  }
}

function eventOf(resource: ServedResource, { type, object, revision, endsInitial }: WatchItem): WatchEvent {
  if (object === undefined || type === 'BOOKMARK')
    return { type: 'BOOKMARK', object: bookmarkObject(resource, revision, endsInitial) }
  return { type, object: valueOf(resource, object) as KubernetesObject }
}

class EventQueue {
  #items: WatchItem[] = []
  #waiting: PromiseWithResolvers<void> | undefined
  #ended = false
  #overflowed = false

  deliver(items: readonly WatchItem[]): boolean {
    if (this.#items.length + items.length > waitingMax) this.#overflowed = true
    else for (const item of items) this.#items.push(item)
    this.#waiting?.resolve()
    return !this.#overflowed
  }

  end(): void {
    this.#ended = true
    this.#waiting?.resolve()
  }

  /** What has come since; undefined at the end. */
  async take(): Promise<readonly WatchItem[] | undefined> {
    while (this.#items.length === 0) {
      if (this.#overflowed) throw expired('the watch fell behind and was ended')
      if (this.#ended) return undefined
      this.#waiting = Promise.withResolvers<void>()
      await this.#waiting.promise
    }
    const items = this.#items
    this.#items = []
    return items
  }
}
