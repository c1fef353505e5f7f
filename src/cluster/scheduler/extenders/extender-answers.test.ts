import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readBindingError, readFilterAnswer, readScores, readVictims } from './extender-answers.ts'

const from = 'extender http://x'

describe('an answer of an extender', () => {
  test('names nodes or brings them, in any case of its members', () => {
    const none = { nodeNames: undefined, nodes: undefined, failed: new Map(), failedForGood: new Map(), error: '' }
    assert.deepEqual(readFilterAnswer({ NodeNames: ['a'] }, from), { ...none, nodeNames: ['a'] })
    assert.deepEqual(
      readFilterAnswer(
        {
          nodes: { kind: 'NodeList', items: [{ metadata: { name: 'b', labels: { x: 'y' } }, spec: {} }] },
          nodenames: null,
          failedNodes: { c: 'no' },
          FailedAndUnresolvableNodes: { d: 'never' },
          error: '',
        },
        from,
      ),
      { ...none, nodes: ['b'], failed: new Map([['c', 'no']]), failedForGood: new Map([['d', 'never']]) },
    )
    assert.deepEqual(readFilterAnswer({ Nodes: { items: null }, Error: 'down' }, from), {
      ...none,
      nodes: [],
      error: 'down',
    })
  })

  test('scores nodes, those that it names twice with the sum', () => {
    const scored = [
      { Host: 'a', Score: 3 },
      { host: 'a', score: 1 },
      { Host: 'b', Score: 0 },
    ]
    assert.deepEqual(readScores(scored, from), new Map(Object.entries({ a: 4, b: 0 })))
    assert.deepEqual(readScores(null, from), new Map())
  })

  test('names victims by node', () => {
    assert.deepEqual(
      readVictims(
        {
          NodeNameToMetaVictims: {
            a: { Pods: [{ UID: 'u' }], NumPDBViolations: 2 },
            b: { pods: [{ uid: 'v' }] },
            c: null,
          },
        },
        from,
      ),
      new Map([
        ['a', { uids: ['u'], budgetViolations: 2 }],
        ['b', { uids: ['v'], budgetViolations: 0 }],
        ['c', { uids: [], budgetViolations: 0 }],
      ]),
    )
    assert.deepEqual(readVictims({}, from), new Map())
  })

  test('tells why a pod was not bound', () => {
    assert.equal(readBindingError({ Error: 'full' }, from), 'full')
    assert.equal(readBindingError({}, from), '')
  })

  const malformed: [string, () => unknown][] = [
    ['a text', () => readFilterAnswer('yes', from)],
    ['names that are none', () => readFilterAnswer({ NodeNames: [1] }, from)],
    ['nodes without a name', () => readFilterAnswer({ Nodes: { items: [{}] } }, from)],
    ['a list where members belong', () => readVictims([], from)],
    ['victims that are texts', () => readVictims({ NodeNameToMetaVictims: { a: { Pods: ['u'] } } }, from)],
    ['scores by name', () => readScores({ a: 1 }, from)],
    ['half a score', () => readScores([{ Host: 'a', Score: 0.5 }], from)],
    ['no answer to a binding', () => readBindingError(null, from)],
  ]
  for (const [what, read] of malformed)
    test(`is refused when it is ${what}`, () =>
      assert.throws(read, { code: 'SCHEMA_INVALID', message: /^extender http:\/\/x/ }))
})
