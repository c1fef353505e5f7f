/** The head of an HTTP/1.1 reply: status line and header fields (RFC 9112, sections 4 and 5). */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ByteReader } from './byte-reader.ts'

export interface ReplyHead {
  readonly status: number
  readonly reason: string
  /** Lower-case names; repeated headers are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>
}

const headBytesMax = 256 * 1024

/** Reads up to the end of the head; `rest` is what came with it. Interim replies (100) are passed over. */
export async function readHead(reader: ByteReader): Promise<{ readonly head: ReplyHead; readonly rest: Uint8Array }> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n')
    if (end >= 0) {
      const head = parseHead(bytes.subarray(0, end).toString('latin1'))
      const rest = bytes.subarray(end + 4)
      if (head.status !== 100) return { head, rest }
      bytes = rest
      continue
    }
    if (bytes.length > headBytesMax)
      throw new GantryError(
        'DOCKER_CLIENT_PROTOCOL',
        'internal',
        'server response headers exceeded 262144 bytes; aborted',
        { remedy: "Check that the address is an engine's." },
      )
    const chunk = await reader.next()
    if (chunk === undefined)
      throw new GantryError('DOCKER_CLIENT_CLOSED', 'unavailable', bytes.length === 0 ? 'EOF' : 'unexpected EOF')
    bytes = Buffer.concat([bytes, chunk])
  }
}

function parseHead(text: string): ReplyHead {
  const [first = '', ...lines] = text.split('\r\n')
  const match = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(first)
  if (match === null)
    throw new GantryError('DOCKER_CLIENT_PROTOCOL', 'internal', `malformed HTTP response "${first.slice(0, 80)}"`, {
      remedy: "Check that the address is an engine's.",
    })
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return { status: Number(match[1]), reason: match[2] ?? '', headers }
}
