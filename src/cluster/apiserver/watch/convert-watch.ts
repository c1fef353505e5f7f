/** Watches of resources that a webhook converts: events wait, in order, until their objects are there. */
import type { ConversionAhead } from '../resource-versions.ts'
import type { WatchItem, WatchSink } from './watch-sink.ts'

/** Batches that may wait for a webhook before the watch is ended. */
const waitingMax = 256

/** A sink that converts before it passes on. A webhook that fails ends the watch: its client comes back. */
export function convertingSink(sink: WatchSink, ahead: ConversionAhead): WatchSink {
  let waiting = 0
  let isOver = false
  let last = Promise.resolve()
  const over = (): void => {
    if (isOver) return
    isOver = true
    sink.end()
  }
  const pass = async (items: readonly WatchItem[]): Promise<void> => {
    try {
      if (isOver) return
      await ahead.fromStored(items.flatMap(({ object }) => (object === undefined ? [] : [object.value])))
      if (!sink.deliver(items)) over()
    } catch {
      over()
    } finally {
      waiting--
    }
  }
  return {
    deliver: (items) => {
      if (isOver || waiting >= waitingMax) return false
      waiting++
      last = last.then(() => pass(items))
      return true
    },
    end: () => void last.then(over),
  }
}
