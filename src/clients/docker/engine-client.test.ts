/** Framing against a small server on a socket of its own: what stands here is the wire, not the engine. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import test from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { createEngineClient } from './engine-client.ts'
import type { EngineClient } from './engine-client.ts'
import { createDemultiplexer } from './multiplex.ts'

type Answer = (request: string, socket: Socket) => void

async function withServer(
  answer: Answer,
  run: (client: EngineClient) => Promise<void>,
  version = '1.41',
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'engine-client-'))
  const path = join(folder, 's')
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    let text = ''
    let answered = false
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!answered && text.includes('\r\n\r\n')) {
        answered = true
        answer(text, socket)
      }
    })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    const dial = (): Promise<Socket> =>
      new Promise((resolve, reject) => {
        const socket = connect({ path, allowHalfOpen: true })
        socket.once('connect', () => resolve(socket))
        socket.once('error', reject)
      })
    await run(
      createEngineClient({ address: `unix://${path}`, host: 'docker', dial }, version === '' ? undefined : version),
    )
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true })
  }
}

const reply = (body: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

test('a body with a length is read to its end and no further', async () => {
  await withServer(
    (_, socket) => socket.write(reply('{"a":"世"}')),
    async (client) => {
      assert.deepEqual(await client.json('GET', '/x'), { a: '世' })
    },
  )
})

test('chunks split anywhere come back whole', async () => {
  await withServer(
    (_, socket) => {
      const wire = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{"a":\r\n3\r\n12}\r\n0\r\n\r\n'
      let at = 0
      const next = (): void => {
        if (at < wire.length) socket.write(wire.slice(at, (at += 3)), next)
      }
      next()
    },
    async (client) => assert.deepEqual(await client.json('GET', '/x'), { a: 12 }),
  )
})

test('a body cut short is an error, not an answer', async () => {
  await withServer(
    (_, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a"'),
    async (client) => {
      await assert.rejects(client.text('GET', '/x'), { message: 'unexpected EOF' })
    },
  )
})

test("the daemon's message becomes the error, with its kind", async () => {
  await withServer(
    (_, socket) => socket.write(reply('{"message":"No such container: x"}', '404 Not Found')),
    async (client) => {
      await assert.rejects(
        client.text('GET', '/x'),
        (error) =>
          error instanceof GantryError &&
          error.kind === 'not-found' &&
          error.message === 'Error response from daemon: No such container: x',
      )
    },
  )
})

test("the version is the older of the two sides'", async () => {
  await withServer(
    (request, socket) =>
      socket.write(
        request.startsWith('HEAD /_ping')
          ? 'HTTP/1.1 200 OK\r\nApi-Version: 1.43\r\nContent-Length: 0\r\n\r\n'
          : reply(JSON.stringify({ target: request.split(' ')[1] })),
      ),
    async (client) => {
      assert.deepEqual(await client.json('GET', '/y', { query: { all: true, no: false, list: ['a b', 'c'] } }), {
        target: '/v1.43/y?all=1&list=a%20b&list=c',
      })
    },
    '',
  )
})

test('an upgraded connection carries both directions and ends one at a time', async () => {
  await withServer(
    (_, socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly')
      socket.on('end', () => socket.end('|after half-close'))
    },
    async (client) => {
      const connection = await client.hijack('/containers/x/attach')
      connection.end('input')
      let text = ''
      for await (const chunk of connection as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString()
      assert.equal(text, 'early|after half-close')
    },
  )
})

test('a streamed body is sent in chunks while the reply is awaited', async () => {
  await withServer(
    (request, socket) => {
      let text = request
      const done = (): void =>
        void (
          text.endsWith('0\r\n\r\n') &&
          socket.write(reply(JSON.stringify({ body: text.slice(text.indexOf('\r\n\r\n') + 4) })))
        )
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        done()
      })
      done()
    },
    async (client) => {
      assert.deepEqual(
        await client.json('POST', '/build', { body: Readable.from([Buffer.from('abc'), Buffer.from('de')]) }),
        { body: '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n' },
      )
    },
  )
})

test('objects of a stream are told apart however they are chunked', async () => {
  await withServer(
    (_, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n{"a":"}{"}{"b":\n{"c":1}}\r\n  {"d":"\\""}'),
    async (client) => {
      const found: unknown[] = []
      for await (const message of client.messages('GET', '/events')) found.push(message)
      assert.deepEqual(found, [{ a: '}{' }, { b: { c: 1 } }, { d: '"' }])
    },
  )
})

test('an engine that is not there is named', async () => {
  const client = createEngineClient(
    {
      address: 'unix:///nope',
      host: 'docker',
      dial: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOENT' })),
    },
    '1.41',
  )
  await assert.rejects(client.text('GET', '/x'), {
    message: 'Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?',
  })
})

test('frames are split by stream at any cut', () => {
  const frame = (stream: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([stream, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)])
  const wire = Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, ''), frame(1, 'more')])
  for (let cut = 1; cut < wire.length; cut += 1) {
    const frames = createDemultiplexer()
    const got = [wire.subarray(0, cut), wire.subarray(cut)].flatMap((part) => frames.feed(part))
    const text = (name: string): string =>
      got
        .filter(({ stream }) => stream === name)
        .map(({ payload }) => Buffer.from(payload).toString())
        .join('')
    assert.deepEqual([text('stdout'), text('stderr')], ['outmore', 'err'])
  }
  assert.throws(() => createDemultiplexer().feed(frame(3, 'broken')), /error from daemon in stream: broken/)
})
