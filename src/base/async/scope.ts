/**
 * Owned lifetimes. A scope collects what must be undone or closed; leaving it runs everything, newest first.
 * `commit` keeps what a multi-step action made: each step registers its undo first, the last line commits.
 */

export type Undo = () => PromiseLike<void> | void

export class Scope implements AsyncDisposable {
  #undos: Undo[] = []
  #ended = false
  readonly #controller = new AbortController()

  /** Aborts when the scope ends without commit: work started inside should stop. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Registers what to run when the scope ends. */
  defer(undo: Undo): void {
    this.#assertOpen()
    this.#undos.push(undo)
  }

  /** Owns a disposable: it is disposed when the scope ends. Returns it. */
  own<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#assertOpen()
    this.#undos.push(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    )
    return resource
  }

  /** Gives up ownership of everything so far: nothing is undone, and the scope may be used for more. */
  commit(): void {
    this.#assertOpen()
    this.#undos = []
  }

  /** Hands everything registered to a new scope that lives on. */
  move(): Scope {
    this.#assertOpen()
    const next = new Scope()
    next.#undos = this.#undos
    this.#undos = []
    return next
  }

  /**
   * Runs everything registered, newest first, each after the one before it, also when some fail.
   * @throws the failure, or an AggregateError of several.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    const undos = this.#undos
    this.#undos = []
    if (undos.length > 0) this.#controller.abort(new Error('the scope ended'))
    const failures: unknown[] = []
    for (const undo of undos.toReversed()) {
      try {
        // Undoing is ordered: a mount goes before its directory.
        await undo()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} steps could not be undone`)
  }

  #assertOpen(): void {
    if (this.#ended) throw new Error('the scope has ended')
  }
}
