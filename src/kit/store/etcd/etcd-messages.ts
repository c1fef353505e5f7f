/**
 * etcd's v3 messages (etcd/api/etcdserverpb/rpc.proto and mvccpb/kv.proto of v3.6, unchanged since v3.4 in what is used
 * here) to and from protobuf. Requests are lists of field number and value; answers are read field by field.
 */
import { WireReader } from '#spec/kubernetes/protobuf/wire-reader.ts'
import type { Entry, StoreEvent } from '../versioned-store.ts'

/** The methods used. */
export const etcdMethods = {
  range: '/etcdserverpb.KV/Range',
  txn: '/etcdserverpb.KV/Txn',
  put: '/etcdserverpb.KV/Put',
  compact: '/etcdserverpb.KV/Compact',
  watch: '/etcdserverpb.Watch/Watch',
  grant: '/etcdserverpb.Lease/LeaseGrant',
  revoke: '/etcdserverpb.Lease/LeaseRevoke',
  keepAlive: '/etcdserverpb.Lease/LeaseKeepAlive',
} as const

/** A key as etcd sends it, with all of the prefix. */
export type RawEntry = Entry

const noBytes = Buffer.alloc(0)

function readEntry(reader: WireReader): RawEntry {
  let key = ''
  let value: Buffer = noBytes
  const numbers = [0, 0, 0, 0, 0, 0, 0]
  while (reader.next()) {
    if (reader.field === 1) key = reader.text()
    else if (reader.field === 5) value = reader.bytes()
    else if (reader.wireType === 0 && reader.field < numbers.length) numbers[reader.field] = reader.varint()
    else reader.skip()
  }
  const [, , createRevision = 0, modRevision = 0, version = 0, , leaseId = 0] = numbers
  const entry = { key, value, createRevision, modRevision, version }
  return leaseId === 0 ? entry : { ...entry, leaseId }
}

function readRevision(header: WireReader): number {
  let revision = 0
  while (header.next()) {
    if (header.field === 3) revision = header.varint()
    else header.skip()
  }
  return revision
}

/** The revision in the header of any answer. */
export function decodeRevision(bytes: Uint8Array): number {
  const reader = new WireReader(bytes)
  let revision = 0
  while (reader.next()) {
    if (reader.field === 1) revision = readRevision(reader.message())
    else reader.skip()
  }
  return revision
}

/** What is to be known of a range before its entries are read. */
export interface RangeGlance {
  readonly revision: number
  /** How many entries came. */
  readonly size: number
  /** The key of the last one; empty when there is none. */
  readonly lastKey: string
  readonly more: boolean
  readonly count: number
}

/** The outline of a RangeResponse. */
export function glanceAtRange(bytes: Uint8Array): RangeGlance {
  const reader = new WireReader(bytes)
  const glance = { revision: 0, size: 0, lastKey: '', more: false, count: 0 }
  let last: WireReader | undefined
  while (reader.next()) {
    if (reader.field === 1) glance.revision = readRevision(reader.message())
    else if (reader.field === 2) {
      last = reader.message()
      glance.size++
    } else if (reader.field === 3) glance.more = reader.varint() !== 0
    else if (reader.field === 4) glance.count = reader.varint()
    else reader.skip()
  }
  if (last !== undefined) glance.lastKey = readEntry(last).key
  return glance
}

/** The entries of a RangeResponse. */
export function decodeRange(bytes: Uint8Array): readonly RawEntry[] {
  return readRange(new WireReader(bytes))
}

function readRange(reader: WireReader): readonly RawEntry[] {
  const entries: RawEntry[] = []
  while (reader.next()) {
    if (reader.field === 2) entries.push(readEntry(reader.message()))
    else reader.skip()
  }
  return entries
}

/** What one operation of a transaction answered: the entries of a range, or the versions that a put or a delete replaced. */
export type OperationAnswer = readonly RawEntry[]

export interface TxnAnswer {
  readonly revision: number
  readonly succeeded: boolean
  readonly answers: readonly OperationAnswer[]
}

/** TxnResponse. */
export function decodeTxn(bytes: Uint8Array): TxnAnswer {
  const reader = new WireReader(bytes)
  let revision = 0
  let succeeded = false
  const answers: OperationAnswer[] = []
  while (reader.next()) {
    if (reader.field === 1) revision = readRevision(reader.message())
    else if (reader.field === 2) succeeded = reader.varint() !== 0
    else if (reader.field === 3) answers.push(readOperation(reader.message()))
    else reader.skip()
  }
  return { revision, succeeded, answers }
}

function readOperation(reader: WireReader): OperationAnswer {
  let entries: OperationAnswer = []
  while (reader.next()) {
    if (reader.field === 1) entries = readRange(reader.message())
    // prev_kv of a put is field 2, prev_kvs of a delete field 3.
    else if (reader.field === 2 || reader.field === 3) entries = readPrevious(reader.message(), reader.field)
    else reader.skip()
  }
  return entries
}

function readPrevious(reader: WireReader, field: number): OperationAnswer {
  const entries: RawEntry[] = []
  while (reader.next()) {
    if (reader.field === field) entries.push(readEntry(reader.message()))
    else reader.skip()
  }
  return entries
}

export interface WatchAnswer {
  readonly revision: number
  readonly created: boolean
  readonly canceled: boolean
  /** Above 0: the watch began before this revision, which is the oldest there is. */
  readonly compactRevision: number
  readonly cancelReason: string
  readonly events: readonly StoreEvent[]
}

/** WatchResponse; entries carry keys with the prefix. */
export function decodeWatch(bytes: Uint8Array): WatchAnswer {
  const reader = new WireReader(bytes)
  const answer = { revision: 0, created: false, canceled: false, compactRevision: 0, cancelReason: '' }
  const events: StoreEvent[] = []
  while (reader.next()) {
    if (reader.field === 1) answer.revision = readRevision(reader.message())
    else if (reader.field === 3) answer.created = reader.varint() !== 0
    else if (reader.field === 4) answer.canceled = reader.varint() !== 0
    else if (reader.field === 5) answer.compactRevision = reader.varint()
    else if (reader.field === 6) answer.cancelReason = reader.text()
    else if (reader.field === 11) events.push(readEvent(reader.message()))
    else reader.skip()
  }
  return { ...answer, events }
}

function readEvent(reader: WireReader): StoreEvent {
  let type: StoreEvent['type'] = 'put'
  let entry: RawEntry | undefined
  let previous: RawEntry | undefined
  while (reader.next()) {
    if (reader.field === 1) type = reader.varint() === 1 ? 'delete' : 'put'
    else if (reader.field === 2) entry = readEntry(reader.message())
    else if (reader.field === 3) previous = readEntry(reader.message())
    else reader.skip()
  }
  entry ??= { key: '', value: noBytes, createRevision: 0, modRevision: 0, version: 0 }
  return previous === undefined ? { type, entry } : { type, entry, previous }
}

/** LeaseGrantResponse and LeaseKeepAliveResponse: the time to live in seconds, 0 for a lease that is gone. */
export function decodeLeaseSeconds(bytes: Uint8Array): number {
  const reader = new WireReader(bytes)
  let seconds = 0
  while (reader.next()) {
    if (reader.field === 3) seconds = reader.varint()
    else reader.skip()
  }
  return seconds
}
