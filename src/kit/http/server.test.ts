import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { createFiles } from '#world/real/files.ts'
import { createClock } from '#world/real/clock.ts'
import { isErrorKind, httpStatusOf, messageOf } from '#base/errors/gantry-error.ts'
import type { HttpHandler } from './exchange.ts'
import { hijackDocker } from './hijack.ts'
import { readBody, readJson } from './read-body.ts'
import { type HttpServer, type HttpServerOptions, createHttpServer } from './server.ts'

const clock = createClock()
const files = createFiles()

async function serve(
  handler: HttpHandler,
  more: Partial<HttpServerOptions> = {},
): Promise<HttpServer & { port: number }> {
  const server = await createHttpServer({
    clock,
    files,
    listeners: [{ host: '127.0.0.1', port: 0 }],
    handler,
    mayHijack: (_method, target) => target.startsWith('/attach'),
    encodeError: (error) => ({
      status: httpStatusOf(error),
      headers: { 'Content-Type': 'application/json' },
      body: `${JSON.stringify({ message: messageOf(error) })}\n`,
    }),
    ...more,
  })
  const at = server.addresses[0]
  return Object.assign(server, { port: at !== undefined && 'port' in at ? at.port : 0 })
}

interface Talk {
  readonly send: readonly (string | { readonly waitMs: number } | 'half-close')[]
}

/** Speaks raw bytes and returns everything that came back, dates blanked. */
function talk(port: number, { send }: Talk): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    let got = ''
    socket.on('data', (chunk) => (got += chunk.toString('latin1')))
    socket.on('error', (error) => (got += `<${messageOf(error)}>`))
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(got.replaceAll(/Date: [^\r]*\r\n/g, '')))
    void (async () => {
      for (const step of send) {
        if (typeof step === 'object') await clock.sleep(step.waitMs)
        else if (step === 'half-close') socket.end()
        else socket.write(step)
      }
    })()
  })
}

const echo: HttpHandler = async (request, response) => {
  if (!request.path.startsWith('/attach')) return response.send(404, 'page not found\n')
  await readJson(request, { empty: {} })
  const stream = hijackDocker(request, response, { contentType: 'application/vnd.docker.raw-stream' })
  stream.on('data', (chunk: Buffer) => stream.write(`<${chunk.toString()}>`))
  stream.on('end', () => stream.end('bye'))
}

const upgraded = [
  'HTTP/1.1 101 UPGRADED',
  'Content-Type: application/vnd.docker.raw-stream',
  'Connection: Upgrade',
  'Upgrade: tcp',
  '',
  '<hello>bye',
].join('\r\n')

const plain = ['HTTP/1.1 200 OK', 'Content-Type: application/vnd.docker.raw-stream', '', '<hello>bye'].join('\r\n')

test('an attach hands over the raw connection, byte for byte, and output follows the end of input', async () => {
  await using server = await serve(echo)
  const ask = 'POST /attach HTTP/1.1\r\nHost: x\r\n'
  const up = 'Connection: Upgrade\r\nUpgrade: tcp\r\n'
  const rows: [string, readonly (string | { waitMs: number } | 'half-close')[], string][] = [
    ['input in the same packet as the head', [`${ask}${up}\r\nhello`, { waitMs: 30 }, 'half-close'], upgraded],
    [
      'a body before the input',
      [`${ask}${up}Content-Length: 2\r\n\r\n{}hello`, { waitMs: 30 }, 'half-close'],
      upgraded,
    ],
    [
      'a body in pieces',
      [
        `${ask}${up}Content-Length: 2\r\n\r\n{`,
        { waitMs: 20 },
        '}',
        { waitMs: 20 },
        'hello',
        { waitMs: 20 },
        'half-close',
      ],
      upgraded,
    ],
    [
      'a chunked body',
      [`${ask}${up}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nhello`, { waitMs: 30 }, 'half-close'],
      upgraded,
    ],
    ['no Upgrade header', [`${ask}\r\n`, { waitMs: 20 }, 'hello', { waitMs: 20 }, 'half-close'], plain],
    ['no Upgrade header and early input', [`${ask}\r\nhello`, { waitMs: 30 }, 'half-close'], plain],
    ['no Upgrade header and a body', [`${ask}Content-Length: 2\r\n\r\n{}hello`, { waitMs: 30 }, 'half-close'], plain],
  ]
  for (const [name, send, want] of rows) {
    assert.equal(await talk(server.port, { send }), want, name)
  }
})

test('a failure before the hijack is an ordinary reply', async () => {
  await using server = await serve(async (request) => {
    await readJson(request, { empty: {} })
    throw new Error('no such container')
  })
  const got = await talk(server.port, {
    send: ['POST /attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'],
  })
  const want =
    'HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 32\r\nConnection: close\r\n\r\n{"message":"no such container"}\n'
  assert.equal(got, want)
})

