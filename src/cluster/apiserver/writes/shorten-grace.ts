/** How a repeated DELETE shortens the grace of an object that is being deleted (rest.BeforeDelete, v1.36). */

/** Until when an object keeps running, and how long that was given. */
export interface Grace {
  readonly endMs: number
  readonly seconds: number
}

/**
 * The grace that a repeated delete leaves, counted from the first one; the same when it would lengthen it.
 * @param wanted seconds that are asked for now; undefined asks for nothing, below zero for one second.
 */
export function shortenGrace(grace: Grace, wanted: number | undefined, nowMs: number): Grace {
  const seconds = wanted === undefined ? grace.seconds : wanted < 0 ? 1 : wanted
  if (seconds >= grace.seconds) return grace
  const endMs = grace.endMs + (seconds - grace.seconds) * 1000
  if (endMs >= nowMs) return { endMs, seconds }
  // It is over already, but whoever runs the object ends it: only a request for zero does that itself.
  return { endMs: nowMs, seconds: seconds === 0 ? 0 : 1 }
}
