/**
 * What a failed start means: the exit code and the words that Docker's clients look for (they match on "executable file
 * not found", "no such file or directory" and "permission denied"). Pure.
 */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'

export interface FailedStart {
  /** 127: no such program; 126: it cannot be run; anything else is 128 for a container, 126 for an exec. */
  readonly exitCode: number
  readonly error: GantryError
}

/** How Docker introduces what kept a container, or a process in one, from running. */
const prefixes = {
  container: 'failed to create task for container: failed to create shim task: OCI runtime create failed',
  exec: 'OCI runtime exec failed: exec failed',
}
/** The exit code where nothing better is known. */
const otherExitCodes = { container: 128, exec: 126 }
const creation = 'unable to start container process'

function words(program: string, text: string): { readonly exitCode: number; readonly message: string } | undefined {
  if (program === '') return { exitCode: 127, message: 'exec: "": executable file not found in $PATH' }
  if (program.includes('/') && /not found|no such file/i.test(text)) {
    return { exitCode: 127, message: `exec: "${program}": stat ${program}: no such file or directory` }
  }
  if (/executable file .* not found|not found in \$PATH/i.test(text)) {
    return { exitCode: 127, message: `exec: "${program}": executable file not found in $PATH` }
  }
  if (/chdir|cwd/i.test(text))
    return { exitCode: 126, message: 'chdir to cwd set in config.json failed: no such file or directory' }
  if (/permission denied|is a directory|EACCES|open executable/i.test(text))
    return { exitCode: 126, message: `exec: "${program}": permission denied` }
  if (/no such file or directory|ENOENT/i.test(text))
    return { exitCode: 127, message: `exec: "${program}": stat ${program}: no such file or directory` }
  if (/exec format error/i.test(text)) return { exitCode: 126, message: `exec: "${program}": exec format error` }
  return undefined
}

/** Reads a runtime's complaint about the program it was to run. */
export function explainStart(
  program: string,
  failure: unknown,
  what: keyof typeof prefixes = 'container',
): FailedStart {
  const prefix = prefixes[what]
  const text = messageOf(failure).trim()
  const fromRuntime = failure instanceof GantryError && failure.code.startsWith('ENGINE_RUNTIME')
  if (!fromRuntime) {
    const error =
      failure instanceof GantryError ? failure : new GantryError('ENGINE_START', 'internal', text, { cause: failure })
    return { exitCode: otherExitCodes[what], error }
  }
  const known = words(program, text)
  if (known === undefined)
    return {
      exitCode: otherExitCodes[what],
      error: new GantryError('ENGINE_START', 'internal', `${prefix}: ${text}: unknown`, { cause: failure }),
    }
  return {
    // dockerd 20.10 makes no difference between the ways in which an exec fails.
    exitCode: what === 'exec' ? otherExitCodes.exec : known.exitCode,
    error: new GantryError('ENGINE_COMMAND', 'invalid', `${prefix}: ${creation}: ${known.message}: unknown`, {
      cause: failure,
      remedy: 'Check that the program is in the image and may be executed.',
    }),
  }
}
