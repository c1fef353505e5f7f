/** Progress of one piece of work for everyone who waits for it: who comes late hears where it stands, who is slow holds nobody up. */

export type ProgressMessage = Readonly<Record<string, unknown>>
export type Emit = (message: object) => void | Promise<void>

export interface ProgressListener {
  /** Resolves when everything published so far was taken; rejects when the listener failed. */
  drained(): Promise<void>
  /** Hears nothing more. */
  leave(): void
}

export interface ProgressHub {
  publish(message: ProgressMessage): void
  /** `onFail` is told when `emit` throws: its client is gone. */
  listen(emit: Emit, onFail?: (error: unknown) => void): ProgressListener
}

export function createProgressHub(): ProgressHub {
  const listeners = new Set<(message: ProgressMessage) => void>()
  // What a late listener is told: of each id the last message, in the order in which the ids first came.
  const standing = new Map<unknown, ProgressMessage>()
  return {
    publish(message) {
      standing.set(message['id'] ?? message, message)
      for (const hear of listeners) hear(message)
    },
    listen(emit, onFail) {
      const { hear, drained } = createQueue(emit, (error) => {
        listeners.delete(hear)
        onFail?.(error)
      })
      for (const message of standing.values()) hear(message)
      listeners.add(hear)
      return { drained, leave: () => listeners.delete(hear) }
    },
  }
}

interface Queue {
  readonly hear: (message: ProgressMessage) => void
  readonly drained: () => Promise<void>
}

/** Hands messages over one after the other. A newer count of the same thing replaces an older one that still waits, so the queue stays short. */
function createQueue(emit: Emit, onFail: (error: unknown) => void): Queue {
  const waiting: ProgressMessage[] = []
  let running: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  const pump = async (): Promise<void> => {
    try {
      for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) await emit(message)
    } catch (error) {
      failure = { error }
      waiting.length = 0
      onFail(error)
    } finally {
      running = undefined
    }
  }
  return {
    hear(message) {
      if (failure !== undefined) return
      const older = waiting.findIndex(
        (one) => isCount(one) && one['id'] === message['id'] && one['status'] === message['status'],
      )
      if (isCount(message) && older >= 0) waiting[older] = message
      else waiting.push(message)
      running ??= pump()
    },
    async drained() {
      while (running !== undefined) await running
      if (failure !== undefined) throw failure.error
    },
  }
}

function isCount(message: ProgressMessage): boolean {
  return message['progress'] !== undefined
}
