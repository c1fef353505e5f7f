/**
 * Takes over changes of a configuration file while the server runs, as kube-apiserver does: when something changes in its
 * folder, and looked at each minute besides. One that is missing or malformed is told, and the last good one goes on.
 */
import { dirname } from 'node:path'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { World } from '#world/ports/world.ts'
import type { ReloadMeter } from './reload-meter.ts'

interface Parts extends Pick<World, 'clock' | 'files'> {
  readonly log: Log
}

export interface FollowedFile {
  readonly path: string
  /** Its name in the log: `encryption configuration`. */
  readonly what: string
  /** What the file said when the server read it. */
  readonly text: string
  /** Goes on with another text. @throws for one that is malformed. */
  readonly takeOver: (text: string) => Promise<void> | void
  readonly meter: ReloadMeter
}

const lookMs = 60_000
/** Whoever writes a file may need a moment for all of it. */
const settleMs = 100

/** Follows the file until disposed. */
export function followFile(parts: Parts, file: FollowedFile): AsyncDisposable {
  const { clock, log } = parts
  const abort = new AbortController()
  const changes = new Changes()
  file.meter.loaded(file.text)
  const follow = async (): Promise<void> => {
    let seen = file.text
    for (;;) {
      const look = AbortSignal.any([abort.signal, changes.next()])
      await clock.sleep(lookMs, look).catch(() => undefined)
      if (abort.signal.aborted) return
      if (look.aborted) await clock.sleep(settleMs, abort.signal).catch(() => undefined)
      if (!abort.signal.aborted) seen = await takeOver(parts, file, seen)
    }
  }
  const listen = async (): Promise<void> => {
    for await (const _ of parts.files.watch(dirname(file.path), abort.signal)) changes.tell()
  }
  const running = follow()
  const listening = listen().catch((error: unknown) => {
    if (!abort.signal.aborted) log.warn(`the folder of the ${file.what} cannot be watched`, { why: messageOf(error) })
  })
  return {
    [Symbol.asyncDispose]: async () => {
      abort.abort(new Error('the server has ended'))
      await Promise.all([running, listening])
    },
  }
}

/** Looks once. @returns the text that need not be looked at again. */
async function takeOver({ clock, files, log }: Parts, file: FollowedFile, seen: string): Promise<string> {
  const { path, what, meter } = file
  let now: string | undefined
  try {
    now = await files.readText(path)
    if (now === seen) return seen
    await file.takeOver(now)
    meter.reloaded(now, clock.now())
    log.info(`the ${what} was taken over`, { path })
  } catch (error) {
    meter.failed(clock.now())
    log.error(`the ${what} cannot be taken over: the last one goes on`, { path, why: messageOf(error) })
  }
  return now ?? seen
}

/** Tells once of any number of changes. */
class Changes {
  #waiting = new AbortController()

  /** Aborts at the next change, or at once after one that nobody has seen. */
  next(): AbortSignal {
    if (this.#waiting.signal.aborted) this.#waiting = new AbortController()
    return this.#waiting.signal
  }

  tell(): void {
    this.#waiting.abort(new Error('something has changed'))
  }
}
