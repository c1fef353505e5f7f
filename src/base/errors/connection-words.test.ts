import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionWords } from './connection-words.ts'

function failed(code: string, rest: object = {}): Error {
  return new Error('fetch failed', { cause: Object.assign(new Error(`connect ${code}`), { code, ...rest }) })
}

test('a failed connection is named as Go programs name it, whatever it is wrapped in', () => {
  const rows: [unknown, string | undefined][] = [
    [failed('ECONNREFUSED', { address: '127.0.0.1', port: 1 }), 'dial tcp 127.0.0.1:1: connect: connection refused'],
    [failed('EHOSTUNREACH', { address: 'fd00::1', port: 443 }), 'dial tcp [fd00::1]:443: connect: no route to host'],
    [new AggregateError([failed('ETIMEDOUT')]), 'dial tcp: i/o timeout'],
    [failed('ENOTFOUND', { hostname: 'h' }), 'dial tcp: lookup h: no such host'],
    [failed('ECONNRESET'), 'read: connection reset by peer'],
    [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'EOF'],
    [new Error('other'), undefined],
    [undefined, undefined],
  ]
  for (const [error, want] of rows) assert.equal(connectionWords(error), want)
})
