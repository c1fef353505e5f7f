import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { isDockerTrue, parseQuery, pathOf } from './query.ts'

test('repeated keys keep their order and broken encoding stays as sent', () => {
  const query = parseQuery('/x?a=1&b&a=2&c=%zz&d=a+b%20c&=v')
  assert.deepEqual(query.all('a'), ['1', '2'])
  assert.equal(query.get('b'), '')
  assert.equal(query.get('c'), '%zz')
  assert.equal(query.get('d'), 'a b c')
  assert.equal(query.get('missing'), undefined)
  assert.deepEqual(parseQuery('/x').keys(), [])
  assert.equal(pathOf('/x/y?z'), '/x/y')
})

test('flags read as Docker reads them', () => {
  for (const word of ['', '0', 'no', 'NO', 'false', 'False', 'none', ' none '])
    assert.equal(isDockerTrue(word), false, word)
  for (const word of ['1', 'true', 'yes', 'on', '2', 'x']) assert.equal(isDockerTrue(word), true, word)
  assert.equal(parseQuery('/?s=').flag('s', true), false)
  assert.equal(parseQuery('/').flag('s', true), true)
})

test('a number that is none is the client’s error', () => {
  assert.equal(parseQuery('/?n=-5').integer('n', 1), -5)
  assert.equal(parseQuery('/?n=').integer('n', 7), 7)
  assert.throws(
    () => parseQuery('/?n=1.5').integer('n', 1),
    (error) => isErrorKind(error, 'invalid'),
  )
})

test('a flood of pairs is bounded', () => {
  assert.equal(parseQuery(`/?${'a=1&'.repeat(5000)}`).all('a').length, 1000)
})
