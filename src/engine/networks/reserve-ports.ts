/** Taking host ports for containers: a bound socket stands for each, so that nobody else gets the port. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { BoundSocket, Namespaces } from '#world/ports/kernel.ts'
import { networkErrors } from './errors.ts'
import { bindingsMeet } from './plan-ports.ts'
import type { PortRequest, PublishedPort } from './plan-ports.ts'

/** A port that is ours while its socket is open. */
export interface ReservedPort extends PublishedPort {
  /** Undefined where the kernel has no sockets of that protocol: then the engine's own books are all there is. */
  readonly socket: BoundSocket | undefined
}

/** Where any free port is looked for next. */
export interface EphemeralCursor {
  readonly first: number
  readonly last: number
  next: number
}

export interface ReserveInput {
  readonly requests: readonly PortRequest[]
  /** Ports that the engine's containers have. */
  readonly taken: readonly PublishedPort[]
  readonly cursor: EphemeralCursor
  /** For messages. */
  readonly endpoint: { readonly name: string; readonly id: string }
}

/** Reserves all or none. @throws GantryError in Docker's words naming the port that is not to be had. */
export function reservePorts(bindSocket: Namespaces['bindSocket'], input: ReserveInput): ReservedPort[] {
  const reserved: ReservedPort[] = []
  try {
    const groups = Map.groupBy(input.requests, ({ group }) => group)
    for (const requests of groups.values())
      reserved.push(...reserveGroup(bindSocket, { ...input, requests, taken: [...input.taken, ...reserved] }))
    return reserved
  } catch (error) {
    for (const { socket } of reserved) socket?.[Symbol.dispose]()
    throw error
  }
}

/** One wish at its addresses, on the same port at each. The last failure counts when no candidate works. */
function reserveGroup(bindSocket: Namespaces['bindSocket'], input: ReserveInput): ReservedPort[] {
  let failure: unknown
  for (const port of candidates(input.requests[0]?.hostPorts, input.cursor)) {
    const reserved: ReservedPort[] = []
    try {
      for (const request of input.requests) reserved.push(reserveOne(bindSocket, input, { request, port }))
      return reserved
    } catch (error) {
      for (const { socket } of reserved) socket?.[Symbol.dispose]()
      failure = error
    }
  }
  throw failure
}

function* candidates(wanted: PortRequest['hostPorts'], cursor: EphemeralCursor): Generator<number> {
  if (wanted !== undefined) {
    for (let port = wanted.first; port <= wanted.last; port += 1) yield port
    return
  }
  for (let count = cursor.last - cursor.first; count >= 0; count -= 1) {
    const port = cursor.next
    cursor.next = port >= cursor.last ? cursor.first : port + 1
    yield port
  }
}

function reserveOne(
  bindSocket: Namespaces['bindSocket'],
  { taken, endpoint }: ReserveInput,
  { request, port }: { request: PortRequest; port: number },
): ReservedPort {
  const { protocol, hostIp, containerPort } = request
  const shown = `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${port}`
  const meets = taken.some(
    (other) => other.protocol === protocol && other.hostPort === port && bindingsMeet(other.hostIp, hostIp),
  )
  if (meets) throw networkErrors.portFailed(endpoint, `Bind for ${shown} failed: port is already allocated`)
  const found = { protocol, containerPort, hostIp, hostPort: port }
  try {
    return { ...found, socket: bindSocket(undefined, { kind: protocol, address: hostIp, port, listen: true }) }
  } catch (error) {
    const errno = errnoOf(error)
    if (protocol === 'sctp' && (errno === 'EPROTONOSUPPORT' || errno === 'ESOCKTNOSUPPORT'))
      return { ...found, socket: undefined }
    const family = hostIp.includes(':') ? 6 : 4
    throw networkErrors.portFailed(
      endpoint,
      `Error starting userland proxy: listen ${protocol}${family} ${shown}: bind: ${bindWords(errno)}`,
      error,
    )
  }
}

function bindWords(errno: string | undefined): string {
  if (errno === 'EADDRINUSE') return 'address already in use'
  if (errno === 'EADDRNOTAVAIL') return 'cannot assign requested address'
  return errno === 'EACCES' ? 'permission denied' : (errno ?? 'failed')
}
