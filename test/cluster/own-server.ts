/** A control plane that a suite starts through the program itself, with simulated nodes, and its stock clients. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '../../src/main.ts')
const startWithinMs = 180_000

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface OwnServer extends AsyncDisposable {
  readonly root: string
  readonly kubeconfig: string
  readonly url: string
  /** The stock kubectl of the machine. */
  kubectl(args: readonly string[], input?: string): Outcome
  /** A program with KUBECONFIG set. */
  run(file: string, args: readonly string[]): Outcome
}

/** Why suites that need a program cannot run; false when it is there. */
export function lacksProgram(name: string): string | false {
  const found = name.startsWith('/') ? existsSync(name) : spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  return found ? false : `${name} is not installed`
}

/** Starts `gantry server` in a fresh root, on a free port. */
export async function startOwnServer(words: readonly string[] = ['--simulated-nodes', '2']): Promise<OwnServer> {
  const root = mkdtempSync(join(tmpdir(), 'gantry-cluster-'))
  const args = ['-C', 'source', main, 'server', '--root', root, '--listen', '127.0.0.1:0', ...words]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const end = async (): Promise<void> => {
    await ended(child)
    rmSync(root, { recursive: true, force: true })
  }
  try {
    const url = await readyUrl(child)
    const kubeconfig = join(root, 'admin.kubeconfig')
    const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: root, LC_ALL: 'C.UTF-8' }
    const run = (file: string, of: readonly string[], input = ''): Outcome => {
      const result = spawnSync(file, of, { env, input, encoding: 'utf8', timeout: 300_000 })
      const { status: code, stdout, stderr } = result
      return { code, stdout, stderr: `${stderr}${result.error === undefined ? '' : result.error.message}` }
    }
    return {
      ...{ root, kubeconfig, url, run },
      kubectl: (of, input) => run('kubectl', of, input),
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** The address that the server's log names when it is ready; later lines are read and dropped. */
function readyUrl(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const timer = setTimeout(() => reject(new Error('the server was not ready in time')), startWithinMs)
  if (child.stderr === null) throw new Error('the server has no log')
  const told: string[] = []
  child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${told.join('\n')}`)))
  createInterface(child.stderr).on('line', (line) => {
    if (told.length < 20) told.push(line)
    const url = /"message":"server ready","url":"([^"]+)"/.exec(line)?.[1]
    if (url !== undefined) resolve(url)
  })
  return promise.finally(() => clearTimeout(timer))
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  await gone
  clearTimeout(timer)
}
