/** Whole answers: small ones in one write, large ones in pieces at the pace of the client, compressed where that helps. */
import { constants, createGzip } from 'node:zlib'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'

/** Above this an answer is compressed for clients that take it (kube-apiserver's threshold). */
const gzipBytesMin = 128 * 1024
/** Above this an answer goes out piece by piece. */
const wholeBytesMax = 512 * 1024
/** Above this an answer counts as given when it has been taken: until then its request holds what it holds. */
const soonTakenBytes = 64 * 1024
const gzipLevel = 1

/** Which answers are compressed: those for other machines, all large ones, or none. */
export type Compression = 'remote' | 'always' | 'never'

export interface Body {
  readonly code: number
  /** Made as they are taken where the answer is large. */
  readonly pieces: Iterable<Buffer>
  readonly headers: Readonly<Record<string, string>>
}

/** Sends an answer; done when the client has taken it. @throws GantryError HTTP_CLIENT_GONE when it stops reading for good. */
export function sendBody(
  { http, response }: { readonly http: HttpRequest; readonly response: HttpResponse },
  { code, pieces, headers }: Body,
  compression: Compression,
): Promise<void> | void {
  const source = pieces[Symbol.iterator]()
  const { begun, sizeBytes, isWhole } = beginningOf(source)
  if (sizeBytes > gzipBytesMin && isCompressed(http, compression))
    return sendCompressed(response, { code, pieces: chained(begun, source), headers })
  if (!isWhole) return sendPieces(response, { code, pieces: chained(begun, source), headers })
  response.send(code, begun.length === 1 ? begun[0] : Buffer.concat(begun, sizeBytes), headers)
  return sizeBytes > soonTakenBytes ? response.closed : undefined
}

interface Beginning {
  readonly begun: readonly Buffer[]
  readonly sizeBytes: number
  readonly isWhole: boolean
}

/** As many pieces as it takes to know how an answer is sent. */
function beginningOf(source: Iterator<Buffer>): Beginning {
  const begun: Buffer[] = []
  let sizeBytes = 0
  while (sizeBytes <= wholeBytesMax) {
    const next = source.next()
    if (next.done === true) return { begun, sizeBytes, isWhole: true }
    begun.push(next.value)
    sizeBytes += next.value.length
  }
  return { begun, sizeBytes, isWhole: false }
}

/** What was begun, let go of as it is taken, and the rest. */
function* chained(begun: readonly Buffer[], source: Iterator<Buffer>): Generator<Buffer, void, undefined> {
  const waiting = [...begun]
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) yield piece
  for (let next = source.next(); next.done !== true; next = source.next()) yield next.value
}

/** This machine's own clients would only spend time on it. */
function isCompressed({ headers, peer }: HttpRequest, compression: Compression): boolean {
  if (compression === 'never') return false
  if (compression === 'remote' && /^(?:127\.|::1$|::ffff:127\.|$)/.test(peer.address)) return false
  return /(?:^|,)\s*gzip\s*(?:,|$)/i.test(String(headers['accept-encoding'] ?? ''))
}

async function sendPieces(response: HttpResponse, { code, pieces, headers }: Body): Promise<void> {
  response.start(code, headers)
  for (const piece of pieces) await response.write(piece)
  response.end()
  await response.closed
}

async function sendCompressed(response: HttpResponse, { code, pieces, headers }: Body): Promise<void> {
  const gzip = createGzip({ level: gzipLevel, finishFlush: constants.Z_FINISH })
  response.start(code, { ...headers, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' })
  void feed(gzip, pieces)
  try {
    for await (const chunk of gzip as AsyncIterable<Buffer>) await response.write(chunk)
  } finally {
    gzip.destroy()
  }
  response.end()
  await response.closed
}

/** Hands over the pieces as they are taken. */
async function feed(gzip: ReturnType<typeof createGzip>, pieces: Iterable<Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (gzip.destroyed) return
    if (!gzip.write(piece))
      await new Promise<void>((resolve) => {
        gzip.once('drain', resolve)
        gzip.once('close', resolve)
      })
  }
  gzip.end()
}
