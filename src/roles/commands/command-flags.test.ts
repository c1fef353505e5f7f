import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastValue, readFlags } from './command-flags.ts'
import { absoluteRoot, mainRoot, placesOf } from '#roles/engine/engine-places.ts'

const shape = { command: 'x', valued: ['root', 'host'], switches: ['purge'], wordsMax: 1 }

test('flags are read in both spellings, in any order with words', () => {
  const flags = readFlags(shape, ['name', '--root', '/a', '--purge', '--host=unix:///x', '-H', 'tcp://127.0.0.1:1'])
  assert.deepEqual(flags.words, ['name'])
  assert.equal(lastValue(flags, 'root'), '/a')
  assert.deepEqual(flags.values.get('host'), ['unix:///x', 'tcp://127.0.0.1:1'])
  assert.equal(flags.switches.has('purge'), true)
})

test('mistakes are named', () => {
  for (const [argv, message] of [
    [['--rot', '/a'], /unknown flag: --rot/],
    [['--root'], /flag needs an argument: --root/],
    [['--root='], /flag needs an argument: --root/],
    [['--purge=yes'], /unknown flag: --purge/],
    [['a', 'b'], /unexpected word: b/],
  ] as const)
    assert.throws(() => readFlags(shape, argv), message)
})

test('an engine of its own root shares no name with the main one', () => {
  const main = placesOf(mainRoot)
  const other = placesOf('/tmp/x')
  assert.equal(main.socket, '/run/gantry/docker.sock')
  assert.equal(other.socket, '/tmp/x/docker.sock')
  assert.match(other.instance, /^[0-9a-f]{8}$/)
  assert.notEqual(main.contextName, other.contextName)
  assert.equal(absoluteRoot('x/', '/tmp'), '/tmp/x')
  assert.equal(absoluteRoot('/tmp//x/../y/', '/'), '/tmp/y')
})
