import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeAuth, decodeAuthMap } from './auth-header.ts'

const user = { username: 'ü?>~', password: 'pw' }
const encoded = Buffer.from(JSON.stringify(user)).toString('base64')

test('credentials are read in every alphabet of base64, padded or not', () => {
  const url = encoded.replaceAll('+', '-').replaceAll('/', '_')
  for (const header of [encoded, url, url.replaceAll('=', ''), encoded.replaceAll('=', ''), [encoded]])
    assert.deepEqual(decodeAuth(header), user)
})

test('what cannot be read counts as absent', () => {
  const huge = Buffer.from(JSON.stringify({ password: 'x'.repeat(70_000) })).toString('base64')
  for (const header of [
    undefined,
    '',
    'null',
    '%%%',
    Buffer.from('[]').toString('base64'),
    Buffer.from('7').toString('base64'),
    huge,
  ])
    assert.deepEqual(decodeAuth(header), {})
})

test('credentials by host leave out what is no object', () => {
  const header = Buffer.from(JSON.stringify({ 'a:5000': user, b: null, c: 'x' })).toString('base64')
  assert.deepEqual(decodeAuthMap(header), { 'a:5000': user })
  assert.deepEqual(decodeAuthMap(undefined), {})
})
