import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { createHttpClient, isUpgraded } from './client.ts'
import type { HttpHandler } from './exchange.ts'
import { switchProtocol } from './hijack.ts'
import { forwardedHeaders, relay } from './relay.ts'
import { createHttpServer } from './server.ts'

const clock = createClock()

interface Chain extends AsyncDisposable {
  readonly client: ReturnType<typeof createHttpClient>
}

/** A client, a server that relays, and the server behind it. */
async function chain(handler: HttpHandler): Promise<Chain> {
  await using scope = new AsyncDisposableStack()
  const start = async (answer: HttpHandler): Promise<string> => {
    const server = scope.use(
      await createHttpServer({
        clock,
        listeners: [{ host: '127.0.0.1', port: 0 }],
        mayHijack: (_method, _target, { upgrade }) => upgrade !== undefined,
        handler: answer,
        encodeError: (error) => ({ status: 502, body: String(error) }),
        limits: { stopGraceMs: 100 },
      }),
    )
    const [address] = server.addresses
    return `http://127.0.0.1:${address !== undefined && 'port' in address ? address.port : 0}`
  }
  const behind = await start(handler)
  const outgoing = scope.use(createHttpClient({ clock }))
  const front = await start((request, response) =>
    relay(outgoing, { request, response }, { url: `${behind}${request.target}`, omit: (name) => name === 'x-secret' }),
  )
  const client = scope.use(createHttpClient({ clock, target: { url: front } }))
  const owned = scope.move()
  return { client, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

test('bodies of any length pass both ways, with every header but those of the connection and those that stay', async () => {
  await using it = await chain(async (request, response) => {
    let sizeBytes = 0
    for await (const chunk of request.body as AsyncIterable<Buffer>) sizeBytes += chunk.length
    response.json(
      207,
      { sizeBytes, secret: request.headers['x-secret'], kept: request.headers['x-kept'] },
      { 'X-Many': ['a', 'b'] },
    )
  })
  const pieces = Readable.from(Array.from({ length: 50 }, () => Buffer.alloc(100_000)))
  const reply = await it.client.request({
    method: 'PUT',
    path: '/x',
    body: pieces,
    headers: { 'x-secret': 's', 'x-kept': 'k', expect: '100-continue' },
  })
  assert.equal(reply.status, 207)
  assert.equal(reply.header('x-many'), 'a, b')
  assert.deepEqual(await reply.json(), { sizeBytes: 5_000_000, kept: 'k' })
})

test('an answer that breaks off midway does not look whole', async () => {
  await using it = await chain(async (_request, response) => {
    response.start(200)
    await response.write('half')
    response.destroy()
  })
  const reply = await it.client.request({ path: '/' })
  await assert.rejects(reply.bytes(), { code: 'HTTP_BODY_CUT' })
})

test('an upgrade that is granted joins the connections, one that is refused is answered', async () => {
  await using it = await chain((request, response) => {
    if (request.path === '/no') return response.send(400, 'not here')
    const stream = switchProtocol(response, 'echo/1', { 'X-Chosen': 'v1' })
    stream.pipe(stream)
  })
  const granted = await it.client.upgrade({ path: '/yes', protocol: 'echo/1' })
  assert.ok(isUpgraded(granted))
  assert.equal(granted.headers['x-chosen'], 'v1')
  const { stream } = granted
  stream.end('x'.repeat(1_000_000))
  let sizeBytes = 0
  stream.on('data', (chunk: Buffer) => (sizeBytes += chunk.length))
  await new Promise((resolve) => stream.once('end', resolve))
  assert.equal(sizeBytes, 1_000_000)
  const refused = await it.client.upgrade({ path: '/no', protocol: 'echo/1' })
  assert.ok(!isUpgraded(refused))
  assert.equal(refused.status, 400)
  assert.equal(await refused.text(), 'not here')
})

test('headers that the connection header names stay with the connection', () => {
  const headers = { connection: 'close, X-Hop', 'x-hop': '1', 'x-end': '2', 'x-forwarded-for': '10.0.0.1', host: 'a' }
  const peer = { address: '10.0.0.2', port: 1, certificate: undefined }
  assert.deepEqual(forwardedHeaders({ headers, peer }), { 'x-end': '2', 'x-forwarded-for': '10.0.0.1, 10.0.0.2' })
})
