/** Carries the news that a token of a secret was used from whoever checks tokens to whoever writes it down. */

export interface TokenUse {
  /** A token of this secret was shown; cheap, and never fails. */
  note(namespace: string, secretName: string): void
  onUse(listener: (namespace: string, secretName: string) => void): Disposable
}

/** Creates one; what is noted while nobody listens is not kept. */
export function createTokenUse(): TokenUse {
  const listeners = new Set<(namespace: string, secretName: string) => void>()
  return {
    note(namespace, secretName) {
      for (const listener of listeners) listener(namespace, secretName)
    },
    onUse(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
  }
}
