/** A response that tells once which status it begins with. */
import type { Duplex } from 'node:stream'
import type { HijackHead, HttpResponse } from '#kit/http/exchange.ts'

type Headers = Parameters<HttpResponse['send']>[2]

export class AuditedResponse implements HttpResponse {
  readonly #inner: HttpResponse
  readonly #onStatus: (status: number) => void

  constructor(inner: HttpResponse, onStatus: (status: number) => void) {
    this.#inner = inner
    this.#onStatus = onStatus
  }

  get started(): boolean {
    return this.#inner.started
  }

  get status(): number {
    return this.#inner.status
  }

  get ended(): boolean {
    return this.#inner.ended
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  get closed(): Promise<void> {
    return this.#inner.closed
  }

  setHeader(name: string, value: string | readonly string[]): void {
    this.#inner.setHeader(name, value)
  }

  send(status: number, body?: Uint8Array | string, headers?: Headers): void {
    this.#onStatus(status)
    this.#inner.send(status, body, headers)
  }

  json(status: number, value: unknown, headers?: Headers): void {
    this.#onStatus(status)
    this.#inner.json(status, value, headers)
  }

  start(status: number, headers?: Headers): void {
    this.#onStatus(status)
    this.#inner.start(status, headers)
  }

  push(chunk: Uint8Array | string): boolean {
    return this.#inner.push(chunk)
  }

  write(chunk: Uint8Array | string): Promise<void> {
    return this.#inner.write(chunk)
  }

  writeJson(value: unknown): Promise<void> {
    return this.#inner.writeJson(value)
  }

  end(): void {
    this.#inner.end()
  }

  /** Packages that write the head by themselves (WebSocket) say 0: they only ever switch protocols. */
  hijack(head: HijackHead): Duplex {
    this.#onStatus(head.status === 0 ? 101 : head.status)
    return this.#inner.hijack(head)
  }

  setDeadline(ms: number, onLate: () => void): Disposable {
    return this.#inner.setDeadline(ms, onLate)
  }

  destroy(): void {
    this.#inner.destroy()
  }
}
