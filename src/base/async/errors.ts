/** The errors that base/async raises. */

/** Rows of the error catalogue: code, what it means, what to do. */
export const asyncErrors = {
  ASYNC_QUEUE_FULL: {
    kind: 'exhausted',
    when: 'a bounded queue is full and its policy is to refuse',
    remedy: 'Try again when less is going on.',
  },
  ASYNC_QUEUE_CLOSED: {
    kind: 'unavailable',
    when: 'something is put into a queue whose owner has stopped',
    remedy: 'Start the owner again.',
  },
} as const
