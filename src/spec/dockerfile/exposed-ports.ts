/** EXPOSE words as the ports of an image config. */
import { expansionError } from './errors.ts'

const protocols = new Set(['tcp', 'udp', 'sctp'])

/**
 * `80`, `80/udp`, `90-92`, with the host part of `-p` syntax allowed and ignored, as config keys (`80/tcp`). Throws
 * `invalid` ("Invalid containerPort: x", "Invalid proto: x").
 */
export function parseExposedPort(word: string): string[] {
  const slash = word.indexOf('/')
  const protocol = (slash < 0 ? '' : word.slice(slash + 1)).toLowerCase() || 'tcp'
  const address = slash < 0 ? word : word.slice(0, slash)
  const container = address.slice(address.lastIndexOf(':') + 1)
  if (container === '') throw expansionError(`No port specified: ${word}<empty>`)
  const range = portRange(container)
  if (range === undefined) throw expansionError(`Invalid containerPort: ${container}`)
  if (!protocols.has(protocol)) throw expansionError(`Invalid proto: ${protocol}`)
  return Array.from({ length: range.last - range.first + 1 }, (_, index) => `${range.first + index}/${protocol}`)
}

function portRange(text: string): { first: number; last: number } | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  return last <= 65535 && first <= last ? { first, last } : undefined
}
