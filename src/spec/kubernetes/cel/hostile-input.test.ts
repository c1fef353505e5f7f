/** Whatever is written or given, compiling answers with words and evaluating with a value or a failure. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { dynType } from './cel-type.ts'
import { compileCel } from './compile-cel.ts'
import { celEnvironment } from './environment.ts'
import { celToJson } from './read-json.ts'

const environment = celEnvironment({ variables: { x: dynType } })
const words = fc.constantFrom(
  ...'x 1 2u 1.5 "a" b"c" true null [ ] { } ( ) . , : ? ! - + * / % < <= == != && || in all exists map filter has size optMap sortBy int string matches "(" r"\\d" dyn optional.of orValue transformMap format split replace sum slice flatten duration timestamp quantity ip cidr url semver'.split(
    ' ',
  ),
)

function answers(text: string, json: unknown): void {
  const compiled = compileCel(text, environment)
  if ('problem' in compiled) {
    assert.match(compiled.problem, /^ERROR: <input>:/)
    return
  }
  compiled.program.estimate()
  const outcome = compiled.program.evaluate({ x: json }, { costLimit: 10_000 })
  assert.ok('value' in outcome || outcome.failure.message !== '')
}

test('any text is compiled or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => answers(text, null)))
})

test('any order of words is compiled or refused, and evaluated', () => {
  const texts = fc.array(words, { maxLength: 25 }).map((list) => list.join(' '))
  fc.assert(
    fc.property(
      texts,
      fc.json().map((text) => JSON.parse(text) as unknown),
      answers,
    ),
    { numRuns: 2000 },
  )
})

const calls = fc.constantFrom(
  'x.all(a, a == x)',
  'x.map(a, dyn(a) + dyn(a))',
  'x[0].b',
  'x.exists(k, v, k == v)',
  'size(x) > 0 && x.contains("a")',
  '"%s %d".format([x, x])',
  'x.matches(x)',
  'x.sort()',
  'x.transformMap(k, v, v)',
  'type(x) == int ? x + 1 : x',
  'x.?a.?b.orValue(x) == x',
  'quantity(x).sign() + int(x)',
  'x.split(x).join(x)',
  'x.flatten(3).distinct().reverse()',
)

test('values of every kind are taken or refused by every function', () => {
  fc.assert(
    fc.property(
      calls,
      fc.json({ maxDepth: 5 }).map((text) => JSON.parse(text) as unknown),
      answers,
    ),
    { numRuns: 2000 },
  )
})

test('JSON comes out as it went in', () => {
  const { program } = compileCel('x', environment) as Extract<ReturnType<typeof compileCel>, { program: unknown }>
  fc.assert(
    fc.property(fc.json(), (text) => {
      const json = JSON.parse(text) as unknown
      const outcome = program.evaluate({ x: json }, { costLimit: 10 })
      assert.ok('value' in outcome)
      assert.equal(JSON.stringify(celToJson(outcome.value)), JSON.stringify(json))
    }),
  )
})

test('deep values are compared or refused, never a crash', () => {
  let deep: unknown = 1
  for (let level = 0; level < 20_000; level += 1) deep = [deep]
  answers('x == x.map(a, a)', deep)
  answers('"%s".format([x])', deep)
  answers('x.flatten(1000000)', deep)
})
