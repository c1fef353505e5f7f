import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent, type Entry, type TxnRequest } from '../versioned-store.ts'
import { mayRepeat, resultOfLost } from './etcd-transaction.ts'

const value = Buffer.from('mine')
const put = (key: string): TxnRequest['writes'][number] => ({ type: 'put', key, value })
const entry = (key: string, over: Partial<Entry> = {}): Entry => ({
  ...{ key, value, createRevision: 7, modRevision: 7, version: 1 },
  ...over,
})
const expectAbsent = (key: string): { key: string; modRevision: number } => ({ key, modRevision: absent })

test('only a transaction that makes its own expectation fail may be sent twice', () => {
  const cases: readonly [TxnRequest, boolean][] = [
    [{ writes: [put('/a')] }, false],
    [{ expect: [expectAbsent('/b')], writes: [put('/a')] }, false],
    [{ expect: [expectAbsent('/a')], writes: [put('/a')] }, true],
    [{ expect: [{ key: '/a', modRevision: 3 }], writes: [{ type: 'delete', key: '/a' }] }, true],
    [{ expect: [], writes: [] }, false],
  ]
  for (const [request, repeatable] of cases) assert.equal(mayRepeat(request), repeatable, JSON.stringify(request))
})

test('a lost first try counts as done exactly when all it put is there at one revision', () => {
  const request: TxnRequest = { expect: [expectAbsent('/a'), expectAbsent('/b')], writes: [put('/a'), put('/b')] }
  const found = (...current: (Entry | undefined)[]): ReturnType<typeof resultOfLost> =>
    resultOfLost(request, { ok: false, revision: 9, current })
  assert.deepEqual(found(entry('/a'), entry('/b')), { ok: true, revision: 7, entries: [entry('/a'), entry('/b')] })
  assert.equal(found(entry('/a'), undefined), undefined)
  assert.equal(found(entry('/a'), entry('/b', { modRevision: 8 })), undefined)
  assert.equal(found(entry('/a'), entry('/b', { value: Buffer.from('theirs') })), undefined)
  const deleting: TxnRequest = { expect: [{ key: '/a', modRevision: 3 }], writes: [{ type: 'delete', key: '/a' }] }
  assert.equal(resultOfLost(deleting, { ok: false, revision: 9, current: [undefined] }), undefined)
})
