/** What only a wire shows: compression, health, metrics, and clients that are slow, many, deep or malformed. */
import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { type TLSSocket, connect as connectTls } from 'node:tls'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { defaultHttpLimits } from '#kit/http/limits.ts'
import { parseQuery } from '#kit/http/query.ts'
import type { Clock } from '#world/ports/clock.ts'
import { createClock } from '#world/real/clock.ts'
import type { ApiObject } from '../api-object.ts'
import { answerHealth, HealthMeter } from '../documents/health-checks.ts'
import { startSteps } from '../documents/start-steps.table.ts'
import { inProcessUser } from '../in-process/in-process-request.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }
const token = 'admin-token'
const path = '/api/v1/namespaces/default/configmaps'

async function fill(served: ServedApi, count: number, bytes: number): Promise<void> {
  for (let index = 0; index < count; index++)
    await served.admin.create(configMaps, {
      metadata: { name: `c${index}`, ...place },
      data: { text: `${index}`.padEnd(bytes, 'x') },
    } as never)
}

test('answers above 128 KiB are compressed for clients that take it, others and watches are not', async () => {
  await using served = await serveApi({ config: { compression: 'always' } })
  await fill(served, 40, 20_000)
  const gzip = { 'accept-encoding': 'br, gzip' }
  const plain = await (await served.call(path, { token })).bytes()
  const list = await served.call(path, { token, headers: gzip })
  assert.equal(list.header('content-encoding'), 'gzip')
  const packed = await list.bytes()
  assert.ok(packed.length < plain.length / 5)
  assert.deepEqual(JSON.parse(gunzipSync(packed).toString()), JSON.parse(plain.toString()))
  const small = await served.call(`${path}/c0`, { token, headers: gzip })
  assert.equal(small.header('content-encoding'), undefined)
  await small.discard()
  const document = await served.call('/openapi/v3/api/v1', { token, headers: gzip })
  assert.equal(document.header('content-encoding'), 'gzip')
  await document.discard()
  await using watch = await served.call(`${path}?watch=1`, { token, headers: gzip })
  assert.equal(watch.header('content-encoding'), undefined)
  const refused = await served.call(path, { token, headers: { 'accept-encoding': 'gzipped, identity' } })
  assert.equal(refused.header('content-encoding'), undefined)
  await refused.discard()
})

test('clients on this machine are not compressed for', async () => {
  await using served = await serveApi()
  await fill(served, 10, 20_000)
  const list = await served.call(path, { token, headers: { 'accept-encoding': 'gzip' } })
  assert.equal(list.header('content-encoding'), undefined)
  await list.discard()
})

test('health endpoints name their checks, leave some out, and answer for one', async () => {
  await using served = await serveApi()
  const text = async (where: string): Promise<string> => (await served.call(where, { token })).text()
  assert.equal(await text('/livez'), 'ok')
  const steps = startSteps.map((name) => `[+]${name} ok\n`).join('')
  assert.equal(await text('/livez?verbose'), `[+]ping ok\n[+]log ok\n[+]etcd ok\n${steps}livez check passed\n`)
  assert.equal(
    await text('/readyz?verbose&exclude=etcd&exclude=no'),
    `[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\n[+]etcd-readiness ok\n[+]informer-sync ok\n${steps}warn: some health checks cannot be excluded: no matches for "no"\nreadyz check passed\n`,
  )
  assert.equal(await text('/readyz/informer-sync'), 'ok')
  assert.equal(await text('/livez/poststarthook/rbac/bootstrap-roles'), 'ok')
  assert.equal((await served.call('/livez/informer-sync', { token })).status, 404)
})

test('a time limit that nobody can read is refused before anything else', async () => {
  await using served = await serveApi()
  const answers = async (where: string, more: { readonly token?: string } = {}): Promise<unknown> => {
    const reply = await served.call(where, more)
    const text = await reply.text()
    return reply.status === 200 ? 200 : [reply.status, (JSON.parse(text) as Refusal).message]
  }
  const refusal = 'invalid timeout specified in the request URL - time:'
  assert.deepEqual(await answers('/version?timeout=soon'), [400, `${refusal} invalid duration "soon"`])
  assert.deepEqual(await answers(`${path}?timeout=5`, { token }), [400, `${refusal} missing unit in duration "5"`])
  for (const timeout of ['', '0s', '3m', '1h']) assert.equal(await answers(`/version?timeout=${timeout}`), 200)
  await using watch = await served.call(`${path}?watch=1&timeout=soon&timeoutSeconds=1`, { token })
  assert.equal(watch.status, 200)
})

