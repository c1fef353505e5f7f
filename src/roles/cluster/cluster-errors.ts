/** What can go wrong with a simulated cluster itself. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** An invariant broke: a mistake of the program, with the seed that shows it. */
export function brokenInvariants(violations: readonly string[], seed: number | string | undefined): GantryError {
  const [first = ''] = violations
  return new GantryError('CLUSTER_INVARIANT_BROKEN', 'internal', `an invariant of the cluster broke: ${first}`, {
    remedy: `Run it again with seed ${JSON.stringify(seed ?? 1)} to see the same history.`,
    details: { violations },
  })
}
