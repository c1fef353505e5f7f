/**
 * Passing a request on to another server and its answer back, as it comes: bodies stream both ways with the pace of the
 * slower side, and a connection that leaves HTTP there leaves it here too. For API servers in front of API servers, nodes,
 * services and pods.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { HttpReply } from './client-reply.ts'
import { type HttpClient, isUpgraded, type Upgrade } from './client.ts'
import type { HttpRequest, HttpResponse } from './exchange.ts'

/** Headers of one connection only (RFC 9110, section 7.6.1), and HTTP/2's own. */
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  // This server has told the client already whether to go on.
  'expect',
  'host',
])

export interface RelayOptions {
  /** Absolute URL, query included. */
  readonly url: string
  /** Headers that replace those of the request. */
  readonly headers?: OutgoingHttpHeaders
  /** Gives the other server up, besides the request's own signal. */
  readonly signal?: AbortSignal
  /** Headers of the request (lower case) that stay here. */
  readonly omit?: (name: string) => boolean
  /** Looks at the head of a plain answer and may change its headers; it must not read the body. */
  readonly editHeaders?: (headers: OutgoingHttpHeaders, status: number) => OutgoingHttpHeaders
}

/**
 * Relays one request; resolves when the answer is complete or the connection closed.
 * @throws GantryError HTTP_CONNECT_FAILED, HTTP_TLS_INVALID, HTTP_TIMEOUT before anything was answered.
 */
export async function relay(
  client: HttpClient,
  { request, response }: { readonly request: HttpRequest; readonly response: HttpResponse },
  options: RelayOptions,
): Promise<void> {
  const headers = { ...forwardedHeaders(request, options.omit), ...options.headers }
  const { method, upgrade } = request
  const signal = options.signal === undefined ? request.signal : AbortSignal.any([request.signal, options.signal])
  if (upgrade !== undefined && upgrade !== '') {
    const protocol = String(request.headers.upgrade ?? upgrade)
    const answer = await client.upgrade({ method, url: options.url, headers, signal, protocol })
    return isUpgraded(answer) ? joinUpgraded(response, answer) : sendReply(response, answer, options)
  }
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  const isBodiless = method === 'GET' || method === 'HEAD'
  const body = hasBody || (!isBodiless && request.httpVersion === '2.0') ? { body: request.body } : {}
  const reply = await client.request({ method, url: options.url, headers, signal, headersTimeoutMs: 0, ...body })
  return sendReply(response, reply, options)
}

/** The request's headers for the next server. */
export function forwardedHeaders(
  { headers, peer }: Pick<HttpRequest, 'headers' | 'peer'>,
  omit: (name: string) => boolean = () => false,
): OutgoingHttpHeaders {
  const named = new Set(
    String(headers.connection ?? '')
      .toLowerCase()
      .split(/\s*,\s*/),
  )
  const kept = Object.entries(headers).filter(
    ([name]) => !name.startsWith(':') && !ofConnection.has(name) && !named.has(name) && !omit(name),
  )
  const before = headers['x-forwarded-for']
  const chain = peer.address === '' ? before : [before, peer.address].filter((text) => text !== undefined).join(', ')
  return { ...Object.fromEntries(kept), ...(chain === undefined ? {} : { 'x-forwarded-for': chain }) }
}

function answerHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)))
}

/** Answers with another server's reply, as it comes. */
export async function sendReply(
  response: HttpResponse,
  reply: HttpReply,
  { editHeaders }: Pick<RelayOptions, 'editHeaders'> = {},
): Promise<void> {
  const { status } = reply
  const headers = answerHeaders(reply.headers)
  response.start(status, editHeaders?.(headers, status) ?? headers)
  try {
    for await (const chunk of reply.body as AsyncIterable<Buffer>) await response.write(chunk)
    response.end()
  } catch {
    // One side went away midway: the other must see that the answer is not whole.
    response.destroy()
  } finally {
    await reply[Symbol.asyncDispose]()
  }
}

/** Repeats the head of the other side's 101 and joins the two connections. */
function joinUpgraded(response: HttpResponse, { status, headers, stream, protocol }: Upgrade): Promise<void> {
  const rest = Object.entries(headers).flatMap(([name, value]) =>
    name === 'connection' || name === 'upgrade' || value === undefined
      ? []
      : [value].flat().map((one) => [name, one] as const),
  )
  const switching = [['Connection', 'Upgrade'] as const, ['Upgrade', protocol] as const]
  const client = response.hijack({ status, reason: 'Switching Protocols', headers: [...switching, ...rest] })
  return joinStreams(client, stream)
}

/** Copies both ways until both sides ended or one broke; ending one direction leaves the other open. */
export async function joinStreams(a: Duplex, b: Duplex): Promise<void> {
  const done = [copy(a, b), copy(b, a)]
  await Promise.all(done)
  a.destroy()
  b.destroy()
}

function copy(from: Readable & Duplex, to: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      from.destroy()
      to.destroy()
      resolve()
    }
    from.on('error', finish)
    to.once('close', () => resolve())
    from.once('close', () => (from.readableEnded ? resolve() : finish()))
    from.once('end', () => {
      to.end()
      resolve()
    })
    from.pipe(to, { end: false })
  })
}
