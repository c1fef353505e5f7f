/** Connections for code that decides by itself; servers and HTTP live in kit/http. */
import type { Duplex } from 'node:stream'

export interface DialTarget {
  readonly host: string
  readonly port: number
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface Datagram {
  readonly payload: Uint8Array
  readonly address: string
  readonly port: number
}

export interface DatagramSocket extends AsyncDisposable {
  readonly port: number
  send(payload: Uint8Array, address: string, port: number): Promise<void>
  onMessage(handler: (message: Datagram) => void): void
}

export interface Listener extends AsyncDisposable {
  readonly port: number
}

export interface Network {
  dial(target: DialTarget): Promise<Duplex>
  dialUnix(path: string, signal?: AbortSignal): Promise<Duplex>
  /** Accepts TCP connections; `fd` takes over a socket already bound (for instance inside a namespace). */
  listen(
    at: { readonly host?: string; readonly port?: number; readonly fd?: number },
    onConnection: (socket: Duplex) => void,
  ): Promise<Listener>
  /** A UDP socket; `fd` takes over one already bound. */
  openDatagram(at: { readonly host?: string; readonly port?: number; readonly fd?: number }): Promise<DatagramSocket>
  /** The machine's resolver: addresses of a name. */
  lookup(name: string): Promise<readonly string[]>
}
