/** DNS messages between bytes and verdicts; pure. Whatever a container sends is hostile until it parses. */
import { decode, encode } from 'dns-packet'
import type { Answer, Packet } from 'dns-packet'
import type { Question, Verdict } from './answer-query.ts'

/** Answers live this long, as Docker's do: containers come and go, but clients that ask again are cheap. */
const ttlSeconds = 600
const plainUdpBytesMax = 512
const recursionDesired = 1 << 8
const recursionAvailable = 1 << 7
const truncated = 1 << 9
const responseCodes = { formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4 } as const

export interface ParsedQuery {
  readonly id: number
  readonly flags: number
  readonly question: Question
  /** Largest answer that the asker takes over UDP. */
  readonly udpBytesMax: number
}

/** Reads a query with one question; undefined for anything else. */
export function parseQuery(bytes: Uint8Array): ParsedQuery | undefined {
  try {
    const packet = decode(Buffer.from(bytes))
    const question = packet.questions?.[0]
    if (packet.type !== 'query' || packet.questions?.length !== 1 || question === undefined) return undefined
    const edns = packet.additionals?.find((record) => record.type === 'OPT')
    const size = edns?.type === 'OPT' ? edns.udpPayloadSize : plainUdpBytesMax
    return {
      id: packet.id ?? 0,
      flags: packet.flags ?? 0,
      question: { name: question.name, type: question.type },
      udpBytesMax: Math.max(plainUdpBytesMax, Math.min(size, 4096)),
    }
  } catch {
    return undefined
  }
}

/** The reply to a query for a verdict that needs nobody else; over `bytesMax` it is cut and says so. */
export function encodeVerdict(
  query: ParsedQuery,
  verdict: Exclude<Verdict, { kind: 'forward' }>,
  bytesMax?: number,
): Buffer {
  if (verdict.kind === 'missing') return encodeReply(query, { code: responseCodes.nameError })
  const answers = verdict.records.map(
    ({ type, data }) => ({ type, name: query.question.name, ttl: ttlSeconds, class: 'IN', data }) as Answer,
  )
  const whole = encodeReply(query, { answers })
  return bytesMax === undefined || whole.length <= bytesMax ? whole : encodeReply(query, { flags: truncated })
}

/** The reply that says that nobody could be asked. */
export function encodeFailure(query: ParsedQuery): Buffer {
  return encodeReply(query, { code: responseCodes.serverFailure })
}

function encodeReply(
  query: ParsedQuery,
  { code = 0, flags = 0, answers = [] }: { code?: number; flags?: number; answers?: Answer[] },
): Buffer {
  const { name, type } = query.question
  const packet: Packet = {
    type: 'response',
    id: query.id,
    flags: (query.flags & recursionDesired) | recursionAvailable | flags | code,
    questions: [{ name, type: type as 'A', class: 'IN' }],
    answers,
  }
  return encode(packet)
}

/** A copy of a message with another id. */
export function withId(message: Uint8Array, id: number): Buffer {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(id, 0)
  return copy
}

/** True when a reply belongs to a query: same id, same question. */
export function repliesTo(reply: Uint8Array, id: number, question: Question): boolean {
  try {
    const packet = decode(Buffer.from(reply))
    const asked = packet.questions?.[0]
    return (
      packet.type === 'response' &&
      packet.id === id &&
      asked?.name.toLowerCase() === question.name.toLowerCase() &&
      asked.type === question.type
    )
  } catch {
    return false
  }
}

/** The failure of a server that another one might do better. */
export function isServerFailure(reply: Uint8Array): boolean {
  return ((reply[3] ?? 0) & 0x0f) === responseCodes.serverFailure
}
