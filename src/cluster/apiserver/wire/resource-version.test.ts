import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import type { ObjectMeta } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import { createClock } from '#world/real/clock.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'
import { versionProblem } from './resource-version.ts'

for (const [text, why] of [
  ['0', undefined],
  ['18446744073709551615', undefined],
  ['18446744073709551616', 'strconv.ParseUint: parsing "18446744073709551616": value out of range'],
  ['-1', 'strconv.ParseUint: parsing "-1": invalid syntax'],
  ['1.5', 'strconv.ParseUint: parsing "1.5": invalid syntax'],
  ['0x10', 'strconv.ParseUint: parsing "0x10": invalid syntax'],
] as const) {
  test(`${text} is ${why === undefined ? 'a' : 'no'} version`, () => assert.equal(versionProblem(text), why))
}

async function refusal(
  served: ServedApi,
  rest: string,
  { method = 'GET', body }: { readonly method?: string; readonly body?: object } = {},
): Promise<string> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const path = `/api/v1/namespaces/default/configmaps${rest}`
  const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }
  const reply = await served.call(path, { method, token: 'admin-token', headers, ...sent })
  const { reason = 'no reason', message = '' } = (await reply.json()) as { reason?: string; message?: string }
  return `${reply.status} ${reason} ${message}`
}

const parsing = 'strconv.ParseUint: parsing "abc": invalid syntax'

test('a version that is no number is the server’s failure but for lists', async () => {
  await using served = await serveApi()
  await served.admin.create(configMaps, { metadata: { name: 'a', namespace: 'default' } } as never)
  const query = '?resourceVersion=abc'
  const said = `resourceVersion: Invalid value: "abc": ${parsing}`
  assert.equal(await refusal(served, query), `400 BadRequest invalid resource version: ${said}`)
  assert.equal(await refusal(served, `/a${query}`), `500 no reason ${said}`)
  assert.equal(await refusal(served, `${query}&watch=1`), `500 no reason ${said}`)
  const body = { metadata: { name: 'a', resourceVersion: 'abc' } }
  assert.equal(await refusal(served, '/a', { method: 'PUT', body }), `500 no reason ${parsing}`)
})

test('a watch from a version that is not there yet tells what comes after it', async () => {
  await using served = await serveApi()
  const { admin } = served
  const configMap = (name: string): never => ({ metadata: { name, namespace: 'default' } }) as never
  const revisionOf = ({ metadata }: { readonly metadata?: ObjectMeta }): number => Number(metadata?.resourceVersion)
  const ahead = revisionOf(await admin.create(configMaps, configMap('a'))) + 3
  const { promise: first, resolve } = Promise.withResolvers<string>()
  const watching = (async () => {
    for await (const { object } of admin.watch(configMaps, { resourceVersion: String(ahead) }))
      return resolve(String(object.metadata?.name))
  })()
  let created = ''
  for (let count = 0, revision = 0; revision <= ahead; count++) {
    created = `b${count}`
    revision = revisionOf(await admin.create(configMaps, configMap(created)))
  }
  assert.equal(await first, created)
  await watching
})

/** A clock by which the three seconds for which a version is waited are over at once. */
function hastyClock(): Clock {
  const clock = createClock()
  const setTimer: Clock['setTimer'] = (ms, fn) => clock.setTimer(ms === 3000 ? 1 : ms, fn)
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    setTimer,
  }
}

const decoder = new TextDecoder()

/** The only event of a watch. */
async function onlyEvent(served: ServedApi, query: string, accept = 'application/json'): Promise<string> {
  const path = `/api/v1/configmaps?watch=true&${query}`
  const reply = await served.call(path, { token: 'admin-token', headers: { accept } })
  assert.equal(reply.status, 200)
  return decoder.decode(await reply.bytes())
}

test('a watch of which the version is gone or does not come says so by an event, and names the version as it was asked for', async () => {
  await using served = await serveApi({ deps: { clock: hastyClock() } })
  const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
  const ahead = JSON.parse(await onlyEvent(served, `${initial}&resourceVersion=9007199254740993`)) as {
    readonly type: string
    readonly object: { readonly code: number; readonly message: string }
  }
  assert.deepEqual([ahead.type, ahead.object.code], ['ERROR', 504])
  assert.match(ahead.object.message, /^Timeout: Too large resource version: 9007199254740993, current: \d+$/)
  const gone = JSON.parse(await onlyEvent(served, 'resourceVersion=1')) as typeof ahead
  assert.deepEqual([gone.type, gone.object.code], ['ERROR', 410])
  assert.match(gone.object.message, /^too old resource version: 1 \(\d+\)$/)
  const binary = await onlyEvent(served, 'resourceVersion=1', 'application/vnd.kubernetes.protobuf')
  assert.match(binary, /ERROR[^]*k8s\0[^]*Status[^]*too old resource version: 1/)
})
