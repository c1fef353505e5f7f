/**
 * Undo for actions of several steps: each step registers how to take it back before or as it is done; leaving without
 * `commit` runs them, newest first.
 *
 *     await using undo = createUndoStack()
 *     const mount = await makeMount()
 *     undo.defer(() => mount.remove())
 *     …
 *     undo.commit()
 */

export interface UndoStack extends AsyncDisposable {
  defer(step: () => Promise<unknown> | unknown): void
  /** Forgets the steps: what was done stays. */
  commit(): void
}

/** @param onError told of a step that failed to be undone; the others still run. */
export function createUndoStack(onError: (error: unknown) => void = () => undefined): UndoStack {
  let steps: (() => unknown)[] = []
  return {
    defer(step) {
      steps.push(step)
    },
    commit() {
      steps = []
    },
    async [Symbol.asyncDispose]() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        try {
          await step()
        } catch (error) {
          onError(error)
        }
      }
    },
  }
}
