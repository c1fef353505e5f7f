/** Handing the raw connection to a handler: Docker's attach and exec, protocol upgrades, WebSocket. */
import type { Duplex } from 'node:stream'
import type { HttpRequest, HttpResponse } from './exchange.ts'

/**
 * Answers as Docker's attach and exec do and returns the raw stream: `101 UPGRADED` when the client asked for an
 * upgrade, else `200 OK` with the raw bytes after it (contract T10). `headers` follow the fixed ones.
 */
export function hijackDocker(
  request: HttpRequest,
  response: HttpResponse,
  options: { readonly contentType: string; readonly headers?: Readonly<Record<string, string>> },
): Duplex {
  const extra = Object.entries(options.headers ?? {})
  const contentType = ['Content-Type', options.contentType] as const
  if (request.upgrade === undefined || request.upgrade === '') {
    return response.hijack({ status: 200, reason: 'OK', headers: [contentType, ...extra] })
  }
  const upgrade = [['Connection', 'Upgrade'] as const, ['Upgrade', request.upgrade] as const]
  return response.hijack({ status: 101, reason: 'UPGRADED', headers: [contentType, ...upgrade, ...extra] })
}

/** Answers `101 Switching Protocols` for the protocol the client asked for and returns the raw stream (RFC 9110, section 7.8). @public */
export function switchProtocol(
  response: HttpResponse,
  protocol: string,
  headers: Readonly<Record<string, string>> = {},
): Duplex {
  return response.hijack({
    status: 101,
    reason: 'Switching Protocols',
    headers: [['Connection', 'Upgrade'], ['Upgrade', protocol], ...Object.entries(headers)],
  })
}
