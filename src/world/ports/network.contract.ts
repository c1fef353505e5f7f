/** What every Network must do on its loopback; `make` gives a fresh one. */
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import test from 'node:test'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Network } from './network.ts'

/** Everything up to the end; iterating would also destroy the writing half. */
function readAll(stream: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    stream.once('end', () => resolve(text))
    stream.once('error', reject)
  })
}

/** Registers the suite under a name. */
export function networkContract(name: string, make: () => Network): void {
  test(`${name}: what is dialled answers, and a half-closed connection still carries the other half`, async () => {
    const network = make()
    await using listener = await network.listen({ host: '127.0.0.1' }, (socket) => {
      void readAll(socket).then((text) => socket.end(text.toUpperCase()))
    })
    const socket = await network.dial({ host: '127.0.0.1', port: listener.port })
    socket.end('hello')
    assert.equal(await readAll(socket), 'HELLO')
  })

  test(`${name}: nobody there is an error at once, an abort one with its reason`, async () => {
    const network = make()
    const listener = await network.listen({ host: '127.0.0.1' }, () => undefined)
    await listener[Symbol.asyncDispose]()
    await assert.rejects(
      network.dial({ host: '127.0.0.1', port: listener.port }),
      (error) => errnoOf(error) === 'ECONNREFUSED',
    )
    await assert.rejects(
      network.dial({ host: '127.0.0.1', port: 1, signal: AbortSignal.abort(new Error('no more')) }),
      /no more/,
    )
    await assert.rejects(network.dialUnix('/nowhere/socket'), (error) => errnoOf(error) === 'ENOENT')
  })

  test(`${name}: ending a listener ends its connections`, async () => {
    const network = make()
    const listener = await network.listen({ host: '127.0.0.1' }, (socket) => socket.on('error', () => undefined))
    const socket = await network.dial({ host: '127.0.0.1', port: listener.port })
    socket.on('error', () => undefined)
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await listener[Symbol.asyncDispose]()
    socket.end()
    await ended
  })

  test(`${name}: datagrams go both ways and know their sender`, async () => {
    const network = make()
    await using server = await network.openDatagram({ host: '127.0.0.1' })
    await using client = await network.openDatagram({ host: '127.0.0.1' })
    server.onMessage(
      ({ payload, address, port }) =>
        void server.send(Buffer.from(`${Buffer.from(payload).toString()} from ${port}`), address, port),
    )
    const answer = new Promise<string>((resolve) =>
      client.onMessage(({ payload }) => resolve(Buffer.from(payload).toString())),
    )
    await client.send(Buffer.from('ping'), '127.0.0.1', server.port)
    assert.equal(await answer, `ping from ${client.port}`)
  })

  test(`${name}: the machine's own name for loopback resolves`, async () => {
    assert.ok((await make().lookup('localhost')).some((address) => address === '127.0.0.1' || address === '::1'))
  })
}
