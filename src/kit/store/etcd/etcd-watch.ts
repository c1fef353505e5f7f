/** Watches of etcd that outlive members and connections: each resumes after the last revision that it delivered. */
import { isStoreError, storeCompacted } from '../errors.ts'
import { isWithin, boundsOf, type KeyBounds } from '../key-range.ts'
import type { Entry, StoreEvent, WatchBatch, WatchQuery } from '../versioned-store.ts'
import type { EtcdClient } from './etcd-client.ts'
import { isDenied, isMemberTrouble, storeErrorOfEtcd } from './etcd-errors.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { encodeFields } from '#kit/grpc/encode-fields.ts'
import { decodeWatch, etcdMethods, type WatchAnswer } from './etcd-messages.ts'
import type { GrpcCall } from '#kit/grpc/grpc-call.ts'
import { GrpcFailure, grpcStatus } from '#kit/grpc/grpc-failure.ts'

/** An entry that was read, with its key in etcd. */
export type ReadMark = Pick<Entry, 'key' | 'modRevision'>

export interface WatchDeps {
  readonly client: EtcdClient
  readonly keys: EtcdKeys
  /** Fails when an entry is no longer in the store's past; asked before a watch goes on at another connection. */
  verify(last: ReadMark): Promise<void>
}

/** One watch; `revision` is how far it has read. */
export class EtcdWatch {
  readonly #deps: WatchDeps
  readonly #query: WatchQuery
  readonly #bounds: KeyBounds
  #revision: number
  #failures = 0
  /** The newest put. */
  #last: ReadMark | undefined
  #failed: Error | undefined
  #call: GrpcCall | undefined

  constructor(deps: WatchDeps, query: WatchQuery) {
    this.#deps = deps
    this.#query = query
    this.#bounds = boundsOf(query)
    this.#revision = query.afterRevision
  }

  get revision(): number {
    return this.#revision
  }

  get tellsProgress(): boolean {
    return this.#query.progress === true
  }

  /** Ends it; the reader gets `error`. */
  fail(error: Error): void {
    this.#failed ??= error
    this.#call?.abandon(new GrpcFailure(grpcStatus.cancelled, error.message, { mayHaveRun: false, cause: error }))
  }

  /** See VersionedStore.watch. Members that fail are replaced without the reader noticing. */
  async *batches(): AsyncGenerator<WatchBatch, void, undefined> {
    const { signal } = this.#query
    const isEnded = (): boolean => signal?.aborted === true
    while (!isEnded()) {
      try {
        yield* this.#fromOneMember()
      } catch (error) {
        if (isEnded()) return
        if (this.#failed !== undefined) throw this.#failed
        this.#checkPassing(error)
      }
      await this.#deps.client.pause(++this.#failures, signal)
    }
  }

  /** @throws the store's error for a failure that another try does not cure. */
  #checkPassing(error: unknown): void {
    if (!(error instanceof GrpcFailure)) {
      if (!isPassing(error)) throw error
      return
    }
    if (!isMemberTrouble(error) && !isDenied(error)) throw storeErrorOfEtcd(error, { url: 'a member' })
    this.#deps.client.heard(error)
  }

  async *#fromOneMember(): AsyncGenerator<WatchBatch, void, undefined> {
    const { client, verify } = this.#deps
    const { signal } = this.#query
    if (this.#last !== undefined) await verify(this.#last)
    const { call, connection } = await client.begin(etcdMethods.watch)
    using _ = call
    this.#call = call
    const stop = (): void =>
      call.abandon(new GrpcFailure(grpcStatus.cancelled, 'the watch was ended', { mayHaveRun: false }))
    signal?.addEventListener('abort', stop, { once: true })
    try {
      if (signal?.aborted === true) return
      if (this.#failed !== undefined) throw this.#failed
      call.send(this.#createRequest(), false)
      yield* this.#read(call)
    } catch (error) {
      if (error instanceof GrpcFailure) client.lost(connection)
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  async *#read(call: GrpcCall): AsyncGenerator<WatchBatch, void, undefined> {
    for (;;) {
      const message = await call.next()
      // What has come already is of the past that it failed for.
      if (this.#failed !== undefined) throw this.#failed
      if (message === undefined) return
      const answer = decodeWatch(message)
      checkCanceled(answer)
      this.#failures = 0
      this.#deps.client.heard()
      if (answer.created) continue
      const batch = this.#batchOf(answer)
      if (batch !== undefined) yield batch
    }
  }

  #createRequest(): Buffer {
    const { keys } = this.#deps
    const { progress = false, previous = false } = this.#query
    // A watch that tells progress reads the whole store, so that every write moves it, also the marker's.
    const { key, rangeEnd } = progress ? keys.everything : keys.bounds(this.#query)
    return encodeFields([
      [
        1,
        [
          [1, key],
          [2, rangeEnd],
          [3, this.#revision + 1],
          [4, progress],
          [6, previous],
        ],
      ],
    ])
  }

  #batchOf({ revision, events }: WatchAnswer): WatchBatch | undefined {
    // With events, the header may tell a later revision than the last event's: there is more to come.
    const reached = events.at(-1)?.entry.modRevision ?? revision
    this.#revision = Math.max(this.#revision, reached)
    const put = events.findLast(({ type }) => type === 'put')?.entry
    if (put !== undefined) this.#last = { key: put.key, modRevision: put.modRevision }
    const wanted = this.#query.progress === true ? events.filter((event) => this.#wants(event)) : events
    if (wanted.length === 0 && this.#query.progress !== true) return undefined
    return { revision: this.#revision, events: wanted.map((event) => this.#deps.keys.event(event)) }
  }

  #wants({ entry }: StoreEvent): boolean {
    const { keys } = this.#deps
    return entry.key !== keys.marker && isWithin(this.#bounds, entry.key.slice(keys.prefix.length))
  }
}

/** Members that cannot be asked for their past are asked again. */
function isPassing(error: unknown): boolean {
  return (['STORE_UNREACHABLE', 'STORE_BUSY', 'STORE_DENIED'] as const).some((code) => isStoreError(error, code))
}

function checkCanceled({ canceled, compactRevision, cancelReason }: WatchAnswer): void {
  if (compactRevision > 0) throw storeCompacted(compactRevision)
  if (!canceled) return
  const status = cancelReason.includes('permission denied') ? grpcStatus.permissionDenied : grpcStatus.unavailable
  throw new GrpcFailure(status, cancelReason === '' ? 'the watch was cancelled' : cancelReason, { mayHaveRun: true })
}
