import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parseChallenges } from './parse-challenge.ts'

const rows: readonly (readonly [header: string | undefined, found: object[]])[] = [
  [undefined, []],
  ['', []],
  ['Basic realm="r"', [{ scheme: 'basic', parameters: { realm: 'r' } }]],
  [
    'Bearer realm="https://a/token",service=reg , Scope="repository:a/b:pull,push"',
    [{ scheme: 'bearer', parameters: { realm: 'https://a/token', service: 'reg', scope: 'repository:a/b:pull,push' } }],
  ],
  [
    'Basic realm="a", Bearer realm="b"',
    [
      { scheme: 'basic', parameters: { realm: 'a' } },
      { scheme: 'bearer', parameters: { realm: 'b' } },
    ],
  ],
  [String.raw`Basic realm="say \"hi\""`, [{ scheme: 'basic', parameters: { realm: 'say "hi"' } }]],
  ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
  ['Basic realm="cut', [{ scheme: 'basic', parameters: {} }]],
  ['=,"', []],
]

for (const [header, found] of rows) test(`challenge ${header}`, () => assert.deepEqual(parseChallenges(header), found))

test('no header keeps the reader busy or makes it fail', () => {
  fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => parseChallenges(text).length <= text.length))
  parseChallenges(`Bearer ${'a="'.repeat(100_000)}`)
})