test('a bookmark in a table is a row that says where the watch stands', async () => {
  await using served = await serveApi()
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const query =
    'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1'
  await using watch = await served.call(`/api/v1/namespaces/default/pods?${query}`, { token, headers: table })
  const [line = ''] = (await watch.text()).split('\n')
  const { type, object } = JSON.parse(line) as { type: string; object: { rows: { cells: unknown; object: unknown }[] } }
  assert.equal(type, 'BOOKMARK')
  const [row] = object.rows
  const resourceVersion = (row?.object as ApiObject | undefined)?.metadata.resourceVersion
  const none = '<none>'
  assert.deepEqual(object.rows, [
    {
      cells: ['', '0/0', '', '0', '<unknown>', none, none, none, none],
      object: {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } },
      },
    },
  ])
})

test('a check that fails is told without its reason', () => {
  const sent: unknown[] = []
  const response = { send: (...args: unknown[]) => void sent.push(args[0], args[1]) } as never
  const http = { query: { all: () => [], has: () => false } } as never
  const checks = [
    { name: 'ping', isHealthy: () => true },
    { name: 'etcd', isHealthy: () => false },
  ]
  const meter = new HealthMeter()
  answerHealth({ checks, meter }, { http, response }, ['livez'])
  assert.deepEqual(sent, [500, '[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n'])
  answerHealth({ checks, meter }, { http, response }, ['livez', 'ping'])
  const series = meter
    .render()
    .split('\n')
    .filter((line) => line.startsWith('kubernetes_'))
  assert.deepEqual(series, [
    'kubernetes_healthcheck{name="ping",type="livez"} 1',
    'kubernetes_healthcheck{name="etcd",type="livez"} 0',
    'kubernetes_healthchecks_total{name="ping",status="success",type="livez"} 2',
    'kubernetes_healthchecks_total{name="etcd",status="error",type="livez"} 1',
  ])
})

test('component statuses are asked of the components when they are read', async () => {
  let isRunning = false
  await using served = await serveApi({ deps: { components: [{ name: 'scheduler', isHealthy: () => isRunning }] } })
  const statusesOf = async (): Promise<unknown> => {
    const list = (await (await served.call('/api/v1/componentstatuses', { token })).json()) as {
      readonly items: readonly {
        readonly metadata: { readonly name: string }
        readonly conditions: readonly object[]
      }[]
    }
    return list.items.map(({ metadata, conditions }) => [metadata.name, conditions])
  }
  const etcd = ['etcd-0', [{ type: 'Healthy', status: 'True', message: 'ok' }]]
  assert.deepEqual(await statusesOf(), [
    etcd,
    ['scheduler', [{ type: 'Healthy', status: 'False', error: 'the component does not run' }]],
  ])
  isRunning = true
  assert.deepEqual(await statusesOf(), [etcd, ['scheduler', etcd[1]]])
  const none = await served.call('/api/v1/componentstatuses/none', { token })
  assert.equal(((await none.json()) as Refusal).message, 'componentstatus "none" not found')
})

