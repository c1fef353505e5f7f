import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseServerFlags } from './server-command.ts'

test('the flags of a server are read in both spellings', () => {
  const flags = parseServerFlags(['--root', 'c', '--listen=[::1]:0', '--simulated-nodes', '3'], '/tmp')
  assert.deepEqual(flags, { root: '/tmp/c', host: '::1', port: 0, simulatedNodes: 3, logLevel: 'info' })
})

test('a server is not started on what it does not understand', () => {
  for (const [argv, message] of [
    [[], /--root is needed/],
    [['--root'], /flag needs an argument: --root/],
    [['--root', '/c', '--simulated-nodes', 'many'], /unknown flag or value: --simulated-nodes many/],
    [['--root', '/c', '--simulated-nodes', '-1'], /unknown flag or value/],
    [['--root', '/c', '--listen', 'here'], /unknown flag or value: --listen here/],
  ] as const)
    assert.throws(() => parseServerFlags(argv, '/'), message)
})
