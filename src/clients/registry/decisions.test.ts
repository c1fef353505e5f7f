import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GantryError } from '#base/errors/gantry-error.ts'
import { guardBody } from './guard-rate.ts'
import { parseChallenges } from './parse-challenge.ts'
import { isInsecureHost, isLoopbackHost, planEndpoints } from './plan-endpoints.ts'
import { isTransientFailure, wordPullFailure, wordRefusal, wordRequestFailure } from './word-errors.ts'

test('challenges of registries are read, quoted commas and several schemes included', () => {
  assert.deepEqual(
    parseChallenges(
      'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    ),
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.example/token',
          service: 'registry.example',
          scope: 'repository:a/b:pull,push',
        },
      },
    ],
  )
  assert.deepEqual(parseChallenges('Basic realm="a \\"b\\"", Bearer realm=x'), [
    { scheme: 'basic', parameters: { realm: 'a "b"' } },
    { scheme: 'bearer', parameters: { realm: 'x' } },
  ])
  assert.deepEqual(parseChallenges(undefined), [])
  assert.deepEqual(parseChallenges('Negotiate'), [{ scheme: 'negotiate', parameters: {} }])
})

test('no header keeps the reader of challenges busy or makes it throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'B', '=', '"', ',', ' ', '\\', '-'), maxLength: 200 }),
      (header) => {
        parseChallenges(header)
      },
    ),
  )
})

test('loopback and what the user named may be insecure, nothing else', () => {
  for (const host of ['localhost', 'localhost:5000', '127.0.0.1', '127.9.9.9:80', '[::1]:5000'])
    assert.ok(isLoopbackHost(host), host)
  for (const host of ['localhost.example', '128.0.0.1', 'a127.0.0.1', '::2', '127.0.0.1.example:5000'])
    assert.ok(!isLoopbackHost(host), host)
  const settings = { insecure: ['10.0.0.0/8', 'registry.lan:5000'] }
  assert.ok(isInsecureHost(settings, '10.20.30.40:5000'))
  assert.ok(isInsecureHost(settings, 'registry.lan:5000'))
  assert.ok(!isInsecureHost(settings, 'registry.lan'))
  assert.ok(!isInsecureHost(settings, '11.0.0.1'))
})

test('https is tried first, http only where that is allowed, mirrors only for pulls', () => {
  const urls = (host: string, use: 'pull' | 'push'): string[] =>
    planEndpoints({ mirrors: { 'docker.io': ['https://mirror.example/hub/', 'ftp://no'] } }, host, use).map(
      ({ baseUrl }) => baseUrl,
    )
  assert.deepEqual(urls('127.0.0.1:5000', 'pull'), ['https://127.0.0.1:5000', 'http://127.0.0.1:5000'])
  assert.deepEqual(urls('quay.io', 'pull'), ['https://quay.io'])
  assert.deepEqual(urls('docker.io', 'pull'), ['https://mirror.example/hub', 'https://registry-1.docker.io'])
  assert.deepEqual(urls('docker.io', 'push'), ['https://registry-1.docker.io'])
})

test('refusals read as in dockerd', () => {
  const rows: [number, string, string | undefined, string][] = [
    [
      404,
      '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
      undefined,
      'manifest unknown: manifest unknown',
    ],
    [401, '', undefined, 'unauthorized: authentication required'],
    [401, '{"details":"incorrect username or password"}', undefined, 'unauthorized: incorrect username or password'],
    [
      401,
      '{"errors":[{"code":"UNAUTHORIZED"}]}',
      'Bearer realm="x",error="insufficient_scope"',
      'denied: requested access to the resource is denied',
    ],
    [
      404,
      '<html>',
      undefined,
      `error parsing HTTP 404 response body: invalid character '<' looking for beginning of value: "<html>"`,
    ],
    [500, 'boom', undefined, 'received unexpected HTTP status: 500 Internal Server Error'],
  ]
  const reasons: Record<number, string> = { 500: 'Internal Server Error' }
  for (const [status, body, challenge, message] of rows)
    assert.equal(wordRefusal(status, reasons[status] ?? '', { body, challenge }).message, message)
  assert.ok(isTransientFailure(wordRefusal(503, '', { body: '', challenge: undefined })))
  assert.ok(isTransientFailure(wordRefusal(429, '', { body: '', challenge: undefined })))
  assert.ok(!isTransientFailure(wordRefusal(404, '', { body: '', challenge: undefined })))
})

test('a pull names the image and what may help', () => {
  const names = { familiar: 'x/y', reference: 'x/y:1' }
  const refused = (code: string, message: string): unknown =>
    wordPullFailure(
      wordRefusal(404, '', { body: JSON.stringify({ errors: [{ code, message }] }), challenge: undefined }),
      names,
    )
  assert.equal(
    (refused('MANIFEST_UNKNOWN', 'manifest unknown') as Error).message,
    'manifest for x/y:1 not found: manifest unknown: manifest unknown',
  )
  const denied =
    "pull access denied for x/y, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"
  assert.equal((refused('DENIED', 'requested access to the resource is denied') as Error).message, denied)
})

test('lost connections read as in Go', () => {
  const failure = (properties: object, message = 'x'): string =>
    wordRequestFailure('GET', 'https://r.example:5000/v2/', Object.assign(new Error(message), properties)).message
  assert.equal(
    failure({ code: 'ECONNREFUSED', address: '10.0.0.1', port: 5000 }),
    'Get "https://r.example:5000/v2/": dial tcp 10.0.0.1:5000: connect: connection refused',
  )
  assert.equal(
    failure({ code: 'ENOTFOUND' }),
    'Get "https://r.example:5000/v2/": dial tcp: lookup r.example: no such host',
  )
  assert.equal(
    failure({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'Get "https://r.example:5000/v2/": x509: certificate signed by unknown authority',
  )
  assert.equal(
    failure({ code: 'EPROTO' }),
    'Get "https://r.example:5000/v2/": http: server gave HTTP response to HTTPS client',
  )
  assert.equal(failure({ code: 'ECONNRESET' }, 'socket hang up'), 'Get "https://r.example:5000/v2/": EOF')
})

test('a body that trickles is given up, one that its consumer holds up is not', async () => {
  let now = 0
  const clock = {
    now: () => now,
    monotonicMs: () => now,
    sleep: () => Promise.resolve(),
    setTimer: () => ({ [Symbol.dispose]: () => undefined }),
  }
  async function* trickle(stepMs: number): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 100; count += 1) {
      now += stepMs
      yield new Uint8Array(100)
    }
  }
  const read = async (source: AsyncIterable<Uint8Array>, pauseMs: number): Promise<number> => {
    let total = 0
    for await (const bytes of guardBody(source, { clock, bytesMax: 1e6 })) {
      total += bytes.byteLength
      now += pauseMs
    }
    return total
  }
  await assert.rejects(
    read(trickle(1000), 0),
    (error) => error instanceof GantryError && error.code === 'REGISTRY_TOO_SLOW',
  )
  assert.equal(await read(trickle(1), 60_000), 10_000)
})