test('an Upgrade header on an ordinary route changes nothing', async () => {
  await using server = await serve(async (request, response) => response.send(200, await readBody(request)))
  const got = await talk(server.port, {
    send: ['POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc'],
  })
  assert.match(got, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nabc$/)
})

test('each message of a stream is a chunk of its own, and the head comes before any data', async () => {
  const gate = Promise.withResolvers<void>()
  await using server = await serve(async (_request, response) => {
    response.start(200, { 'Content-Type': 'application/json' })
    await gate.promise
    await response.writeJson({ status: 'a<b' })
    await response.writeJson({ status: 'c' })
  })
  const talking = talk(server.port, { send: ['GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'] })
  await clock.sleep(30)
  gate.resolve()
  const head =
    'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
  assert.equal(await talking, `${head}11\r\n{"status":"a<b"}\n\r\nf\r\n{"status":"c"}\n\r\n0\r\n\r\n`)
})

test('a client that goes away during a silent stream aborts the request', async () => {
  const gone = Promise.withResolvers<unknown>()
  await using server = await serve(async (request, response) => {
    response.start(200)
    request.signal.addEventListener('abort', () => gone.resolve(request.signal.reason))
    await response.closed
  })
  const socket = connect({ host: '127.0.0.1', port: server.port })
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  socket.end()
  assert.ok(isErrorKind(await gone.promise, 'cancelled'))
})

test('an early refusal reaches a client that is still uploading', async () => {
  await using server = await serve((_request, response) => response.send(413, 'too much\n'), {
    limits: { drainBytesMax: 1024 * 1024 },
  })
  const socket = connect({ host: '127.0.0.1', port: server.port })
  let got = ''
  socket.on('data', (chunk) => (got += chunk.toString()))
  socket.on('error', () => {})
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${64 * 1024 * 1024}\r\n\r\n`)
  const piece = Buffer.alloc(64 * 1024)
  const feed = (): void => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', feed)
  feed()
  await new Promise((resolve) => socket.once('close', resolve))
  assert.match(got, /^HTTP\/1.1 413 /)
})

test('who still reads the body of a request that was answered is told when no more of it is waited for', async () => {
  const read = Promise.withResolvers<unknown>()
  await using server = await serve(
    (request, response) => {
      const body = readBody(request)
      response.send(504, 'late')
      return body.then(read.resolve, read.resolve) as Promise<void>
    },
    { limits: { drainMs: 50 } },
  )
  const got = talk(server.port, { send: ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{'] })
  assert.ok(isErrorKind(await read.promise, 'cancelled'))
  assert.match(await got, /^HTTP\/1.1 504 [^]*late$/)
})

test('a reply may stream while the body is still arriving', async () => {
  await using server = await serve(async (request, response) => {
    response.start(200)
    for await (const chunk of request.body) await response.write(`<${String(chunk)}>`)
  })
  const socket = connect({ host: '127.0.0.1', port: server.port })
  const next = (): Promise<string> =>
    new Promise((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na')
  let got = await next()
  while (!got.includes('<a>')) got += await next()
  socket.write('b')
  got = await next()
  while (!got.includes('<b>')) got += await next()
  socket.destroy()
})

test('100-continue is sent when the body is wanted, and not when it is refused', async () => {
  await using server = await serve(async (request, response) => {
    if (request.path === '/no') return response.send(403, 'no\n')
    response.send(200, await readBody(request))
  })
  const head = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`
  assert.match(
    await talk(server.port, { send: [head('/yes'), { waitMs: 30 }, 'ok'] }),
    /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK[^]*ok$/,
  )
  assert.match(await talk(server.port, { send: [head('/no')] }), /^HTTP\/1.1 403 Forbidden\r\n/)
})

