/** What keeps a store from working at the moment; it is asked again and again until it works, also when nobody else asks. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'

/** Failures of the store itself, not of what it was asked. */
const codes: ReadonlySet<string> = new Set([
  'STORE_FULL',
  'STORE_FAILED',
  'STORE_CORRUPT',
  'STORE_CANNOT_OPEN',
  'STORE_UNREACHABLE',
  'STORE_OUTCOME_UNKNOWN',
  'STORE_DENIED',
])
/** Told of each new trouble, and (undefined) when the store works again. */
export type TroubleListener = (problem: GantryError | undefined) => void

const probeEveryMs = 1000

/** Knows the trouble of one store. */
export class StoreTrouble implements Disposable {
  readonly #clock: Clock
  readonly #probe: () => void | Promise<void>
  readonly #tell: TroubleListener | undefined
  #current: GantryError | undefined
  #timer: Disposable | undefined
  #ended = false

  /** `probe` does what the store failed at last, in small, and throws or rejects like it. */
  constructor(clock: Clock, probe: () => void | Promise<void>, tell?: TroubleListener) {
    this.#clock = clock
    this.#probe = probe
    this.#tell = tell
  }

  get current(): GantryError | undefined {
    return this.#current
  }

  /** Notes a failure, if it is the store's own, and asks from then on until the store works. */
  note(error: unknown): void {
    if (this.#ended || !(error instanceof GantryError) || !codes.has(error.code)) return
    if (this.#current?.message !== error.message) this.#tell?.(error)
    this.#current = error
    this.#timer ??= this.#clock.setTimer(probeEveryMs, () => void this.#ask())
  }

  /** Something succeeded. Where space is short, that may have been small enough: then only the probe tells. */
  worked(): void {
    if (this.#current !== undefined && this.#current.code !== 'STORE_FULL') this.clear()
  }

  /** The store works. */
  clear(): void {
    if (this.#current === undefined) return
    this.#current = undefined
    this.#tell?.(undefined)
  }

  [Symbol.dispose](): void {
    this.#ended = true
    this.#timer?.[Symbol.dispose]()
  }

  async #ask(): Promise<void> {
    try {
      await this.#probe()
      this.clear()
      this.#timer = undefined
    } catch (error) {
      this.#timer = undefined
      // Any other failure of the probe proves nothing either way.
      this.note(error instanceof GantryError && codes.has(error.code) ? error : this.#current)
    }
  }
}
