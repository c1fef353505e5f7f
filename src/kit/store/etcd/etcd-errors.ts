/** etcd's failures (etcd/api/v3rpc/rpctypes/error.go) as the store's: which end a call, which another member may cure. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import {
  storeBusy,
  storeCompacted,
  storeFull,
  storeInvalid,
  storeLeaseNotFound,
  storeRevisionAhead,
  storeTooLarge,
} from '../errors.ts'
import { type GrpcFailure, grpcStatus } from '#kit/grpc/grpc-failure.ts'

/** What a call was about, for the words of its failure. */
export interface CallSubject {
  readonly url: string
  readonly leaseId?: number | undefined
  /** The revision asked for, the newest seen, and the oldest known to be readable. */
  readonly revision?: number | undefined
  readonly newest?: number
  readonly compactRevision?: number
}

/** True for failures of the member or of the way to it: another one may answer. */
export function isMemberTrouble(failure: GrpcFailure): boolean {
  const { status, message } = failure
  return (
    status === grpcStatus.unavailable ||
    status === grpcStatus.deadlineExceeded ||
    status === grpcStatus.cancelled ||
    (status === grpcStatus.resourceExhausted && message.includes('too many requests'))
  )
}

/** True when etcd refuses this client, which may change. */
export function isDenied({ status, message }: GrpcFailure): boolean {
  return (
    status === grpcStatus.permissionDenied ||
    status === grpcStatus.unauthenticated ||
    /user name is empty|authentication failed|invalid auth token/.test(message)
  )
}

/** True when etcd answered before it did anything. */
export function wasRefused({ status, mayHaveRun, message }: GrpcFailure): boolean {
  return !mayHaveRun || (status === grpcStatus.resourceExhausted && message.includes('too many requests'))
}

/** What etcd says in words, whatever the status: the first row whose words are in its message. */
const said: readonly (readonly [words: RegExp, error: (failure: GrpcFailure, subject: CallSubject) => GantryError])[] =
  [
    [/has been compacted/, (_, { compactRevision = 0 }) => storeCompacted(compactRevision)],
    [/future revision/, (_, { revision = 0, newest = 0 }) => storeRevisionAhead(revision, newest)],
    [/request is too large|larger than max/, ({ message }) => storeTooLarge(message)],
    [/too many requests/, () => storeBusy(0)],
    [/database space exceeded/, (failure, { url }) => storeFull(url, failure)],
  ]

/** The store's error for an answer of etcd that trying again does not change. */
export function storeErrorOfEtcd(failure: GrpcFailure, subject: CallSubject): GantryError {
  const { status, message } = failure
  const row = said.find(([words]) => words.test(message))
  if (row !== undefined) return row[1](failure, subject)
  if (status === grpcStatus.notFound && message.includes('lease')) return storeLeaseNotFound(subject.leaseId ?? 0)
  if (isDenied(failure))
    return new GantryError('STORE_DENIED', 'unavailable', `etcd at ${subject.url} refuses this client: ${message}.`, {
      cause: failure,
      remedy: 'Name a client certificate that etcd accepts (--etcd-certfile, --etcd-keyfile) and may use the prefix.',
    })
  if (status === grpcStatus.dataLoss)
    return new GantryError('STORE_CORRUPT', 'internal', `etcd at ${subject.url} says that its data is damaged.`, {
      cause: failure,
      remedy: 'Replace the damaged member, or restore etcd from a backup.',
    })
  if (status === grpcStatus.invalidArgument || status === grpcStatus.failedPrecondition) return storeInvalid(message)
  return new GantryError('STORE_FAILED', 'unavailable', `etcd at ${subject.url} failed: ${message}.`, {
    cause: failure,
    remedy: "Look at etcd's own log, then try again.",
  })
}

/** No member answered in time; nothing was written. */
export function storeUnreachable(urls: readonly string[], cause: unknown): GantryError {
  const why = cause instanceof Error ? `: ${messageOf(cause.cause ?? cause)}` : ''
  return new GantryError('STORE_UNREACHABLE', 'unavailable', `No etcd member answers at ${urls.join(', ')}${why}.`, {
    cause,
    remedy: 'Check that most members run and that --etcd-servers and the certificates name them.',
  })
}

/** A write whose answer was lost. */
export function storeOutcomeUnknown(url: string, cause: unknown): GantryError {
  const message = `etcd at ${url} was lost before it answered a write; it may have been carried out.`
  return new GantryError('STORE_OUTCOME_UNKNOWN', 'unavailable', message, {
    cause,
    remedy: 'Read what is there now before writing again.',
  })
}

/** The store's data are not those that were read before: a backup was restored, or a member lost its disk. */
export function storeReplaced(
  urls: readonly string[],
  { found, seen }: { readonly found: number; readonly seen: number },
): GantryError {
  const message = `etcd at ${urls.join(', ')} no longer has what was read from it: revision ${seen} was seen, it is at ${found}.`
  return new GantryError('STORE_REPLACED', 'unavailable', message, {
    remedy:
      'After a restore from a backup this is expected: list again. Otherwise look whether a member lost its data.',
    details: { found, seen },
  })
}
