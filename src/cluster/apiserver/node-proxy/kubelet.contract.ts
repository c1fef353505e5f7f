/**
 * The streaming half of a kubelet for tests: logs, exec and attach over SPDY/3.1 and WebSocket `v4`, port-forward over SPDY,
 * with the paths, queries and headers that real kubelets have. Commands are its own: `cat`, `echo`, `exit N`, `size`, `flood N`.
 */
import { connect } from 'node:net'
import type { HttpHandler, HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { createHttpServer } from '#kit/http/server.ts'
import { switchProtocol } from '#kit/http/hijack.ts'
import { SpdySession, type SpdyStream } from '#kit/http/spdy-session.ts'
import { acceptWebSocket, wantsWebSocket } from '#kit/http/websocket.ts'
import { createAuthority, issueCertificate } from '#kit/tls/issue-certificate.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'

export interface Kubelet extends AsyncDisposable {
  readonly port: number
  readonly seen: HttpRequest[]
  /** Bytes that the last `flood` got rid of. */
  floodedBytes(): number
}

/** Where a command's bytes go. */
interface Terminal {
  out(chunk: Buffer | string): boolean
  drained(): Promise<void>
  error(text: string): void
  /** Ends with a Status. */
  exit(status: object): void
}

interface Command {
  input(chunk: Buffer): void
  end(): void
  resize(size: string): void
}

const succeeded = { metadata: {}, status: 'Success' }
const failed = (code: string): object => ({
  metadata: {},
  status: 'Failure',
  reason: 'NonZeroExitCode',
  message: `command terminated with non-zero exit code: exit status ${code}`,
  details: { causes: [{ reason: 'ExitCode', message: code }] },
})

const flooded = new WeakMap<HttpRequest, { bytes: number }>()

function run(request: HttpRequest, terminal: Terminal, hasInput: boolean): Command {
  const [name = '', ...words] = request.query.all('command')
  const command: Command = { input: () => {}, end: () => {}, resize: () => {} }
  const exit = (status: object): void => void setImmediate(() => terminal.exit(status))
  if (name === 'cat' && hasInput)
    return { ...command, input: (chunk) => void terminal.out(chunk), end: () => exit(succeeded) }
  if (name === 'size') {
    return {
      ...command,
      resize: (size) => {
        terminal.out(size)
        exit(succeeded)
      },
    }
  }
  if (name === 'flood') {
    const count = { bytes: 0 }
    flooded.set(request, count)
    void (async () => {
      const total = Number(words[0])
      while (count.bytes < total) {
        const size = Math.min(total - count.bytes, 65_536)
        count.bytes += size
        if (!terminal.out(Buffer.alloc(size, 0x78))) await terminal.drained()
      }
      exit(succeeded)
    })()
    return command
  }
  if (name === 'echo') terminal.out(`${words.join(' ')}\n`)
  if (name === 'exit') terminal.error('going\n')
  exit(name === 'exit' ? failed(words[0] ?? '1') : succeeded)
  return command
}

function execSpdy(request: HttpRequest, response: HttpResponse): void {
  const asked = request.headerValues('x-stream-protocol-version').flatMap((text) => text.split(/\s*,\s*/))
  const protocol = ['v4.channel.k8s.io', 'v3.channel.k8s.io'].find((one) => asked.includes(one)) ?? 'channel.k8s.io'
  const connection = switchProtocol(response, 'SPDY/3.1', { 'X-Stream-Protocol-Version': protocol })
  const streams = new Map<string, SpdyStream>()
  const { query } = request
  const wanted = [
    'error',
    ...(['input', 'output', 'error'] as const).flatMap((name) =>
      query.get(name) === '1' && !(name === 'error' && query.get('tty') === '1')
        ? [{ input: 'stdin', output: 'stdout', error: 'stderr' }[name]]
        : [],
    ),
    ...(query.get('tty') === '1' ? ['resize'] : []),
  ]
  const session = new SpdySession(connection, {
    isServer: true,
    onStream: (stream) => {
      stream.reply()
      streams.set(stream.headers['streamtype'] ?? '', stream)
      if (wanted.every((name) => streams.has(name))) start()
    },
  })
  const start = (): void => {
    const stdout = streams.get('stdout')
    const terminal: Terminal = {
      out: (chunk) => stdout?.write(chunk) ?? true,
      drained: () => new Promise((resolve) => stdout?.once('drain', resolve)),
      error: (text) => void streams.get('stderr')?.write(text),
      exit: (status) => {
        for (const name of ['stdout', 'stderr']) streams.get(name)?.end()
        streams.get('error')?.end(JSON.stringify(status))
      },
    }
    const command = run(request, terminal, streams.has('stdin'))
    streams.get('stdin')?.on('data', (chunk: Buffer) => command.input(chunk))
    streams.get('stdin')?.on('end', () => command.end())
    streams.get('resize')?.on('data', (chunk: Buffer) => command.resize(chunk.toString()))
  }
  void session.closed
}

async function execWebSocket(request: HttpRequest, response: HttpResponse): Promise<void> {
  const socket = await acceptWebSocket(request, response, { protocols: ['v4.channel.k8s.io'] })
  const send = (channel: number, chunk: Buffer | string): boolean => {
    socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(chunk)]))
    return true
  }
  const terminal: Terminal = {
    out: (chunk) => send(1, chunk),
    drained: () => Promise.resolve(),
    error: (text) => void send(2, text),
    exit: (status) => {
      send(3, JSON.stringify(status))
      socket.close(1000)
    },
  }
  const command = run(request, terminal, request.query.get('input') === '1')
  socket.on('message', (data: Buffer) => {
    if (data[0] === 0) command.input(data.subarray(1))
    if (data[0] === 4) command.resize(data.subarray(1).toString())
  })
  await new Promise((resolve) => socket.once('close', resolve))
}

