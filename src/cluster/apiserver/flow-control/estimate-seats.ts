/** How many seats a request takes: lists and first deliveries of watches by what they hold in memory, all others one. */
import type { RequestInfo } from '../request-info.ts'

/** What one seat stands for, and the most that an answer made in pieces holds at once. */
const bytesPerSeat = 100_000
const heldBytesMax = 1_000_000

/** What is known of a collection. */
export interface CollectionSize {
  readonly count: number
  readonly averageBytes: number
}

interface SizedRequest {
  readonly info: Pick<RequestInfo, 'verb' | 'name'>
  query(name: string): string | undefined
}

/** Seats, between 1 and `most`. */
export function estimateSeats(request: SizedRequest, sizeOf: () => CollectionSize | undefined, most: number): number {
  const { verb, name } = request.info
  if (name !== '' || (verb !== 'list' && !(verb === 'watch' && hasFirstObjects(request)))) return 1
  const size = sizeOf()
  if (size === undefined) return 1
  const limit = Number(request.query('limit') ?? 0)
  const count = limit > 0 ? Math.min(limit, size.count) : size.count
  const held = Math.min(heldBytesMax, count * size.averageBytes)
  return Math.max(1, Math.min(most, Math.ceil(held / bytesPerSeat)))
}

/** True for watches that begin with the objects that are there. */
function hasFirstObjects({ query }: SizedRequest): boolean {
  const version = query('resourceVersion') ?? ''
  return query('sendInitialEvents') === 'true' || version === '' || version === '0'
}