test('metrics count requests by what they were, and made-up resources make no series', async () => {
  await using served = await serveApi()
  await fill(served, 3, 10)
  for (const where of [path, `${path}/c0`, `${path}/none`, '/livez'])
    await (await served.call(where, { token })).discard()
  for (let index = 0; index < 300; index++)
    await (await served.call(`/apis/made.up/v${index}/things`, { token })).discard()
  await using _watch = await served.call(`${path}?watch=1`, { token })
  const text = await (await served.call('/metrics', { token })).text()
  const value = (series: string): number =>
    Number(new RegExp(`^${series.replaceAll(/[{}]/g, String.raw`\$&`)} (\\S+)$`, 'm').exec(text)?.[1])
  const of = (verb: string, scope: string, code: number): string =>
    `apiserver_request_total{verb="${verb}",group="",version="v1",resource="configmaps",subresource="",scope="${scope}",component="apiserver",code="${code}"}`
  assert.equal(value(of('LIST', 'namespace', 200)), 1)
  assert.equal(value(of('GET', 'resource', 200)), 1)
  assert.equal(value(of('GET', 'resource', 404)), 1)
  assert.equal(value('apiserver_longrunning_requests{verb="WATCH",resource="configmaps",subresource=""}'), 1)
  assert.equal(value('apiserver_current_inflight_requests{request_kind="readOnly"}'), 1)
  assert.equal(value('apiserver_storage_objects{resource="configmaps"}'), 4)
  assert.match(text, /apiserver_request_duration_seconds_bucket\{verb="LIST",.*le="0.005"\}/)
  assert.ok(value('authentication_attempts{result="success"}') > 300)
  assert.match(text, /kubernetes_build_info\{major="1",minor="36"/)
  assert.equal(text.includes('made.up'), false)
  assert.equal((await served.call('/debug/pprof/', { token })).status, 404)
})

interface Refusal {
  readonly code: number
  readonly reason: string
  readonly message: string
}

async function refusalOf(
  served: ServedApi,
  body: Buffer | string,
  type: string = 'application/json',
): Promise<Refusal> {
  const reply = await served.call(path, { method: 'POST', token, body, headers: { 'content-type': type } })
  const status = (await reply.json()) as Refusal & { readonly kind: string }
  assert.equal(status.kind, 'Status')
  assert.equal(status.code, reply.status)
  return status
}

test('bodies that are huge, deep, cut off or no protobuf get a Status, and the server goes on', async () => {
  await using served = await serveApi()
  const huge = await refusalOf(served, Buffer.alloc(4 * 1024 * 1024, 0x20))
  assert.deepEqual([huge.code, huge.reason], [413, 'RequestEntityTooLarge'])
  const deep = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d"},"x":${'['.repeat(1_000_000)}`
  assert.equal((await refusalOf(served, deep)).code, 400)
  assert.equal((await refusalOf(served, '{"apiVersion":"v1","kind":"ConfigMap"')).code, 400)
  assert.equal((await refusalOf(served, 'x: [', 'application/yaml')).code, 400)
  const protobuf = 'application/vnd.kubernetes.protobuf'
  const magic = Buffer.from('k8s\0')
  for (const rest of [
    Buffer.alloc(0),
    Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    Buffer.alloc(1000, 0xff),
    Buffer.alloc(1000, 0x0b),
  ]) {
    const { code } = await refusalOf(served, Buffer.concat([magic, rest]), protobuf)
    assert.ok(code === 400 || code === 415 || code === 422, `${code} for ${rest.subarray(0, 8).toString('hex')}`)
  }
  assert.equal((await refusalOf(served, 'no magic', protobuf)).code, 400)
  assert.equal((await refusalOf(served, '{}', 'text/csv')).code, 415)
  assert.equal((await served.call('/readyz')).status, 200)
})

/** A clock that tells of each timer of `ms` milliseconds: when it is set, and when it has rung. */
function tellingClock(ms: number, told: { readonly onSet?: () => void; readonly onRing?: () => void }): Clock {
  const clock = createClock()
  const setTimer: Clock['setTimer'] = (delayMs, fn) => {
    if (delayMs === ms) told.onSet?.()
    return clock.setTimer(delayMs, () => {
      fn()
      if (delayMs === ms) told.onRing?.()
    })
  }
  return { ...clock, setTimer }
}

/** Asks over HTTP/1.1 and reads nothing of the answer for now. */
async function askWithoutReading(port: number, head: string): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  socket.on('error', () => {})
  socket.pause()
  socket.write(`${head} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`)
  return socket
}

/** What comes until the other side ends. */
async function restOf(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  await ended
  return Buffer.concat(chunks).toString()
}

for (const [limit, { query, ms }] of Object.entries({
  'its connection may stand still': { query: '', ms: 300 },
  'it gave itself': { query: '?timeout=700ms', ms: 700 },
}))
  test(`a client that does not read its list is cut off after the time that ${limit}`, async () => {
    const cut = Promise.withResolvers<void>()
    const httpClock = tellingClock(ms, { onRing: cut.resolve })
    await using served = await serveApi({ limits: query === '' ? { writeStallMs: ms } : {}, httpClock })
    await fill(served, 60, 900_000)
    const socket = await askWithoutReading(served.port, `GET ${path}${query}`)
    socket.write('\r\n')
    await cut.promise
    const { length } = await restOf(socket)
    assert.ok(length < 60 * 900_000, `${length} bytes came`)
    assert.equal((await served.call('/readyz')).status, 200)
  })

