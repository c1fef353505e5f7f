/** Runs an action for each positional: successes are printed, failures collected, as the docker client does. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { exitWith } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'

export interface EachOptions {
  /** Several at once (start one after the other otherwise). */
  readonly parallel?: number
  /** Printed for a success; default the argument. Empty prints nothing. */
  readonly success?: (argument: string, result: unknown) => string
}

/** Throws one error with every failure, a line each, after all arguments were tried. */
export async function eachArgument(
  session: Session,
  args: readonly string[],
  { run, options = {} }: { readonly run: (argument: string) => Promise<unknown>; readonly options?: EachOptions },
): Promise<void> {
  const failures: string[] = []
  const running: Promise<{ readonly result?: unknown; readonly error?: unknown; readonly argument: string }>[] = []
  const width = options.parallel ?? 1
  const settle = async (at: number): Promise<void> => {
    const outcome = await running[at]
    if (outcome === undefined) return
    if ('error' in outcome) failures.push(messageOf(outcome.error))
    else {
      const text = options.success === undefined ? outcome.argument : options.success(outcome.argument, outcome.result)
      if (text !== '') await session.print(`${text}\n`)
    }
  }
  for (const [at, argument] of args.entries()) {
    if (at >= width) await settle(at - width)
    running.push(
      run(argument).then(
        (result) => ({ result, argument }),
        (error: unknown) => ({ error, argument }),
      ),
    )
  }
  for (let at = Math.max(0, args.length - width); at < args.length; at += 1) await settle(at)
  if (failures.length > 0) throw exitWith(1, failures.join('\n'))
}
