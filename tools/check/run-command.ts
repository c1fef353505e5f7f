/** Runs one command of the gate: output kept within a bound, an end after a time. */
import { spawn } from 'node:child_process'

export interface CommandResult {
  readonly ok: boolean
  readonly output: string
  readonly timedOut: boolean
}

export interface CommandOptions {
  readonly timeoutMs?: number
  readonly cwd?: string
}

/** The import graph alone comes to several megabytes. */
const outputMax = 64 * 1024 * 1024

/** The outcome and joint output of a program; it is killed with its children after `timeoutMs` (10 minutes unless told). */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...args] = argv
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    })
    let output = ''
    let timedOut = false
    const collect = (chunk: Buffer): void => {
      if (output.length < outputMax) output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const timer = setTimeout(() => {
      timedOut = true
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, options.timeoutMs ?? 600_000)
    // Killing the gate must not leave its programs behind: they have a process group of their own.
    const killGroup = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    }
    process.once('exit', killGroup)
    child.on('error', (error) => {
      process.off('exit', killGroup)
      clearTimeout(timer)
      resolve({ ok: false, output: `${output}${error.message}`, timedOut })
    })
    child.on('close', (code) => {
      process.off('exit', killGroup)
      clearTimeout(timer)
      resolve({ ok: code === 0, output, timedOut })
    })
  })
}
