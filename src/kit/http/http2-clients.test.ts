/** HTTP/2 clients that go away or misbehave: what they had open is told, and others are served meanwhile. */
import assert from 'node:assert/strict'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { loopbackCertificate } from '../../../test/fixtures/loopback-certificate.ts'
import type { HttpHandler } from './exchange.ts'
import { type HttpServer, createHttpServer } from './server.ts'

const { certificate, key } = loopbackCertificate

async function serve(handler: HttpHandler): Promise<HttpServer & { readonly port: number }> {
  const server = await createHttpServer({
    clock: createClock(),
    listeners: [{ host: '127.0.0.1', port: 0, tls: { certificate, key } }],
    handler,
    encodeError: (error) => ({ status: 500, body: String(error) }),
  })
  const [at] = server.addresses
  return Object.assign(server, { port: at !== undefined && 'port' in at ? at.port : 0 })
}

/** A session, and the connection under it. */
async function sessionOf(port: number): Promise<{ session: ClientHttp2Session; wire: Socket }> {
  const wire = connect({ host: '127.0.0.1', port })
  const socket = connectTls({ socket: wire, ca: certificate, host: '127.0.0.1', ALPNProtocols: ['h2'] })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  socket.on('error', () => {})
  const session = connectHttp2(`https://127.0.0.1:${port}`, { createConnection: () => socket })
  session.on('error', () => {})
  return { session, wire }
}

const streamCount = 5

const partings: Readonly<Record<string, (session: ClientHttp2Session, wire: Socket) => void>> = {
  'ends its session': (session) => session.destroy(),
  'closes its side of the connection': (_session, wire) => wire.end(),
  'cuts the connection': (_session, wire) => wire.destroy(),
  'resets the connection': (_session, wire) => wire.resetAndDestroy(),
}

for (const [how, part] of Object.entries(partings))
  test(`every endless reply to a client that ${how} is told of it`, { timeout: 60_000 }, async () => {
    const gone = Promise.withResolvers<void>()
    let left = streamCount
    await using server = await serve(async ({ signal }, response) => {
      response.start(200)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      if (--left === 0) gone.resolve()
    })
    const { session, wire } = await sessionOf(server.port)
    const streams = Array.from({ length: streamCount }, () => session.request({ ':path': '/' }))
    for (const stream of streams) stream.on('error', () => {})
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('response', resolve))))
    part(session, wire)
    await gone.promise
    assert.equal(left, 0)
    session.destroy()
    wire.destroy()
  })

/** One frame (RFC 9113, section 4.1). */
function frame(
  type: number,
  flags: number,
  rest: { readonly stream: number; readonly payload: readonly number[] },
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(rest.payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(rest.stream, 5)
  return Buffer.concat([head, Buffer.from(rest.payload)])
}

test(
  'streams that are opened and reset in one breath are not worked for, the others are',
  { timeout: 60_000 },
  async () => {
    const served: string[] = []
    await using server = await serve((request, response) => {
      served.push(request.path)
      response.send(200, 'done')
    })
    const socket = connectTls({ host: '127.0.0.1', port: server.port, ca: certificate, ALPNProtocols: ['h2'] })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    // GET https / at x, of the static table of HPACK (RFC 7541, appendix A); END_STREAM and END_HEADERS.
    const open = (stream: number): Buffer => frame(1, 5, { stream, payload: [0x82, 0x87, 0x84, 0x01, 1, 0x78] })
    const reset = (stream: number): Buffer => frame(3, 0, { stream, payload: [0, 0, 0, 8] })
    const flood = Array.from({ length: 100 }, (_, index) => [open(2 * index + 1), reset(2 * index + 1)]).flat()
    const kept = Array.from({ length: 20 }, (_, index) => open(2 * index + 201))
    let answered = 0
    const done = Promise.withResolvers<void>()
    socket.on('data', (chunk: Buffer) => {
      answered += chunk.toString('latin1').split('done').length - 1
      if (answered === kept.length) done.resolve()
    })
    const settings = frame(4, 0, { stream: 0, payload: [] })
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings, ...flood, ...kept]))
    await done.promise
    assert.equal(served.length, kept.length)
    socket.destroy()
  },
)
