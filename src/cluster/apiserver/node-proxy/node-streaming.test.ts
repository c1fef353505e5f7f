import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { nodes, pods } from '#clients/kubernetes/resources.table.ts'
import { createHttpClient } from '#kit/http/client.ts'
import { issueCertificate } from '#kit/tls/issue-certificate.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { noValidation } from '../writes/object-validation.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'
import { type Kubelet, startKubelet } from './kubelet.contract.ts'
import { createNodeConnection } from './node-connection.ts'
import { createNodeStreaming } from './node-streaming.ts'

const clock = createClock()
const place = { namespace: 'default' }
const path = '/api/v1/namespaces/default/pods/p'

interface Bench extends AsyncDisposable {
  readonly served: ServedApi
  readonly kubelet: Kubelet
  /** A kubeconfig of an administrator. */
  readonly kubeconfig: string
}

async function bench(kubeletPort?: number): Promise<Bench> {
  await using scope = new AsyncDisposableStack()
  const kubelet = scope.use(await startKubelet())
  const connection = scope.use(createNodeConnection({ clock }))
  const client = scope.use(createHttpClient({ clock }))
  const streaming = createNodeStreaming({ nodes: connection, client, isAllowed: () => true })
  const served = scope.use(
    await serveApi({ deps: { streaming, validation: noValidation }, limits: { stopGraceMs: 100 } }),
  )
  const { admin } = served
  const daemonEndpoints = { kubeletEndpoint: { Port: kubeletPort ?? kubelet.port } }
  await admin.create(nodes, { metadata: { name: 'n1' } } as never)
  const node = await admin.get(nodes, 'n1')
  await admin.updateStatus(nodes, {
    ...node,
    status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints },
  } as never)
  const container = (name: string): object => ({ name, image: 'i', ports: [{ containerPort: kubelet.port }] })
  const make = async (name: string, spec: object): Promise<unknown> =>
    admin.create(pods, { metadata: { name, ...place }, spec } as never)
  await admin.create(
    { ...pods, resource: 'serviceaccounts', kind: 'ServiceAccount' } as never,
    { metadata: { name: 'default', ...place } } as never,
  )
  await make('p', {
    nodeName: 'n1',
    containers: [container('c')],
    initContainers: [container('waiting'), container('gone'), container('refused')],
  })
  await make('two', { nodeName: 'n1', containers: [container('a'), container('b')] })
  await make('unplaced', { containers: [container('c')] })
  await make('lost', { nodeName: 'n9', containers: [container('c')] })
  const live = await admin.get(pods, 'p', place)
  await admin.updateStatus(
    pods,
    {
      ...live,
      status: { podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }], phase: 'Running', containerStatuses: [] },
    } as never,
    place,
  )
  const folder = scope.use(await createFiles().temporaryDirectory('gantry-edge-'))
  const own = issueCertificate({ clock, random: createRandom() }, served.authorities.users, {
    commonName: 'admin',
    organizations: ['system:masters'],
  })
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const kubeconfig = `${folder.path}/kubeconfig`
  await createFiles().write(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'c',
          cluster: { server: served.url, 'certificate-authority-data': base64(served.authorities.users.certificate) },
        },
      ],
      users: [
        { name: 'u', user: { 'client-certificate-data': base64(own.certificate), 'client-key-data': base64(own.key) } },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  const owned = scope.move()
  return { served, kubelet, kubeconfig, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function messageOf(served: ServedApi, where: string): Promise<string> {
  const reply = await served.call(where, { token: 'admin-token' })
  const body = (await reply.json()) as { readonly message: string; readonly code: number }
  assert.equal(body.code, reply.status)
  return `${reply.status} ${body.message}`
}

test('logs come from the kubelet with the options that were asked for', async () => {
  await using it = await bench()
  const reply = await it.served.call(
    `${path}/log?tailLines=2&timestamps=true&sinceTime=2026-01-01T00:00:00Z&limitBytes=9`,
    { token: 'admin-token' },
  )
  assert.equal(reply.header('content-type'), 'text/plain')
  assert.equal(await reply.text(), 'line 3\nline 4\n')
  const [request] = it.kubelet.seen
  assert.equal(request?.path, '/containerLogs/default/p/c')
  assert.deepEqual(
    ['tailLines', 'timestamps', 'sinceTime', 'limitBytes', 'stream'].map((name) => request?.query.get(name)),
    ['2', 'true', '2026-01-01T00:00:00Z', '9', 'All'],
  )
  const followed = await it.served.call(`${path}/log?follow=true&tailLines=1`, { token: 'admin-token' })
  assert.equal(await followed.text(), 'line 4\nlater\n')
})

test('a client that stops following lets go of the kubelet', async () => {
  await using it = await bench()
  const reply = await it.served.call(`${path}/log?follow=true&sinceSeconds=9`, { token: 'admin-token' })
  for await (const chunk of reply.body as AsyncIterable<Buffer>) if (chunk.includes('later')) break
  await reply[Symbol.asyncDispose]()
  const [request] = it.kubelet.seen
  await new Promise<void>((resolve) => {
    if (request?.signal.aborted === true) resolve()
    else request?.signal.addEventListener('abort', () => resolve())
  })
})

for (const [what, query, message] of [
  ['a container that is not there', 'p/log?container=x', '400 container x is not valid for pod p'],
  [
    'no container where there are two',
    'two/log',
    '400 a container name must be specified for pod two, choose one of: [a b]',
  ],
  [
    'a container that waits',
    'p/log?container=waiting',
    '400 container "waiting" in pod "p" is waiting to start: ContainerCreating',
  ],
  [
    'a previous container that there was not',
    'p/log?previous=true',
    '400 previous terminated container "c" in pod "p" not found',
  ],
  [
    'a container that the kubelet does not know',
    'p/log?container=gone',
    '404 the server could not find the requested resource ( pods/log p)',
  ],
  ['a pod that is not there', 'none/log', '404 pods "none" not found'],
  ['a node that is not there', 'lost/log', '404 nodes "n9" not found'],
  [
    'negative lines',
    'p/log?tailLines=-1',
    '422 PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'no bytes',
    'p/log?limitBytes=0',
    '422 PodLogOptions "p" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
  ],
  ['a number that is none', 'p/log?tailLines=x', '400 strconv.ParseInt: parsing "x": invalid syntax'],
  ['an exec without upgrade', 'p/exec?command=ls', '400 Upgrade request required'],
  ['an exec in a pod without node', 'unplaced/exec?command=ls', '400 pod unplaced does not have a host assigned'],
  ['a malformed proxy name', 'a:b:c:d/proxy/', '400 invalid pod request "a:b:c:d"'],
] as const)
  test(`${what} is refused in upstream’s words`, async () => {
    await using it = await bench()
    assert.equal(await messageOf(it.served, `/api/v1/namespaces/default/pods/${query}`), message)
  })

test('a pod without node has an empty log, and a kubelet that is down is named', async () => {
  await using it = await bench(1)
  assert.equal(
    (await it.served.call('/api/v1/namespaces/default/pods/unplaced/log', { token: 'admin-token' })).status,
    204,
  )
  assert.equal(
    await messageOf(it.served, `${path}/log`),
    '500 Get "https://127.0.0.1:1/containerLogs/default/p/c?stream=All": dial tcp 127.0.0.1:1: connect: connection refused',
  )
})

test('whoever may only get a pod’s streams may not open them', async () => {
  await using it = await bench()
  for (const method of ['GET', 'POST']) {
    const reply = await it.served.call(`${path}/exec?command=ls`, { method, token: 'user-token' })
    assert.equal(reply.status, 403)
    await reply.discard()
  }
})

test('requests through pods and nodes arrive as they were sent, and redirects stay within the proxy', async () => {
  await using it = await bench()
  const { served, kubelet } = it
  const node = await served.call('/api/v1/nodes/n1/proxy/stats/a%2Fb?x=1', {
    token: 'admin-token',
    method: 'PUT',
    body: 'x',
  })
  assert.equal(await node.text(), 'kubelet PUT /stats/a%2Fb?x=1')
  assert.equal(node.header('location'), '/api/v1/nodes/n1/proxy/elsewhere')
  const pod = await served.call(`/api/v1/namespaces/default/pods/https:p:${kubelet.port}/proxy`, {
    token: 'admin-token',
  })
  assert.equal(pod.status, 301)
  assert.equal(pod.header('location'), `/api/v1/namespaces/default/pods/https:p:${kubelet.port}/proxy/`)
  assert.equal(kubelet.seen.at(-1)?.headers.authorization, undefined)
})

/** A WebSocket of the administrator. */
function socketTo(served: ServedApi, target: string, protocol: string): WebSocket {
  const headers = { authorization: 'Bearer admin-token' }
  return new WebSocket(`${served.url.replace('https', 'wss')}${target}`, [protocol], {
    headers,
    ca: served.authorities.users.certificate,
  })
}

function channelsOf(socket: WebSocket): Promise<Readonly<Record<number, string>>> {
  const channels: Record<number, string> = {}
  socket.on('message', (data: Buffer) => {
    const number = data[0] ?? 0
    channels[number] = `${channels[number] ?? ''}${data.subarray(1).toString()}`
  })
  return new Promise((resolve, reject) => {
    socket.once('close', () => resolve(channels))
    socket.once('error', reject)
  })
}

for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
  test(`exec over WebSocket ${protocol}: input, output, errors and exit codes`, async () => {
    await using it = await bench()
    const exit = socketTo(it.served, `${path}/exec?command=exit&command=3&stdout=true&stderr=true`, protocol)
    const ended = await channelsOf(exit)
    assert.equal(ended[2], 'going\n')
    assert.match(ended[3] ?? '', /"reason":"ExitCode","message":"3"/)
    if (protocol.startsWith('v4')) return
    const cat = socketTo(it.served, `${path}/exec?command=cat&stdin=true&stdout=true`, protocol)
    cat.once('open', () => {
      cat.send(Buffer.from('\0hello '))
      cat.send(Buffer.from('\0there'))
      cat.send(Buffer.from([255, 0]))
    })
    assert.deepEqual(await channelsOf(cat), { 1: 'hello there', 3: '{"metadata":{},"status":"Success"}' })
    const size = socketTo(it.served, `${path}/exec?command=size&stdout=true&tty=true`, protocol)
    size.once('open', () => size.send(Buffer.from('\x04{"Width":80,"Height":24}')))
    assert.equal((await channelsOf(size))[1], '{"Width":80,"Height":24}')
  })

test('a client that does not read stops the command, and gets everything once it reads', async () => {
  await using it = await bench()
  const total = 96 * 1024 * 1024
  const socket = socketTo(it.served, `${path}/exec?command=flood&command=${total}&stdout=true`, 'v5.channel.k8s.io')
  let received = 0
  socket.on('message', (data: Buffer) => {
    if (data[0] === 1) received += data.length - 1
  })
  socket.once('open', () => socket.pause())
  for (let before = -1; before < it.kubelet.floodedBytes() || before <= 0; await clock.sleep(200))
    before = it.kubelet.floodedBytes()
  assert.ok(it.kubelet.floodedBytes() < 48 * 1024 * 1024, `${it.kubelet.floodedBytes()} bytes went out`)
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  assert.equal(received, total)
})

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

const kubectl = '/usr/bin/kubectl'
const skip = existsSync(kubectl) ? false : 'kubectl is not installed here'

function runKubectl(
  kubeconfig: string,
  argv: readonly string[],
  options: { readonly input?: string; readonly env?: object } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      kubectl,
      ['--kubeconfig', kubeconfig, ...argv],
      { env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', ...options.env }, timeout: 120_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
    child.stdin?.end(options.input ?? '')
  })
}

for (const [name, env] of [
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
] as const) {
  test(`stock kubectl over ${name}: exec with input, output and exit code, attach, logs`, { skip }, async () => {
    await using it = await bench()
    const ran = (argv: readonly string[], input?: string): Promise<Ran> =>
      runKubectl(it.kubeconfig, argv, { env, ...(input === undefined ? {} : { input }) })
    const echo = await ran(['exec', 'p', '-c', 'c', '--', 'echo', 'one two'])
    assert.deepEqual(echo, { code: 0, out: 'one two\n', err: '' })
    const cat = await ran(['exec', '-i', 'p', '-c', 'c', '--', 'cat'], 'x'.repeat(300_000))
    assert.equal(cat.out.length, 300_000)
    const exit = await ran(['exec', 'p', '-c', 'c', '--', 'exit', '7'])
    assert.equal(exit.code, 7)
    assert.match(exit.err, /going\ncommand terminated with exit code 7/)
    const refused = await ran(['exec', 'p', '-c', 'refused', '--', 'x'])
    assert.match(refused.err, /you must specify at least 1 of stdin, stdout, stderr/)
    const logs = await ran(['logs', 'p', '-c', 'c', '--tail=1'])
    assert.equal(logs.out, 'line 4\n')
  })

  test(`stock kubectl over ${name}: port-forward carries connections both ways`, { skip }, async () => {
    await using it = await bench()
    const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
    await new Promise((resolve) => echo.once('listening', resolve))
    const { port } = echo.address() as AddressInfo
    const child = spawn(kubectl, ['--kubeconfig', it.kubeconfig, 'port-forward', 'pod/p', `:${port}`], {
      env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', ...env },
    })
    try {
      const local = await new Promise<number>((resolve, reject) => {
        child.stdout.on('data', (chunk: Buffer) => {
          const found = /127\.0\.0\.1:(\d+)/.exec(chunk.toString())
          if (found !== null) resolve(Number(found[1]))
        })
        child.stderr.on('data', (chunk: Buffer) => reject(new Error(chunk.toString())))
      })
      for (const text of ['first', 'y'.repeat(500_000)]) {
        const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true })
        const chunks: Buffer[] = []
        socket.on('data', (chunk: Buffer) => chunks.push(chunk))
        socket.end(text)
        await new Promise((resolve) => socket.once('end', resolve))
        assert.equal(Buffer.concat(chunks).toString(), text)
      }
    } finally {
      child.kill('SIGKILL')
      echo.close()
    }
  })
}
