/** A KMS plugin on a unix socket, for tests: it seals by turning bytes around, under a key that can be changed. */
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { encodeFields } from '#kit/grpc/encode-fields.ts'
import { grpcStatus } from '#kit/grpc/grpc-failure.ts'
import { framed, MessageAssembler } from '#kit/grpc/grpc-messages.ts'
import { WireReader } from '#spec/kubernetes/protobuf/wire-reader.ts'

export interface TestPlugin extends AsyncDisposable {
  readonly endpoint: string
  /** Methods that were called, by their last word. */
  readonly calls: string[]
  keyId: string
  healthz: string
  version: string
  /** A gRPC status with which every call fails; 0 for none. */
  failure: number
  /** Nothing is answered. */
  isSilent: boolean
}

const turned = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte) => byte ^ 0xff)

/** Starts a plugin on a socket. */
export async function startTestPlugin(path: string): Promise<TestPlugin> {
  const plugin = { keyId: 'key-1', healthz: 'ok', version: 'v2', failure: 0, isSilent: false, calls: [] as string[] }
  const answer = (method: string, message: Uint8Array): Buffer => {
    if (method === 'Status')
      return encodeFields([
        [1, plugin.version],
        [2, plugin.healthz],
        [3, plugin.keyId],
      ])
    if (method === 'Encrypt') {
      const note = encodeFields([
        [1, 'note.example.com'],
        [2, Buffer.from('n')],
      ])
      return Buffer.concat([
        encodeFields([
          [1, turned(firstField(message))],
          [2, plugin.keyId],
        ]),
        // An annotation: field 3, with its length.
        Buffer.from([0x1a, note.length]),
        note,
      ])
    }
    return encodeFields([[1, turned(firstField(message))]])
  }
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const method = String(headers[':path']).split('/').at(-1) ?? ''
    plugin.calls.push(method)
    stream.on('error', () => undefined)
    if (plugin.isSilent) return
    // As upstream's own plugin for tests insists.
    const failure = headers[':authority'] === 'localhost' ? plugin.failure : grpcStatus.invalidArgument
    serve(stream, failure, (message) => answer(method, message))
  })
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  return Object.assign(plugin, {
    endpoint: `unix://${path}`,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      const closed = close(server)
      for (const session of sessions) session.destroy()
      await closed
    },
  })
}

function close(server: Http2Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

function firstField(message: Uint8Array): Uint8Array {
  const reader = new WireReader(message)
  while (reader.next()) {
    if (reader.field === 1) return reader.bytes()
    reader.skip()
  }
  return Buffer.alloc(0)
}

function serve(stream: ServerHttp2Stream, status: number, answer: (message: Uint8Array) => Buffer): void {
  const assembler = new MessageAssembler(1024 * 1024)
  const messages: Buffer[] = []
  stream.on('data', (piece: Buffer) => void messages.push(...assembler.take(piece)))
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': String(status), ...(status === 0 ? {} : { 'grpc-message': 'not now' }) })
    })
    if (status === 0) stream.end(framed(answer(messages[0] ?? Buffer.alloc(0))))
    else stream.end()
  })
}
