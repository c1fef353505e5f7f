import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { createDeflate, constants } from 'node:zlib'
import { HeaderReader, HeaderWriter, spdyDictionary } from './spdy-headers.ts'
import { SpdySession, type SpdyStream } from './spdy-session.ts'

/** Two ends of one connection. */
async function pair(): Promise<readonly [Duplex, Duplex]> {
  const accepted = Promise.withResolvers<Duplex>()
  const server = createServer({ allowHalfOpen: true }, accepted.resolve).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const other = await accepted.promise
  server.close()
  return [client, other]
}

/** Reads to the end; the writing side stays open. */
function textOf(stream: Duplex): Promise<string> {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve) => stream.once('end', () => resolve(Buffer.concat(chunks).toString())))
}

test('the dictionary is that of the protocol', () => {
  // Adler-32 of the dictionary, as every SPDY/3 stream carries it.
  assert.equal(new HeaderWriter().write({}).subarray(2, 6).toString('hex'), 'e3c6a7c2')
  assert.equal(spdyDictionary().length, 1423)
})

test('blocks that another implementation compressed are read, one after the other', async () => {
  const deflate = createDeflate({ dictionary: spdyDictionary() })
  const chunks: Buffer[] = []
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk))
  const compress = (block: Buffer): Promise<Buffer> =>
    new Promise((resolve) => {
      deflate.write(block)
      deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(chunks.splice(0))))
    })
  const block = Buffer.concat([
    Buffer.from([0, 0, 0, 1, 0, 0, 0, 10]),
    Buffer.from('streamtype'),
    Buffer.from([0, 0, 0, 5]),
    Buffer.from('error'),
  ])
  const reader = new HeaderReader()
  assert.deepEqual(await reader.read(await compress(block)), { streamtype: 'error' })
  assert.deepEqual(await reader.read(await compress(block)), { streamtype: 'error' })
  reader.close()
})

test('streams carry headers and data both ways, and half-close', async () => {
  const [left, right] = await pair()
  const opened = Promise.withResolvers<SpdyStream>()
  const server = new SpdySession(right, { isServer: true, onStream: opened.resolve })
  const client = new SpdySession(left, { isServer: false })
  const stream = client.open({ streamType: 'stdin' })
  stream.end('hello')
  const theirs = await opened.promise
  theirs.reply()
  assert.deepEqual(theirs.headers, { streamtype: 'stdin' })
  assert.equal(await textOf(theirs), 'hello')
  theirs.end('back')
  assert.equal(await textOf(stream), 'back')
  client.close()
  await Promise.all([server.closed, client.closed])
})

test('much data arrives whole through a slow reader, with little of it in memory', async () => {
  const [left, right] = await pair()
  const opened = Promise.withResolvers<SpdyStream>()
  const server = new SpdySession(right, { isServer: true, onStream: opened.resolve })
  const client = new SpdySession(left, { isServer: false })
  const stream = client.open({ streamType: 'stdout' })
  const total = 20 * 1024 * 1024
  const piece = Buffer.alloc(256 * 1024, 7)
  void (async () => {
    for (let sent = 0; sent < total; sent += piece.length)
      if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve))
    stream.end()
  })()
  const theirs = await opened.promise
  let received = 0
  let most = 0
  for await (const chunk of theirs as AsyncIterable<Buffer>) {
    received += chunk.length
    most = Math.max(most, theirs.readableLength)
    if (received % (2 * 1024 * 1024) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(received, total)
  assert.ok(most < 2 * 1024 * 1024, `${most} bytes waited`)
  client.close()
  await server.closed
})

test('a connection that breaks, and bytes that are no SPDY, end every stream', async () => {
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from('800300010000000effffffffffffffffffffffffffff', 'hex'),
    Buffer.from('80030001ffffffff', 'hex'),
  ]) {
    const [left, right] = await pair()
    const server = new SpdySession(right, { isServer: true })
    const stream = server.open({ streamType: 'x' })
    const closed = new Promise((resolve) => stream.once('close', resolve))
    left.write(bytes)
    left.end()
    await Promise.all([closed, server.closed])
    left.destroy()
  }
})

test('a stream that is reset ends alone', async () => {
  const [left, right] = await pair()
  const streams: SpdyStream[] = []
  const server = new SpdySession(right, { isServer: true, onStream: (stream) => void streams.push(stream) })
  const client = new SpdySession(left, { isServer: false })
  const [first, second] = [client.open({ a: '1' }), client.open({ a: '2' })]
  second.end('still here')
  while (streams.length < 2) await new Promise((resolve) => setImmediate(resolve))
  streams[0]?.destroy()
  await new Promise((resolve) => first.once('close', resolve))
  assert.equal(await textOf(streams[1] as SpdyStream), 'still here')
  client.destroy()
  await server.closed
})
