/** What no client should send: the engine answers in its own error shape and stays well. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, afterEach, describe, test } from 'node:test'
import { clear, docker, isReference, lacksImage, socketPath } from './target.ts'

/** Sends bytes and returns what came back when the engine ended the answer, or after a minute of silence. */
function exchange(bytes: string | Buffer, options: { readonly end?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    const chunks: Uint8Array[] = []
    const done = (): void => {
      socket.destroy()
      resolve(Buffer.concat(chunks).toString('latin1'))
    }
    socket.setTimeout(60_000, done)
    socket.on('connect', () => (options.end === true ? socket.end(bytes) : socket.write(bytes)))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', done)
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? done() : reject(error),
    )
  })
}

function request(
  method: string,
  path: string,
  sent: string | { readonly body?: string; readonly headers: Readonly<Record<string, string>> } = { headers: {} },
): Promise<string> {
  const { body, headers } = typeof sent === 'string' ? { body: sent, headers: {} } : sent
  const all = {
    Host: 'docker',
    Connection: 'close',
    ...(body === undefined
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const head = Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  return exchange(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body ?? ''}`)
}

const statusOf = (reply: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1] ?? 0)

const create = '/v1.41/containers/create'
const rows: readonly {
  readonly name: string
  readonly send: () => Promise<string>
  readonly status: readonly number[]
  /** Where dockerd 20.10 is more lenient, as the support page says. */
  readonly referenceStatus?: readonly number[]
  readonly message?: RegExp
}[] = [
  { name: 'JSON cut short', send: () => request('POST', create, '{"Image":"busybox"'), status: [400] },
  {
    name: 'JSON with something after it',
    send: () => request('POST', create, '{"Image":"busybox"} {}'),
    status: [400],
    referenceStatus: [201],
  },
  { name: 'an array for an object', send: () => request('POST', create, '[1]'), status: [400] },
  { name: 'a number for a name', send: () => request('POST', create, '{"Image":7}'), status: [400, 404] },
  {
    name: 'a body of another type',
    send: () => request('POST', create, { body: 'Image=busybox', headers: { 'Content-Type': 'text/plain' } }),
    status: [400],
  },
  {
    name: 'an image that is not there',
    send: () => request('POST', create, '{"Image":"nosuch:image"}'),
    status: [404],
    message: /No such image: nosuch:image/,
  },
  {
    name: 'a name with slashes',
    send: () => request('POST', `${create}?name=${encodeURIComponent('../../etc')}`, '{"Image":"busybox"}'),
    status: [400],
    message: /Invalid container name/,
  },
  { name: 'a version that is too new', send: () => request('GET', '/v9.99/info'), status: [400], message: /too new/ },
  { name: 'a version that is too old', send: () => request('GET', '/v1.0/info'), status: [400], message: /too old/ },
  {
    name: 'a path there is not',
    send: () => request('GET', '/v1.41/nosuch'),
    status: [404],
    message: /page not found/,
  },
  { name: 'a method there is not', send: () => request('PATCH', '/v1.41/info'), status: [404, 405] },
  { name: 'a path that climbs', send: () => request('GET', '/v1.41/../../etc/passwd'), status: [301, 400, 404] },
  { name: 'an escape that is none', send: () => request('GET', '/v1.41/containers/%zz/json'), status: [400, 404] },
  { name: 'a NUL in a name', send: () => request('GET', '/v1.41/containers/a%00b/json'), status: [400, 404] },
  {
    name: 'filters that are no JSON',
    send: () => request('GET', '/v1.41/containers/json?filters=%7Bx'),
    status: [400],
  },
  {
    name: 'a filter there is not',
    send: () => request('GET', '/v1.41/containers/json?filters=%7B%22nosuch%22%3A%5B%22a%22%5D%7D'),
    status: [400],
    message: /invalid filter/i,
  },
  {
    name: 'a negative size for a terminal',
    send: () => request('POST', '/v1.41/containers/nosuch/resize?h=-1&w=x'),
    status: [400, 404],
  },
  {
    name: 'an archive that is none',
    send: () =>
      request('POST', '/v1.41/build', { body: 'not a tar', headers: { 'Content-Type': 'application/x-tar' } }),
    status: [200, 400, 500],
  },
  {
    name: 'a header line of a megabyte',
    send: () => exchange(`GET /_ping HTTP/1.1\r\nHost: docker\r\nX: ${'a'.repeat(1 << 20)}\r\n\r\n`),
    status: [0, 431],
    referenceStatus: [200],
  },
  {
    name: 'ten thousand headers',
    send: () => exchange(`GET /_ping HTTP/1.1\r\nHost: docker\r\n${'X-A: b\r\n'.repeat(10_000)}\r\n`),
    status: [0, 200, 431],
  },
  { name: 'no HTTP at all', send: () => exchange('\u0000\u0001\u0002 hello\r\n\r\n'), status: [0, 400] },
  {
    name: 'two lengths',
    send: () =>
      exchange(
        'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}',
      ),
    status: [0, 400],
  },
  {
    name: 'a length and chunks together',
    send: () =>
      exchange(
        'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
    status: [0, 400],
  },
  {
    name: 'a chunk size that overflows',
    send: () =>
      exchange(
        'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
      ),
    status: [0, 400, 408],
  },
  {
    name: 'an upgrade to what there is not',
    send: () =>
      request('POST', '/v1.41/containers/nosuch/attach?stream=1', {
        headers: { Connection: 'Upgrade', Upgrade: 'tcp' },
      }),
    status: [404],
  },
  {
    name: 'an object a hundred thousand deep',
    send: () => request('POST', create, `{"Image":"busybox","Labels":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    status: [400, 500],
  },
]

describe('hostile requests', () => {
  afterEach(() => assert.equal(docker('version', '-f', '{{.Server.Os}}').stdout, 'linux\n', 'the engine lives'))
  for (const { name, send, status, referenceStatus, message } of rows)
    test(name, async () => {
      const reply = await send()
      const found = statusOf(reply)
      const allowed = isReference ? (referenceStatus ?? status) : status
      assert.ok(allowed.includes(found) || (isReference && found >= 400), reply.slice(0, 400))
      if (message !== undefined) assert.match(reply, message)
      if (found >= 400 && /application\/json/i.test(reply) && !isReference) assert.match(reply, /"message":"[^"]/)
    })

  test('a client that vanishes midway leaves nothing behind', { skip: lacksImage('busybox') }, async () => {
    const before = docker('ps', '-aq').stdout
    await exchange(
      'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{"Image":',
      { end: true },
    )
    assert.equal(docker('ps', '-aq').stdout, before)
  })

  test('a hundred connections that say nothing do not keep others out', async () => {
    const silent = Array.from({ length: 100 }, () => connect(socketPath))
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(statusOf(await request('GET', '/_ping')), 200)
    for (const socket of silent) socket.destroy()
  })

  test('paths of archives stay inside the container', { skip: lacksImage('busybox') }, () => {
    docker('create', '--name', 'hostile', 'busybox', 'true')
    const reply = docker('cp', 'hostile:../../../../etc/hostname', '-')
    assert.doesNotMatch(reply.stdout, new RegExp(`root:.*:0:0`))
    docker('rm', '-f', 'hostile')
  })
  after(clear)
})
