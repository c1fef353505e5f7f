/** Servers of this project, started as the launcher starts them, on one folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const project = join(import.meta.dirname, '../..')
const bundle = join(project, 'dist/main.js')
const program = existsSync(bundle) ? [bundle] : ['-C', 'source', join(project, 'src/main.ts')]
const engineFlags = ['--max-semi-space-size=8', '--invocation-count-for-turbofan=2000']

/** What is run: the bundle, where there is one. */
export const form: string = program.length === 1 ? 'bundle' : 'sources'

export interface OwnServer extends AsyncDisposable {
  readonly pid: number
  /** Ends it with a signal and starts it again, on a port, with what it has stored. @returns ms until it says that it is ready. */
  restart(signal: NodeJS.Signals, port: string): Promise<number>
}

/** Starts one on any port; resolves when it says that it is ready. */
export async function startServer(root: string, etcd: string | undefined): Promise<OwnServer> {
  const words = [...engineFlags, ...program, 'server', '--root', root]
  const start = async (port: string): Promise<ChildProcess> => {
    const place = ['--listen', `127.0.0.1:${port}`, ...(etcd === undefined ? [] : ['--etcd-servers', etcd])]
    const env = { ...process.env, MALLOC_ARENA_MAX: '2' }
    const child = spawn(process.execPath, [...words, ...place], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => chunk.includes('server ready') && resolve())
      child.once('exit', () => reject(new Error('the server ended')))
    })
    return child
  }
  let child = await start('0')
  return {
    get pid() {
      return child.pid ?? 0
    },
    restart: async (signal, port) => {
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
      const beganMs = performance.now()
      child = await start(port)
      return performance.now() - beganMs
    },
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
