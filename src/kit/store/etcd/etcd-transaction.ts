/** The store's transactions as etcd's, and what etcd answered as the store's results; pure. */
import { nextVersion } from '../memory-engine.ts'
import { absent, type Entry, type TxnRequest, type TxnResult, type Write } from '../versioned-store.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { encodeFields, type Fields } from '#kit/grpc/encode-fields.ts'
import type { TxnAnswer } from './etcd-messages.ts'

const targetModRevision = 2

/** TxnRequest: the writes when every expectation holds, else a look at what is there. */
export function encodeTxn(request: TxnRequest, keys: EtcdKeys): Buffer {
  const { expect = [], writes } = request
  const created = new Set(expect.filter(({ modRevision }) => modRevision === absent).map(({ key }) => key))
  return encodeFields([
    ...expect.map(({ key, modRevision }) => {
      const compare: Fields = [
        [2, targetModRevision],
        [3, keys.raw(key)],
        [6, modRevision],
      ]
      return [1, compare] as const
    }),
    ...writes.map((write) => [2, operationOf(write, keys, !created.has(write.key))] as const),
    ...expect.map(({ key }) => [3, [[1, [[1, keys.raw(key)]]]]] as const),
  ])
}

function operationOf(write: Write, keys: EtcdKeys, withPrevious: boolean): Fields {
  const key = keys.raw(write.key)
  if (write.type === 'delete')
    return [
      [
        3,
        [
          [1, key],
          [3, true],
        ],
      ],
    ]
  // What is put over nothing replaces nothing: the expectation says so already.
  return [
    [
      2,
      [
        [1, key],
        [2, write.value],
        [3, write.leaseId],
        [4, withPrevious],
      ],
    ],
  ]
}

/** The result of a transaction from etcd's answer to it. */
export function resultOf(request: TxnRequest, answer: TxnAnswer, keys: EtcdKeys): TxnResult {
  const { revision } = answer
  const first = (index: number): Entry | undefined => {
    const raw = answer.answers[index]?.[0]
    return raw === undefined ? undefined : keys.entry(raw)
  }
  if (!answer.succeeded) return { ok: false, revision, current: (request.expect ?? []).map((_, index) => first(index)) }
  const entries = request.writes.map((write, index) =>
    write.type === 'delete' ? first(index) : nextVersion(write, first(index), revision),
  )
  return { ok: true, revision, entries }
}

/**
 * True when a transaction may be sent again after its answer was lost: carried out once, it makes one of its own
 * expectations fail, so it cannot be carried out twice.
 */
export function mayRepeat({ expect = [], writes }: TxnRequest): boolean {
  const written = new Set(writes.map(({ key }) => key))
  return expect.some(({ key }) => written.has(key))
}

/**
 * What a repeated transaction whose expectation now fails tells about the lost first try: that it was carried out, when
 * every put is there as it was sent; undefined when nothing can be said.
 */
export function resultOfLost(request: TxnRequest, found: Extract<TxnResult, { ok: false }>): TxnResult | undefined {
  const { expect = [], writes } = request
  const entries: Entry[] = []
  for (const write of writes) {
    const entry = found.current[expect.findIndex(({ key }) => key === write.key)]
    if (write.type !== 'put' || entry === undefined || !isSame(entry.value, write.value)) return undefined
    entries.push(entry)
  }
  const revision = entries[0]?.modRevision ?? 0
  if (entries.length === 0 || entries.some(({ modRevision }) => modRevision !== revision)) return undefined
  return { ok: true, revision, entries }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0
}
