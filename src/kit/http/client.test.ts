import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { connect as connectHttp2 } from 'node:http2'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { type GantryError, isErrorKind } from '#base/errors/gantry-error.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { type HttpClient, createHttpClient, isUpgraded } from './client.ts'
import type { HttpHandler } from './exchange.ts'
import { hijackDocker } from './hijack.ts'
import type { ListenAddress } from './listen-address.ts'
import { readBody } from './read-body.ts'
import { type HttpServer, createHttpServer } from './server.ts'
import { acceptWebSocket } from './websocket.ts'
import { WebSocket } from 'ws'
import { loopbackCertificate } from '../../../test/fixtures/loopback-certificate.ts'

const clock = createClock()
const files = createFiles()

async function serve(
  handler: HttpHandler,
  listener: ListenAddress = { host: '127.0.0.1', port: 0 },
): Promise<HttpServer & { origin: string }> {
  const server = await createHttpServer({
    clock,
    files,
    listeners: [listener],
    handler,
    mayHijack: (_method, target) => target.startsWith('/raw'),
    encodeError: (error) => ({ status: 500, body: String(error) }),
    limits: { stopGraceMs: 200 },
  })
  const at = server.addresses[0]
  const scheme = 'tls' in listener && listener.tls !== undefined ? 'https' : 'http'
  return Object.assign(server, { origin: at !== undefined && 'port' in at ? `${scheme}://127.0.0.1:${at.port}` : '' })
}

function client(url?: string): HttpClient {
  return createHttpClient({ clock, ...(url === undefined ? {} : { target: { url } }) })
}

const mirror: HttpHandler = async (request, response) => {
  const body = await readBody(request)
  response.json(200, {
    method: request.method,
    target: request.target,
    auth: request.headers.authorization ?? null,
    size: body.length,
  })
}

test('requests keep one connection and any status is an answer', async () => {
  const ports = new Set<number>()
  await using server = await serve((request, response) => {
    ports.add(request.peer.port)
    response.send(request.path === '/no' ? 404 : 200, 'x')
  })
  await using http = client(server.origin)
  for (const path of ['/a', '/no', '/b']) {
    const reply = await http.request({ path })
    assert.equal(reply.status, path === '/no' ? 404 : 200)
    assert.equal(await reply.text(), 'x')
  }
  assert.equal(ports.size, 1)
})

test('a unix socket is an origin like any other', async () => {
  await using directory = await files.temporaryDirectory('http-')
  await using _server = await serve(mirror, { unix: `${directory.path}/s` })
  await using http = createHttpClient({ clock, target: { unix: `${directory.path}/s` } })
  const reply = await http.request({ method: 'POST', path: '/x?y=1', body: () => Readable.from(['ab', 'c']) })
  assert.deepEqual(await reply.json(), { method: 'POST', target: '/x?y=1', auth: null, size: 3 })
})

test('credentials do not follow a redirect to another origin, and circles end', async () => {
  await using other = await serve(mirror)
  await using server = await serve((request, response) => {
    const to: Record<string, string> = {
      '/away': `${other.origin}/z`,
      '/here': '/end',
      '/loop': '/loop',
      '/bad': 'ftp://x/',
    }
    if (request.path === '/end') return mirror(request, response)
    response.send(307, undefined, { Location: to[request.path] ?? '/end' })
  })
  await using http = client(server.origin)
  const get = (path: string): ReturnType<HttpClient['request']> =>
    http.request({ path, headers: { Authorization: 'Bearer t' }, redirectsMax: 3 })
  assert.equal(((await (await get('/here')).json()) as { auth: string }).auth, 'Bearer t')
  assert.equal(((await (await get('/away')).json()) as { auth: string | null }).auth, null)
  await assert.rejects(get('/loop'), /stopped after 3 redirects/)
  await assert.rejects(get('/bad'), /unusable address/)
})