test('bodies are bounded and must be one JSON document', async () => {
  await using server = await serve(async (request, response) =>
    response.json(200, await readJson(request, { bytesMax: 64, empty: null })),
  )
  const post = (body: string): Promise<string> =>
    talk(server.port, {
      send: [`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    })
  const rows: [string, number, string][] = [
    ['', 200, 'null\n'],
    ['{"a":1,"a":2}', 200, '{"a":2}\n'],
    ['{"a":1} x', 400, '{"message":"unexpected content after JSON"}\n'],
    ['x'.repeat(65), 413, '{"message":"request body is larger than 64 bytes"}\n'],
  ]
  for (const [body, status, answer] of rows) {
    const got = await post(body)
    assert.ok(got.startsWith(`HTTP/1.1 ${status} `) && got.endsWith(`\r\n\r\n${answer}`), got)
  }
})

test('a stopping server finishes what runs, tells endless replies and leaves no socket behind', async () => {
  await using directory = await files.temporaryDirectory('http-')
  const path = `${directory.path}/api.sock`
  const server = await serve(
    async (request, response) => {
      response.start(200)
      await new Promise((resolve) => server.stopping.addEventListener('abort', resolve))
      assert.equal(request.signal.aborted, false)
      response.push('end')
    },
    { listeners: [{ unix: path, mode: 0o660 }] },
  )
  assert.equal((await files.lstat(path)).mode & 0o777, 0o660)
  const socket = connect({ path })
  let got = ''
  socket.on('data', (chunk) => (got += chunk.toString()))
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  await server.close()
  assert.match(got, /end\r\n0\r\n\r\n$/)
  assert.equal(await files.exists(path), false)
})

test('a socket file is taken over only when nobody listens on it', async () => {
  await using directory = await files.temporaryDirectory('http-')
  const path = `${directory.path}/api.sock`
  const first = await serve(echo, { listeners: [{ unix: path }] })
  await assert.rejects(serve(echo, { listeners: [{ unix: path }] }), (error) => isErrorKind(error, 'conflict'))
  await files.link(path, `${path}.kept`)
  await first.close()
  await files.rename(`${path}.kept`, path)
  await using second = await serve(echo, { listeners: [{ unix: path }] })
  assert.equal(second.addresses.length, 1)
  await assert.rejects(serve(echo, { listeners: [{ unix: `${directory.path}/${'x'.repeat(120)}` }] }), (error) =>
    isErrorKind(error, 'invalid'),
  )
  await files.write(`${directory.path}/file`, 'mine')
  await assert.rejects(serve(echo, { listeners: [{ unix: `${directory.path}/file` }] }), (error) =>
    isErrorKind(error, 'invalid'),
  )
})

test('HTTP/2 with prior knowledge goes its own way on the same plain port', async () => {
  const opened = Promise.withResolvers<string>()
  await using server = await serve((_request, response) => response.send(200, 'one'), {
    onHttp2Preface: (socket) => {
      socket.once('data', (chunk: Buffer) => {
        opened.resolve(chunk.toString())
        socket.destroy()
      })
    },
  })
  const http1 = talk(server.port, {
    send: ['GET / HT', { waitMs: 20 }, 'TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  })
  assert.match(await http1, /^HTTP\/1.1 200 OK[^]*one$/)
  const patch = talk(server.port, {
    send: ['P', { waitMs: 20 }, 'OST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'],
  })
  assert.match(await patch, /^HTTP\/1.1 200 OK/)
  await talk(server.port, { send: ['PRI * HTTP/2.0\r\n', { waitMs: 20 }, '\r\nSM\r\n\r\n'] })
  assert.equal(await opened.promise, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
})

test('broken framing before a hijack is refused, a body that is cut or never comes fails', async () => {
  const failures: string[] = []
  const read: HttpHandler = async (request) => {
    try {
      await readBody(request, { clock })
    } catch (error) {
      failures.push((error as { code: string }).code)
      throw error
    }
  }
  await using server = await serve(read)
  await using hasty = await serve(read, { limits: { bodyIdleMs: 40 } })
  const ask = 'POST /attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n'
  const chunked = `${ask}Transfer-Encoding: chunked\r\n\r\n`
  for (const bytes of [`${chunked}zz\r\n`, `${chunked}2\r\nabc\r\n`, `${chunked}${'1'.repeat(5000)}`]) {
    assert.match(await talk(server.port, { send: [bytes] }), /^HTTP\/1.1 400 /, bytes.slice(-20))
  }
  await talk(server.port, { send: [`${ask}Content-Length: 5\r\n\r\nab`, { waitMs: 10 }, 'half-close'] })
  assert.match(await talk(hasty.port, { send: [`${ask}Content-Length: 5\r\n\r\nab`] }), /^HTTP\/1.1 504 /)
  assert.deepEqual(failures, [
    'HTTP_BODY_INVALID',
    'HTTP_BODY_INVALID',
    'HTTP_BODY_INVALID',
    'HTTP_BODY_CUT',
    'HTTP_BODY_IDLE',
  ])
})

test('a stream that fails midway is cut, or ends with the error that the caller words', async () => {
  const fail: HttpHandler = async (_request, response) => {
    response.start(200)
    await response.write('part')
    throw new Error('disk full')
  }
  const ask = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  await using cutting = await serve(fail)
  const cut = await talk(cutting.port, { send: [ask] })
  assert.ok(!cut.includes('\r\n0\r\n'), cut)
  await using telling = await serve(fail, { encodeLateError: (error) => `{"error":"${messageOf(error)}"}\n` })
  assert.match(await talk(telling.port, { send: [ask] }), /part\r\n[^]*\{"error":"disk full"\}\n\r\n0\r\n\r\n$/)
})

test('a handler that answers nothing does not leave its client waiting', async () => {
  await using server = await serve(() => {})
  assert.match(
    await talk(server.port, { send: ['GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'] }),
    /^HTTP\/1.1 500 /,
  )
})

test('a slow or oversized head is cut', async () => {
  await using server = await serve((_request, response) => response.send(200), { limits: { headerBytesMax: 2048 } })
  const got = await talk(server.port, { send: [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(4096)}\r\n\r\n`] })
  assert.match(got, /^HTTP\/1.1 431 /)
})
