/** Failed connections in the words of Go's network packages, which clients of Docker and Kubernetes know and match on. */
import { errnoOf, messageOf } from './gantry-error.ts'

const dialWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

const lookupWords: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'Temporary failure in name resolution',
}

interface SystemErrorDetails {
  readonly address?: string
  readonly port?: number
  /** The name that was looked up. */
  readonly hostname?: string
}

/** The error at the bottom of a failed request. */
export function rootCauseOf(error: unknown): unknown {
  let current: unknown = error
  for (let depth = 0; depth < 8; depth += 1) {
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0]
    else if (current instanceof Error && current.cause !== undefined) current = current.cause
    else return current
  }
  return current
}

/** `dial tcp 127.0.0.1:1: connect: connection refused`; undefined for an error that is no connection's. @param host the name that was looked up, where the error does not say. */
export function connectionWords(error: unknown, host: string = ''): string | undefined {
  const root = rootCauseOf(error)
  const errno = errnoOf(root) ?? ''
  const { address, port, hostname = host } = (root ?? {}) as SystemErrorDetails
  const dialled = address === undefined ? '' : ` ${address.includes(':') ? `[${address}]` : address}:${port}`
  const known = dialWords[errno]
  if (known !== undefined) return `dial tcp${dialled}: ${known}`
  const lookup = lookupWords[errno]
  if (lookup !== undefined) return `dial tcp: lookup ${hostname}: ${lookup}`
  if (errno !== 'ECONNRESET' && errno !== 'EPIPE') return undefined
  return messageOf(root).includes('hang up') ? 'EOF' : 'read: connection reset by peer'
}