test('an upgrade gives the raw stream in both directions; a refusal is a reply', async () => {
  await using server = await serve((request, response) => {
    if (request.path === '/raw/no') return response.send(409, 'not running')
    const stream = hijackDocker(request, response, { contentType: 'application/vnd.docker.raw-stream' })
    let got = ''
    stream.on('data', (chunk) => (got += String(chunk)))
    stream.on('end', () => stream.end(`got ${got}`))
  })
  await using http = client(server.origin)
  const answer = await http.upgrade({ method: 'POST', path: '/raw', protocol: 'tcp' })
  assert.ok(isUpgraded(answer))
  assert.equal(answer.protocol, 'tcp')
  answer.stream.end('input')
  assert.equal(String((await answer.stream.toArray())[0]), 'got input')
  const refusal = await http.upgrade({ method: 'POST', path: '/raw/no', protocol: 'tcp' })
  assert.ok(!isUpgraded(refusal))
  assert.equal(await refusal.text(), 'not running')
})

test('an old engine’s plain 200 hands over the raw stream too', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let got = ''
    socket.on('data', (chunk) => {
      const isHead = got === ''
      got += chunk.toString()
      if (isHead) socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nhello ')
    })
    socket.on('end', () => socket.end(`got ${got.slice(got.indexOf('\r\n\r\n') + 4)}`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = server.address()
  await using http = client(`http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`)
  const answer = await http.upgrade({ method: 'POST', path: '/attach', protocol: 'tcp' })
  assert.ok(isUpgraded(answer))
  answer.stream.end('input')
  assert.equal(Buffer.concat(await answer.stream.toArray()).toString(), 'hello got input')
  server.close()
})

test('deadlines and aborts end a request with their own reasons', async () => {
  await using server = await serve(async (request, response) => {
    if (request.path === '/half') {
      response.start(200)
      response.push('x')
    }
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
  })
  await using http = client(server.origin)
  await assert.rejects(http.request({ path: '/', headersTimeoutMs: 30 }), (error) => isErrorKind(error, 'deadline'))
  const half = await http.request({ path: '/half', idleTimeoutMs: 30 })
  await assert.rejects(half.text(), /stopped midway/)
  const abort = new AbortController()
  const reason = new Error('enough')
  const pending = http.request({ path: '/', signal: abort.signal })
  abort.abort(reason)
  await assert.rejects(pending, reason)
})

test('a connection that the server closed while idle is replaced without the caller noticing', async () => {
  let accepted = 0
  const server = createServer((socket) => {
    accepted++
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx')
      // The next request on this connection meets a reset.
      socket.once('data', () => socket.resetAndDestroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = server.address()
  await using http = client(`http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`)
  assert.equal(await (await http.request({ path: '/' })).text(), 'x')
  assert.equal(await (await http.request({ path: '/' })).text(), 'x')
  assert.equal(accepted, 2)
  server.close()
})

test('an unreachable server is told with its address and what to do', async () => {
  await using http = client('http://127.0.0.1:1')
  await assert.rejects(http.request({ path: '/' }), (error: GantryError) => {
    assert.equal(error.code, 'HTTP_CONNECT_FAILED')
    assert.match(error.message, /^http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/)
    return error.remedy !== undefined
  })
})

test('TLS serves HTTP/2 and HTTP/1.1 on one port, checks certificates, and answers WebSocket', async () => {
  const { certificate, key } = loopbackCertificate
  const handler: HttpHandler = async (request, response) => {
    if (request.path !== '/raw/ws')
      return response.json(200, { version: request.httpVersion, size: (await readBody(request)).length })
    const socket = await acceptWebSocket(request, response, { protocols: ['v5.channel.k8s.io'] })
    socket.on('message', (data: Buffer) => socket.send(`re:${data.toString()}`))
  }
  await using server = await serve(handler, { host: '127.0.0.1', port: 0, tls: { certificate, key } })
  await using http = createHttpClient({ clock, target: { url: server.origin }, tls: { authorities: certificate } })
  assert.deepEqual(await (await http.request({ path: '/', method: 'POST', body: 'abc' })).json(), {
    version: '1.1',
    size: 3,
  })
  await using stranger = client(server.origin)
  await assert.rejects(stranger.request({ path: '/' }), (error: GantryError) => error.code === 'HTTP_TLS_INVALID')
  await using careless = createHttpClient({ clock, target: { url: server.origin }, tls: { insecure: true } })
  assert.equal((await careless.request({ path: '/' })).status, 200)

  const session = connectHttp2(server.origin, { ca: certificate })
  const stream = session.request({ ':method': 'POST', ':path': '/x' })
  stream.end('abcd')
  assert.deepEqual(JSON.parse(Buffer.concat(await stream.toArray()).toString()), { version: '2.0', size: 4 })
  session.close()

  const socket = new WebSocket(`${server.origin.replace('https', 'wss')}/raw/ws`, ['v5.channel.k8s.io'], {
    ca: certificate,
  })
  const answer = new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())))
  socket.once('open', () => socket.send('hi'))
  assert.equal(await answer, 're:hi')
  assert.equal(socket.protocol, 'v5.channel.k8s.io')
  socket.close()
})

test('an HTTP/2 body that is cut short fails, and its client going away aborts the request', async () => {
  const { certificate, key } = loopbackCertificate
  const outcomes: string[] = []
  const begun = Promise.withResolvers<void>()
  const settled = Promise.withResolvers<void>()
  const handler: HttpHandler = async (request, response) => {
    if (request.method === 'GET') {
      response.start(200)
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
      outcomes.push('aborted')
      return settled.resolve()
    }
    begun.resolve()
    await readBody(request).catch((error: GantryError) => outcomes.push(error.code))
  }
  await using server = await serve(handler, { host: '127.0.0.1', port: 0, tls: { certificate, key } })
  const session = connectHttp2(server.origin, { ca: certificate })
  const upload = session.request({ ':method': 'POST', ':path': '/', 'content-length': 10 })
  upload.on('error', () => {})
  upload.write('ab')
  await begun.promise
  upload.close(8)
  await new Promise((resolve) => upload.once('close', resolve))
  const watch = session.request({ ':path': '/' })
  watch.on('error', () => {})
  await new Promise((resolve) => watch.once('response', resolve))
  watch.close(8)
  await settled.promise
  session.destroy()
  assert.deepEqual(outcomes, ['HTTP_BODY_CUT', 'aborted'])
})

test('a certificate that cannot be used is told before anything listens', async () => {
  const listener = { host: '127.0.0.1', port: 0, tls: { certificate: 'nonsense', key: 'nonsense' } }
  await assert.rejects(serve(mirror, listener), (error: GantryError) => error.code === 'HTTP_TLS_INVALID')
})

test('a client certificate is seen when its authority is trusted, and one can be required', async () => {
  const { certificate, key } = loopbackCertificate
  const tls = { certificate, key, clientAuthorities: certificate, clientCertificate: 'ask' as const }
  const tell: HttpHandler = (request, response) =>
    response.send(200, request.peer.certificate === undefined ? 'stranger' : 'known')
  await using asking = await serve(tell, { host: '127.0.0.1', port: 0, tls })
  const trusted = { authorities: certificate }
  await using stranger = createHttpClient({ clock, target: { url: asking.origin }, tls: trusted })
  await using known = createHttpClient({ clock, target: { url: asking.origin }, tls: { ...trusted, certificate, key } })
  assert.equal(await (await stranger.request({ path: '/' })).text(), 'stranger')
  assert.equal(await (await known.request({ path: '/' })).text(), 'known')
  await using requiring = await serve(tell, {
    host: '127.0.0.1',
    port: 0,
    tls: { ...tls, clientCertificate: 'require' },
  })
  await using refused = createHttpClient({ clock, target: { url: requiring.origin }, tls: trusted })
  await assert.rejects(refused.request({ path: '/' }))
})

test('an unwanted subprotocol is refused with an ordinary reply', async () => {
  await using server = await serve(async (request, response) => {
    await acceptWebSocket(request, response, { protocols: ['v5.channel.k8s.io'] })
  })
  const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/raw/ws`, ['other'])
  const status = await new Promise((resolve) => {
    socket.on('error', () => {})
    socket.once('unexpected-response', (_request, message) => resolve(message.statusCode))
  })
  assert.equal(status, 500)
})
