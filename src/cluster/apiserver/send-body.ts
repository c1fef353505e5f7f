/** Whole answers: small ones in one write, large ones in pieces at the pace of the client, compressed where that helps. */
import { constants, createGzip } from 'node:zlib'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'

/** Above this an answer is compressed for clients that take it (kube-apiserver's threshold). */
const gzipBytesMin = 128 * 1024
/** Above this an answer goes out piece by piece. */
const wholeBytesMax = 512 * 1024
const gzipLevel = 1

/** Which answers are compressed: those for other machines, all large ones, or none. */
export type Compression = 'remote' | 'always' | 'never'

export interface Body {
  readonly code: number
  readonly pieces: readonly Buffer[]
  readonly headers: Readonly<Record<string, string>>
}

/** Sends an answer. @throws GantryError HTTP_CLIENT_GONE when the client stops reading for good. */
export function sendBody(
  { http, response }: { readonly http: HttpRequest; readonly response: HttpResponse },
  { code, pieces, headers }: Body,
  compression: Compression,
): Promise<void> | void {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (sizeBytes > gzipBytesMin && isCompressed(http, compression))
    return sendCompressed(response, { code, pieces, headers })
  if (sizeBytes <= wholeBytesMax) {
    response.send(code, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, sizeBytes), headers)
    return undefined
  }
  return sendPieces(response, { code, pieces, headers })
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
}

/** Hands over the pieces as they are taken. */
async function feed(gzip: ReturnType<typeof createGzip>, pieces: readonly Buffer[]): Promise<void> {
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