test('clients that do not read their lists hold a piece each, not a list', async () => {
  const [clients, writeStallMs] = [20, 600_000]
  const stalled = Promise.withResolvers<void>()
  let waiting = 0
  const httpClock = tellingClock(writeStallMs, { onSet: () => ++waiting === clients && stalled.resolve() })
  await using served = await serveApi({ limits: { writeStallMs, stopGraceMs: 200 }, httpClock })
  await fill(served, 30, 900_000)
  const before = process.memoryUsage().arrayBuffers
  const sockets = await Promise.all(
    Array.from({ length: clients }, () => askWithoutReading(served.port, `GET ${path}`)),
  )
  for (const socket of sockets) socket.write('\r\n')
  await stalled.promise
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < (clients * 30 * 900_000) / 4, `${grown} bytes for ${clients} clients`)
  for (const socket of sockets) socket.destroy()
})

test('a body that does not come in the time of its request is answered with 504, on both protocols', async () => {
  await using served = await serveApi({ limits: { stopGraceMs: 200, drainMs: 200 } })
  const socket = await askWithoutReading(served.port, `POST ${path}?timeout=100ms`)
  socket.write('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
  const answer = await restOf(socket)
  assert.match(answer, /^HTTP\/1\.1 504 /)
  const refused = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Timeout: request did not complete within the allotted timeout',
    reason: 'Timeout',
    details: {},
    code: 504,
  }
  assert.deepEqual(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), refused)
  const session = connectHttp2(served.url, { ca: served.authorities.users.certificate })
  const stream = session.request({
    ':method': 'POST',
    ':path': `${path}?timeout=100ms`,
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
  })
  stream.on('error', () => {})
  stream.write('{')
  const closed = new Promise((resolve) => stream.once('close', resolve))
  let text = ''
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await closed
  assert.deepEqual(JSON.parse(text), refused)
  session.destroy()
})

test('nothing is done for a client that has gone before its turn', async () => {
  await using served = await serveApi()
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gone' } })
  for (const ended of [true, false]) {
    const request = {
      [inProcessUser]: { name: 'admin', groups: ['system:masters'] },
      method: 'POST',
      target: path,
      path,
      query: parseQuery(path),
      headers: {},
      body: Readable.from([Buffer.from(body)], { objectMode: false }),
      limits: defaultHttpLimits,
      assertComplete: () => {},
    }
    const setDeadline = (): Disposable => ({ [Symbol.dispose]: () => {} })
    const response = { ended, started: false, setHeader: () => {}, send: () => {}, setDeadline }
    await served.api.handler(request as never, response as never)
    const found = await served.call(`${path}/gone`, { token })
    assert.equal(found.status, ended ? 404 : 200)
    await found.discard()
  }
})

test('two thousand idle watches cost little memory, and all of them hear of a change', async () => {
  await using served = await serveApi({ limits: { stopGraceMs: 200 } })
  const sessions = [0, 1].map(() => connectHttp2(served.url, { ca: served.authorities.users.certificate }))
  const before = process.memoryUsage().rss
  const headers = {
    ':path': `${path}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Dw`,
    authorization: `Bearer ${token}`,
  }
  const watches = sessions.flatMap((session) => Array.from({ length: 1000 }, () => session.request(headers)))
  await Promise.all(watches.map((watch) => new Promise((resolve) => watch.once('response', resolve))))
  const grown = process.memoryUsage().rss - before
  assert.ok(grown < watches.length * 128 * 1024, `${grown} bytes for both ends of ${watches.length} watches`)
  const heard = watches.map(
    (watch) => new Promise<string>((resolve) => watch.once('data', (chunk: Buffer) => resolve(chunk.toString()))),
  )
  await served.admin.create(configMaps, { metadata: { name: 'w', ...place } } as never)
  for (const text of await Promise.all(heard)) assert.ok(text.startsWith('{"type":"A'), text)
  for (const session of sessions) session.destroy()
})
