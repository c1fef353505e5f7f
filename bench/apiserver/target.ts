/** A server under load: how it is reached, and what it costs in time and memory. */
import { readFileSync } from 'node:fs'
import { type IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'

/** Requests at a time, and connections that they share. */
export const connections = 32

export interface Call {
  readonly method?: string
  readonly path: string
  readonly body?: string
  readonly type?: string
}

export interface Target {
  readonly name: string
  readonly port: string
  /** Sends one request; resolves with the bytes of the answer. @throws Error for an answer that is no success. */
  call(call: Call): Promise<number>
  /** Opens a watch on a connection of its own; `onData` hears what comes. */
  watch(path: string, onData: (chunk: Buffer) => void): Promise<void>
  /** Ends the watches. */
  endWatches(): void
  /** CPU time of its processes so far, µs (10 ms ticks). */
  cpuUs(): number
  /** Resident memory of the first of them. */
  megabytes(): number
}

export interface TargetOptions {
  readonly name: string
  /** The file with its address and the caller's certificate. */
  readonly kubeconfig: string
  /** Its processes: the server first, then those that it cannot do without. */
  readonly pids: () => readonly number[]
}

/** A server that runs. */
export async function openTarget({ name, kubeconfig, pids }: TargetOptions): Promise<Target> {
  const readFile = (): Promise<string> => Promise.reject(new Error('the kubeconfig holds everything'))
  const connection = await readKubeconfig(readFileSync(kubeconfig, 'utf8'), { readFile })
  const { hostname: host, port } = new URL(connection.url)
  const tls = { ca: connection.authority, cert: connection.certificate, key: connection.key }
  const few = new Agent({ keepAlive: true, maxSockets: connections, ...tls })
  let many = new Agent({ keepAlive: true, ...tls })
  const send = (
    agent: Agent,
    { method = 'GET', path, body, type = 'application/json' }: Call,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const content = body === undefined ? {} : { 'content-type': type }
      const headers = { accept: 'application/json', 'user-agent': 'bench', ...content }
      const sent = request({ agent, host, port, method, path, headers }, (reply) => {
        if ((reply.statusCode ?? 500) < 300) resolve(reply)
        else reject(new Error(`${name}: ${method} ${path}: ${reply.statusCode}`))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return {
    name,
    port,
    call: async (call) => {
      let sizeBytes = 0
      for await (const chunk of await send(few, call)) sizeBytes += (chunk as Buffer).length
      return sizeBytes
    },
    watch: async (path, onData) => {
      const reply = await send(many, { path })
      reply.on('data', onData)
      reply.on('error', () => undefined)
    },
    endWatches: () => {
      many.destroy()
      many = new Agent({ keepAlive: true, ...tls })
    },
    cpuUs: () => pids().reduce((sum, pid) => sum + cpuUsOf(pid), 0),
    megabytes: () => megabytesOf(pids()[0] ?? 0),
  }
}

function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function megabytesOf(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000)
}
