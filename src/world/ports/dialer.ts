/** Client connections whose two directions end separately (Docker's streams need half-close). */
import type { Duplex } from 'node:stream'

export interface TlsTarget {
  readonly host: string
  readonly port: number
  /** PEM texts; left out: the system's authorities, no client certificate. */
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  /** False accepts any certificate. */
  readonly verify: boolean
}

export interface Dialer {
  unix(path: string, signal?: AbortSignal): Promise<Duplex>
  tcp(host: string, port: number, signal?: AbortSignal): Promise<Duplex>
  tls(target: TlsTarget, signal?: AbortSignal): Promise<Duplex>
  /** The standard streams of a started program as one connection (ssh and its like). */
  program(file: string, args: readonly string[]): Promise<Duplex>
}
