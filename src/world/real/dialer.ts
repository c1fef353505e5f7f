/** The Dialer port on Node's sockets. */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { NetConnectOpts, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Dialer } from '#world/ports/dialer.ts'

/** Connections of this machine. Modules for TLS are loaded at the first use: most commands never need them. */
export function createDialer(): Dialer {
  return {
    unix: (path, signal) => open({ path }, signal),
    tcp: (host, port, signal) => open({ host, port, noDelay: true }, signal),
    async tls(target) {
      const tls = await import('node:tls')
      const socket = tls.connect({
        host: target.host,
        port: target.port,
        servername: /^[\d.:]+$/.test(target.host) ? '' : target.host,
        rejectUnauthorized: target.verify,
        ALPNProtocols: ['http/1.1'],
        ...(target.ca === undefined ? {} : { ca: target.ca }),
        ...(target.certificate === undefined ? {} : { cert: target.certificate }),
        ...(target.key === undefined ? {} : { key: target.key }),
      })
      return connected(socket, 'secureConnect')
    },
    async program(file, args) {
      const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', reject)
      })
      const stream = Duplex.from({
        writable: child.stdin as NodeJS.WritableStream,
        readable: child.stdout as NodeJS.ReadableStream,
      } as never)
      stream.once('close', () => child.kill())
      return stream
    },
  }
}

function open(options: NetConnectOpts, signal: AbortSignal | undefined): Promise<Socket> {
  const socket = connect({ ...options, allowHalfOpen: true } as NetConnectOpts)
  const stop = (): void => void socket.destroy(signal?.reason as Error | undefined)
  signal?.addEventListener('abort', stop, { once: true })
  return connected(socket, 'connect')
}

function connected<T extends Socket>(socket: T, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}
