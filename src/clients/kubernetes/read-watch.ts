/** The answer of a watch as events: one JSON object a line. */
import type { Readable } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Status } from '#spec/kubernetes/objects/objects.ts'
import type { WatchEvent } from './kube-client.ts'
import { statusError } from './status-error.ts'

/** Largest event. */
const lineBytesMax = 16 * 1024 * 1024

/** Yields events to the end of the answer. @throws the Status of an ERROR event. */
export async function* readWatch<T extends object>(body: Readable): AsyncGenerator<WatchEvent<T>, void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of body as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = rest.indexOf(10, start); end >= 0; end = rest.indexOf(10, start)) {
      const line = rest.toString('utf8', start, end)
      start = end + 1
      if (line !== '') yield eventOf<T>(line)
    }
    rest = rest.subarray(start)
    if (rest.length > lineBytesMax)
      throw new GantryError('KUBERNETES_WATCH_TOO_LARGE', 'too-large', 'an event of the watch is too large', {
        remedy: 'List the objects instead, or watch them with fewer fields (metadata only).',
      })
  }
}

function eventOf<T extends object>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { readonly type: string; readonly object: object }
  if (event.type === 'ERROR') throw statusError(event.object as Status)
  return event as WatchEvent<T>
}
