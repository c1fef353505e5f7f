/** A request's way through flow control: what it asks for, the headers that tell where it went, and the 429. */
import { parseGoDurationMs } from '#base/data/duration.ts'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import type { User } from '../user.ts'
import type { Collection } from '../cache/collection.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { RequestInfo } from '../request-info.ts'
import type { ServedResources } from '../served-resource.ts'
import { type CollectionSize, estimateSeats } from './estimate-seats.ts'
import { type FlowControl, Refusal, type Turn, waitMsMax } from './flow-control.ts'

export interface TurnParts {
  readonly flowControl: FlowControl
  readonly cache: ObjectCache
  readonly resources: ServedResources
}

export interface TurnRequest {
  readonly http: HttpRequest
  readonly response: HttpResponse
  readonly info: RequestInfo
  readonly user: User
}

const connecting: ReadonlySet<string> = new Set(['exec', 'attach', 'proxy', 'log', 'portforward'])

/** True for requests that last as long as their client wants: they hold no seat, watches only until they have begun. */
export function isLongRunning({ isResource, verb, subresource }: RequestInfo): boolean {
  return isResource && (verb === 'watch' || verb === 'proxy' || connecting.has(subresource))
}

/** A turn, `'free'` for requests that need none, or `'refused'` after the client was told. */
export async function takeTurn(parts: TurnParts, request: TurnRequest): Promise<Turn | 'free' | 'refused'> {
  const { http, response, info, user } = request
  if (isLongRunning(info) && info.verb !== 'watch') return 'free'
  const entered = parts.flowControl.enter({
    user,
    info,
    path: http.path,
    seats: (most) => estimateSeats({ info, query: (name) => http.query.get(name) }, () => sizeOf(parts, info), most),
    waitMs: waitOf(http),
    signal: () => http.signal,
  })
  const turn = entered instanceof Promise ? await entered : entered
  response.setHeader('X-Kubernetes-PF-FlowSchema-UID', turn.flow.uid)
  response.setHeader('X-Kubernetes-PF-PriorityLevel-UID', turn.level.uid)
  if (!(turn instanceof Refusal)) return turn
  response.send(429, 'Too many requests, please try again later.\n', {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Retry-After': String(turn.retryAfterSeconds),
  })
  return 'refused'
}

/** A request may wait for a quarter of the time that it allows, a minute at most. */
function waitOf(http: HttpRequest): number {
  if (!http.target.includes('timeout=')) return waitMsMax
  try {
    const timeoutMs = parseGoDurationMs(http.query.get('timeout') ?? '')
    return timeoutMs > 0 ? Math.min(timeoutMs, 60_000) / 4 : waitMsMax
  } catch {
    return waitMsMax
  }
}

function sizeOf(parts: TurnParts, { group, version, resource }: RequestInfo): CollectionSize | undefined {
  const row = parts.resources.find(group, version, resource)
  if (row === undefined || !row.stored) return undefined
  const collection = parts.cache.collection(row.storage)
  return { count: collection.size, averageBytes: averageBytes(collection) }
}

/** Objects of one kind are alike: the first few stand for all. */
function averageBytes(collection: Collection): number {
  let [count, sum] = [0, 0]
  for (const { stored } of collection.values()) {
    sum += stored.length
    if (++count === 4) break
  }
  return count === 0 ? 0 : sum / count
}
