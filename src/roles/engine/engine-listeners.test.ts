import assert from 'node:assert/strict'
import test from 'node:test'
import { checkListenFlags, parseHost } from './engine-listeners.ts'
import type { ListenFlags } from './engine-listeners.ts'

const none: ListenFlags = {
  hosts: [],
  tls: false,
  tlsVerify: false,
  authorityFile: undefined,
  certificateFile: undefined,
  keyFile: undefined,
  group: undefined,
}
const pair = { certificateFile: '/c', keyFile: '/k' }

test('hosts are unix sockets and TCP addresses', () => {
  assert.deepEqual(parseHost('unix:///run/x.sock'), { unix: '/run/x.sock' })
  assert.deepEqual(parseHost('tcp://127.0.0.1:2375'), { host: '127.0.0.1', port: 2375 })
  assert.deepEqual(parseHost('tcp://:2375'), { host: '127.0.0.1', port: 2375 })
  assert.deepEqual(parseHost('tcp://[::1]:0'), { host: '::1', port: 0 })
  for (const text of ['unix://x', 'tcp://a', 'tcp://a:70000', 'fd://3', 'tcp://a:1/x', ''])
    assert.throws(() => parseHost(text), /not an address to listen on/, text)
})

const refused: readonly (readonly [flags: Partial<ListenFlags>, message: RegExp])[] = [
  [{ hosts: ['tcp://0.0.0.0:2375'] }, /without TLS only loopback/],
  [{ hosts: ['tcp://10.0.0.1:2376'], tls: true, ...pair }, /clients must show a certificate/],
  [{ tlsVerify: true, ...pair }, /needs --tlscacert/],
  [{ tls: true }, /needs --tlscert and --tlskey/],
  [{ keyFile: '/k' }, /only with --tlsverify/],
]

for (const [flags, message] of refused)
  test(`refused: ${message.source}`, () => assert.throws(() => checkListenFlags({ ...none, ...flags }), message))

test('loopback needs no TLS; everywhere else needs certificates of both sides', () => {
  checkListenFlags({ ...none, hosts: ['tcp://127.0.0.1:2375', 'unix:///x'] })
  checkListenFlags({ ...none, hosts: ['tcp://localhost:2376'], tls: true, ...pair })
  checkListenFlags({ ...none, hosts: ['tcp://0.0.0.0:2376'], tlsVerify: true, authorityFile: '/a', ...pair })
})