function portForward(response: HttpResponse): void {
  const connection = switchProtocol(response, 'SPDY/3.1', { 'X-Stream-Protocol-Version': 'portforward.k8s.io' })
  const pairs = new Map<string, { error?: SpdyStream; data?: SpdyStream }>()
  const session = new SpdySession(connection, {
    isServer: true,
    onStream: (stream) => {
      stream.reply()
      const { requestid = '', streamtype = '', port = '' } = stream.headers
      const pair = pairs.get(requestid) ?? {}
      pairs.set(requestid, Object.assign(pair, { [streamtype]: stream }))
      const { error, data } = pair
      if (error === undefined || data === undefined) return
      const target = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
      target.on('error', (cause) => {
        error.end(`error forwarding port ${port} to pod: ${cause.message}`)
        data.end()
      })
      target.once('connect', () => {
        target.pipe(data)
        data.pipe(target)
        target.once('end', () => error.end())
      })
    },
  })
  void session.closed
}

const logLines = Array.from({ length: 5 }, (_, index) => `line ${index}\n`)

async function sendLog({ query, path, signal }: HttpRequest, response: HttpResponse): Promise<void> {
  if (path.endsWith('/waiting'))
    return response.send(400, 'container "waiting" in pod "p" is waiting to start: ContainerCreating')
  if (query.get('previous') === 'true')
    return response.send(400, 'previous terminated container "c" in pod "p" not found')
  if (path.endsWith('/gone')) return response.send(404, 'gone')
  const tail = Number(query.get('tailLines') ?? logLines.length)
  response.start(200, { 'Content-Type': 'text/plain' })
  response.push(logLines.slice(logLines.length - tail).join(''))
  if (query.get('follow') === 'true') {
    await new Promise((resolve) => setTimeout(resolve, 50))
    response.push('later\n')
    if (query.get('sinceSeconds') === '9') await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  response.end()
}

const answer: HttpHandler = (request, response) => {
  const { path, upgrade } = request
  if (path.startsWith('/containerLogs/')) return sendLog(request, response)
  if (/^\/(?:exec|attach)\//.test(path)) {
    if (path.endsWith('/refused')) return response.send(400, 'you must specify at least 1 of stdin, stdout, stderr')
    return wantsWebSocket(request) ? execWebSocket(request, response) : execSpdy(request, response)
  }
  if (path.startsWith('/portForward/') && upgrade === 'spdy/3.1') return portForward(response)
  return response.send(200, `kubelet ${request.method} ${request.target}`, { Location: '/elsewhere' })
}

/** Starts one on this machine. */
export async function startKubelet(): Promise<Kubelet> {
  const parts = { clock: createClock(), random: createRandom() }
  const authority = createAuthority(parts, 'kubelet')
  const serving = issueCertificate(parts, authority, { commonName: 'node', addresses: ['127.0.0.1'] })
  const seen: HttpRequest[] = []
  const server = await createHttpServer({
    clock: parts.clock,
    listeners: [{ host: '127.0.0.1', port: 0, tls: { ...serving, clientCertificate: 'ask' } }],
    mayHijack: (_method, _target, { upgrade }) => upgrade !== undefined,
    handler: (request, response) => {
      seen.push(request)
      return answer(request, response)
    },
    encodeError: (error) => ({ status: 500, body: String(error) }),
    limits: { stopGraceMs: 100 },
  })
  const [address] = server.addresses
  const port = address !== undefined && 'port' in address ? address.port : 0
  const floodedBytes = (): number => seen.map((one) => flooded.get(one)?.bytes ?? 0).at(-1) ?? 0
  return { port, seen, floodedBytes, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
