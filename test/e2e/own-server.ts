/** A control plane as a process of its own, to be killed and started again on the same state. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectKubeClient } from '#clients/kubernetes/connect.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { createClock } from '#world/real/clock.ts'
import { program } from './own-engine.ts'

export interface OwnServer {
  readonly client: KubeClient
  /** From the start of the process to the moment it says that it serves. */
  readonly readyMs: number
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

const readyWithinMs = 240_000

/** Starts a server under `root`; `words` are further flags. It answers when the promise resolves. */
export async function startOwnServer(root: string, words: readonly string[] = []): Promise<OwnServer> {
  const [file, ...first] = program
  const beganMs = performance.now()
  const child: ChildProcess = spawn(file, [...first, 'server', '--root', root, '--listen', '127.0.0.1:0', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  await new Promise<void>((resolve, reject) => {
    let text = ''
    const look = (chunk: Buffer): void => {
      text += chunk.toString()
      if (text.includes('server ready')) resolve()
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('exit', () => reject(new Error(`the server ended: ${text}`)))
    setTimeout(() => reject(new Error(`the server is not ready: ${text}`)), readyWithinMs).unref()
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  const readyMs = performance.now() - beganMs
  const readFile = (): Promise<string> => Promise.reject(new Error('the kubeconfig holds everything'))
  const connection = await readKubeconfig(readFileSync(join(root, 'admin.kubeconfig'), 'utf8'), { readFile })
  const client = connectKubeClient({ clock: createClock(), connection, userAgent: 'killed-server' })
  return {
    client,
    readyMs,
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
      await client[Symbol.asyncDispose]()
    },
  }
}
