/**
 * Everything stored, as one text: a line that says which revision and when, then a line per object with its key. Of one
 * moment, since the cache changes between two turns only; what is sealed in the store is open in it, as for any reader who
 * may read secrets.
 */
import type { HttpResponse } from '#kit/http/exchange.ts'
import type { ObjectCache } from './cache/object-cache.ts'

/** Where it is served: for administrators, like every path that no role names. */
export const exportPath = '/gantry/v1/state'
/** Says what the first line is of. */
export const exportKind = 'GantryClusterState'

/** The first line. */
export interface ExportHead {
  readonly kind: typeof exportKind
  readonly version: 1
  readonly revision: number
  /** Milliseconds since 1970. */
  readonly timeMs: number
}

const pieceBytes = 256 * 1024

/** The lines, in pieces. */
export function exportState(cache: ObjectCache, timeMs: number): readonly Buffer[] {
  const head: ExportHead = { kind: exportKind, version: 1, revision: cache.revision, timeMs: Math.floor(timeMs) }
  const pieces: Buffer[] = []
  let piece: Buffer[] = [Buffer.from(`${JSON.stringify(head)}\n`)]
  let sizeBytes = 0
  for (const collection of cache.stored()) {
    for (const object of collection.range()) {
      const key = JSON.stringify(`${collection.storage}/${object.place}`)
      const line = object.served({ after: '}\n' })
      piece.push(Buffer.from(`{"key":${key},"object":`), line)
      sizeBytes += line.length
      if (sizeBytes < pieceBytes) continue
      pieces.push(Buffer.concat(piece))
      piece = []
      sizeBytes = 0
    }
  }
  pieces.push(Buffer.concat(piece))
  return pieces
}

/** Answers the path. */
export function sendState(cache: ObjectCache, response: HttpResponse, timeMs: number): void {
  response.start(200, { 'Content-Type': 'application/x-ndjson' })
  for (const piece of exportState(cache, timeMs)) response.push(piece)
  response.end()
}
