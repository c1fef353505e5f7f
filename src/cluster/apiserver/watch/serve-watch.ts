/** A watch as an HTTP reply: frames in JSON lines or length-delimited protobuf, each event encoded once for all watchers. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { encodeObject } from '#spec/kubernetes/protobuf/envelope.ts'
import { encodeWatchFrame } from '#spec/kubernetes/protobuf/watch-frames.ts'
import type { JsonObject, Status } from '#spec/kubernetes/objects/objects.ts'
import type { ApiRequest } from '../api-request.ts'
import { bookmarkObject, isAsStored, shown, valueOf } from '../wire/encode-answer.ts'
import { contentTypes, type Format } from '../wire/negotiate.ts'
import type { TableOptions } from '../wire/table.ts'
import { checkWatch, type WatchParts } from './watch-objects.ts'
import type { WatchItem } from './watch-sink.ts'
import { toStatus } from '../status-errors.ts'
import { WatchOutlet } from './watch-outlet.ts'

export interface WatchReply {
  readonly request: ApiRequest
  readonly format: Format
  readonly table: TableOptions
  readonly headers: Readonly<Record<string, string>>
  /** Called when the watch has begun and its first objects are on their way. */
  readonly onBegin: () => void
}

/**
 * Serves a watch until its time is up, the client leaves or falls behind. A version that is gone or does not come is told by
 * an event of the watch, as upstream tells everything once a watch is well asked for. @throws before the head is sent: 400, 422, 500.
 */
export async function serveWatch(
  parts: WatchParts,
  { http, response }: { readonly http: HttpRequest; readonly response: HttpResponse },
  reply: WatchReply,
): Promise<void> {
  const checked = checkWatch(parts, reply.request)
  const begun = await checked.prepare().catch(toStatus)
  const type = contentTypes[reply.format.encoding]
  response.start(200, {
    ...reply.headers,
    'Content-Type': reply.format.encoding === 'json' ? type : `${type};stream=watch`,
  })
  if (!('begin' in begun)) {
    response.push(errorFrame(begun, reply.format))
    response.end()
    return
  }
  const encoder = new FrameEncoder(reply)
  const done = Promise.withResolvers<void>()
  const outlet = new WatchOutlet({
    response,
    encode: (item) => encoder.encode(item, parts.clock.now() / 1000),
    onGone: done.resolve,
  })
  const watch = begun.begin({ deliver: (items) => outlet.deliver(items), end: () => done.resolve() })
  reply.onBegin()
  http.signal.addEventListener('abort', () => done.resolve(), { once: true })
  if (http.signal.aborted) done.resolve()
  await done.promise
  watch[Symbol.dispose]()
  response.end()
}

function errorFrame(status: Status, format: Format): Buffer {
  return frameOf('ERROR', status as unknown as JsonObject, format)
}

function frameOf(type: string, object: JsonObject, { encoding }: Format): Buffer {
  if (encoding === 'protobuf') return encodeWatchFrame({ type, object: encodeObject(object) })
  return Buffer.from(`${JSON.stringify({ type, object })}\n`)
}

/** Frames for one watcher's format. */
class FrameEncoder {
  readonly #reply: WatchReply
  #isFirst = true

  constructor(reply: WatchReply) {
    this.#reply = reply
  }

  encode(item: WatchItem, nowSeconds: number): Buffer {
    const { format } = this.#reply
    const frames = item.event?.frames
    if (frames === undefined || !this.#isShared(item)) return this.#frame(item, nowSeconds)
    const key = `${item.type} ${format.encoding}`
    let frame = frames.get(key)
    if (frame === undefined) frames.set(key, (frame = this.#frame(item, nowSeconds)))
    return frame
  }

  /** Tables differ from watcher to watcher: ages, and columns in the first event only. */
  #isShared({ object }: WatchItem): boolean {
    const { format, request } = this.#reply
    return format.as === 'object' && (object === undefined || isAsStored(request.resource, object))
  }

  #frame(item: WatchItem, nowSeconds: number): Buffer {
    const { format } = this.#reply
    if (format.encoding === 'json' && item.object !== undefined && this.#isShared(item))
      return item.object.served({ before: `{"type":"${item.type}","object":`, after: '}\n' })
    return frameOf(item.type, this.#objectOf(item, nowSeconds), format)
  }

  #objectOf(item: WatchItem, nowSeconds: number): JsonObject {
    const { format, request, table } = this.#reply
    const { resource } = request
    const value =
      item.object === undefined
        ? bookmarkObject(resource, item.revision, item.endsInitial)
        : valueOf(resource, item.object)
    const withoutColumns = !this.#isFirst
    this.#isFirst = false
    return shown(resource, value, { format, table: { ...table, nowSeconds, withoutColumns } })
  }
}
