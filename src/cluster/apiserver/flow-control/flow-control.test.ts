import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { flowSchemas as schemaResource, priorityLevelConfigurations } from '#clients/kubernetes/resources.table.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { PriorityLevelConfiguration } from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { createApiServer } from '../api-server.ts'
import { serveApi } from '../served-api.contract.ts'
import { dealHand, flowHash } from './deal-hand.ts'
import { FlowControl, Refusal, type SeatRequest, type Turn } from './flow-control.ts'
import { RetryAfter } from './retry-after.ts'
import { shareSeats } from './share-seats.ts'

interface Bench extends AsyncDisposable {
  readonly clock: SimClock
  readonly flows: FlowControl
  readonly metrics: Metrics
}

const level = (shares: number, more: object = {}): object => ({
  type: 'Limited',
  limited: {
    nominalConcurrencyShares: shares * 1000,
    lendablePercent: 0,
    limitResponse: { type: 'Queue', queuing: { queues: 8, handSize: 2, queueLengthLimit: 3 } },
    ...more,
  },
})

/** A server whose own levels have next to no shares, with one level and schema for each named group. */
async function bench(seats: number, levels: Readonly<Record<string, object>>): Promise<Bench> {
  const clock = new SimClock()
  const store = createMemoryStore({ clock })
  const api = await createApiServer({ clock, random: createSeededRandom(1), store, log: silentLog })
  const admin = api.clientFor({ name: 'a', groups: ['system:masters'] })
  for (const name of ['system', 'node-high', 'leader-election', 'workload-high', 'workload-low', 'global-default'])
    await admin.delete(priorityLevelConfigurations, name)
  for (const [name, spec] of Object.entries(levels)) {
    await admin.create(priorityLevelConfigurations, { metadata: { name }, spec } as never)
    await admin.create(schemaResource, {
      metadata: { name },
      spec: {
        priorityLevelConfiguration: { name },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'Group', group: { name } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    } as never)
  }
  const metrics = createMetrics()
  const flows = new FlowControl({ cache: api.parts.cache, clock, metrics, seats })
  return {
    clock,
    flows,
    metrics,
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

const ask = (
  group: string,
  more: Partial<SeatRequest> & { readonly user?: SeatRequest['user'] } = {},
): SeatRequest => ({
  user: { name: `of-${group}`, groups: [group] },
  info: { isResource: false, verb: 'get', group: '', resource: '', subresource: '', namespace: '' },
  path: '/x',
  seats: () => 1,
  waitMs: 15_000,
  signal: () => new AbortController().signal,
  ...more,
})

const isTurn = (value: unknown): value is Turn =>
  value !== undefined && !(value instanceof Promise) && !(value instanceof Refusal)

function fill(flows: FlowControl, group: string): Turn[] {
  const turns: Turn[] = []
  for (;;) {
    const turn = flows.enter(ask(group))
    if (!isTurn(turn)) return turns
    turns.push(turn)
  }
}

test('a level runs as many requests as it has seats; the next one waits for the first that ends', async () => {
  await using it = await bench(10, { one: level(50, { borrowingLimitPercent: 0 }), two: level(50) })
  const turns: Turn[] = []
  for (let count = 0; count < 5; count++) turns.push((await it.flows.enter(ask('one'))) as Turn)
  const sixth = it.flows.enter(ask('one'))
  assert.ok(sixth instanceof Promise)
  turns[0]?.release()
  assert.ok(isTurn(await sixth))
  assert.match(it.metrics.render(), /current_executing_seats\{priority_level="one"\} 5/)
})

test('a full queue refuses at once, a long wait and a client that leaves end in a refusal', async () => {
  await using it = await bench(2, { one: level(50, { borrowingLimitPercent: 0 }) })
  fill(it.flows, 'one')
  const gone = new AbortController()
  const results = Array.from({ length: 3 }, () => it.flows.enter(ask('one', { signal: () => gone.signal })))
  // Two queues of three are one flow's hand; three of six places are taken by the loop that filled the level.
  const waiting = [it.flows.enter(ask('one')), it.flows.enter(ask('one'))]
  const refused = it.flows.enter(ask('one'))
  assert.ok((await refused) instanceof Refusal)
  gone.abort()
  for (const result of results) assert.ok((await result) instanceof Refusal)
  await it.clock.advance(16_000)
  for (const result of waiting) assert.ok((await result) instanceof Refusal)
  assert.match(
    it.metrics.render(),
    /rejected_requests_total\{priority_level="one",flow_schema="one",reason="time-out"\} [1-9]/,
  )
})

test('what one level does not use is lent, except what it never lends, and comes back to it first', async () => {
  await using it = await bench(10, { rich: level(50, { lendablePercent: 40 }), poor: level(50) })
  const borrowed = fill(it.flows, 'poor')
  assert.equal(borrowed.length, 5 + 2)
  const own = fill(it.flows, 'rich')
  assert.equal(own.length, 3)
  const [wantsBack, wantsMore] = [it.flows.enter(ask('rich')), it.flows.enter(ask('poor'))]
  const order: string[] = []
  void Promise.resolve(wantsBack).then(() => order.push('rich'))
  void Promise.resolve(wantsMore).then(() => order.push('poor'))
  for (const turn of borrowed.slice(0, 2)) turn.release()
  await it.clock.advance(1)
  assert.equal(order[0], 'rich')
})

test('a level may not borrow beyond its limit', async () => {
  await using it = await bench(100, {
    small: level(10, { borrowingLimitPercent: 50 }),
    big: level(90, { lendablePercent: 100 }),
  })
  assert.equal(fill(it.flows, 'small').length, 15)
})

test('exempt requests and those beyond every schema are never starved', async () => {
  await using it = await bench(1, { one: level(50) })
  fill(it.flows, 'one')
  for (let count = 0; count < 50; count++) assert.ok(isTurn(it.flows.enter(ask('system:masters'))))
  assert.ok(isTurn(it.flows.enter(ask('nobody-knows'))))
})

test('a busy user does not keep another one of the same level waiting', async () => {
  const queuing = { type: 'Queue', queuing: { queues: 64, handSize: 4, queueLengthLimit: 100 } }
  await using it = await bench(4, { one: level(50, { borrowingLimitPercent: 0, limitResponse: queuing }) })
  const user = (name: string): Partial<SeatRequest> => ({ user: { name, groups: ['one'] } })
  const running: Turn[] = []
  const ended: string[] = []
  const start = (name: string): void => {
    const entered = it.flows.enter(ask('one', user(name)))
    void Promise.resolve(entered).then((turn) => {
      if (!isTurn(turn)) return
      running.push(turn)
      ended.push(name)
    })
  }
  for (let count = 0; count < 200; count++) start('elephant')
  for (let count = 0; count < 4; count++) start('mouse')
  for (let round = 0; round < 8; round++) {
    await it.clock.advance(10)
    for (const turn of running.splice(0)) turn.release()
  }
  await it.clock.advance(10)
  assert.equal(ended.filter((name) => name === 'mouse').length, 4, ended.join(' '))
})

test('changed objects count with the next request, and those who wait keep their places', async () => {
  const clock = new SimClock()
  await using store = createMemoryStore({ clock })
  await using api = await createApiServer({ clock, random: createSeededRandom(1), store, log: silentLog })
  const admin = api.clientFor({ name: 'a', groups: ['system:masters'] })
  const flows = new FlowControl({ cache: api.parts.cache, clock, metrics: createMetrics(), seats: 10 })
  const before = flows.enter(ask('system:authenticated')) as Turn
  assert.equal(before.level.name, 'global-default')
  const rules = [
    {
      subjects: [{ kind: 'Group', group: { name: 'system:authenticated' } }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    },
  ]
  const spec = { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 2, rules }
  await admin.create(schemaResource, { metadata: { name: 'all' }, spec } as never)
  assert.equal((flows.enter(ask('system:authenticated')) as Turn).level.name, 'exempt')
  await admin.delete(schemaResource, 'all')
  assert.equal((flows.enter(ask('system:authenticated')) as Turn).level.name, 'global-default')
})

test('shares of the default levels are those of upstream at 600 requests', () => {
  const one = (name: string, spec: object): PriorityLevelConfiguration =>
    ({ metadata: { name }, spec }) as unknown as PriorityLevelConfiguration
  const shares = shareSeats(
    [
      one('a', level(30, { lendablePercent: 33 })),
      one('b', level(215, { borrowingLimitPercent: 10 })),
      one('e', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0 } }),
    ],
    600,
  )
  assert.deepEqual(shares.get('a'), { nominal: 74, least: 50, most: 674 })
  assert.deepEqual(shares.get('b'), { nominal: 527, least: 527, most: 580 })
  assert.deepEqual(shares.get('e'), { nominal: 0, least: 0, most: 600 })
})

test('a hand has as many different queues as asked for, always the same', () => {
  const flow = fc.tuple(fc.string(), fc.string())
  const size = fc.tuple(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 10 }))
  fc.assert(
    fc.property(flow, size, ([schema, user], [queues, handSize]) => {
      const hand = dealHand(flowHash(schema, user), queues, handSize)
      assert.equal(new Set(hand).size, Math.min(handSize, queues))
      assert.ok(hand.every((queue) => queue >= 0 && queue < queues))
      assert.deepEqual(dealHand(flowHash(schema, user), queues, handSize), hand)
    }),
  )
  const used = new Set(Array.from({ length: 500 }, (_, user) => dealHand(flowHash('s', `user-${user}`), 64, 6)).flat())
  assert.equal(used.size, 64, 'every queue is somebody’s')
})

test('clients are sent away for longer while refusals go on, and for less when they end', () => {
  const advice = new RetryAfter()
  const seen: number[] = []
  for (let second = 100; second < 110; second++) {
    for (let count = 0; count < 100; count++) advice.refuse(second * 1000)
    seen.push(advice.seconds)
  }
  assert.equal(seen[0], 1)
  assert.ok((seen.at(-1) ?? 0) >= 4, seen.join(' '))
  for (let second = 200; second < 240; second += 2) advice.refuse(second * 1000)
  assert.equal(advice.seconds, 1)
})

test('answers tell the schema and level by uid, and an overloaded level answers 429 with Retry-After', async () => {
  await using served = await serveApi({ config: { requestsMax: 1 } })
  const schema = await served.admin.get(schemaResource, 'global-default')
  const priority = await served.admin.get(priorityLevelConfigurations, 'global-default')
  const reply = await served.call('/version', { token: 'user-token' })
  await reply.discard()
  assert.equal(reply.header('x-kubernetes-pf-flowschema-uid'), schema.metadata.uid)
  assert.equal(reply.header('x-kubernetes-pf-prioritylevel-uid'), priority.metadata.uid)
  await served.admin.patch(
    priorityLevelConfigurations,
    'global-default',
    { spec: { limited: { limitResponse: { type: 'Reject', queuing: null } } } },
    { type: 'merge' },
  )
  const turns = fill(served.api.parts.flowControl, 'system:authenticated')
  const full = await served.call('/version', { token: 'user-token' })
  assert.equal(full.status, 429)
  assert.equal(full.header('retry-after'), '1')
  assert.equal(await full.text(), 'Too many requests, please try again later.\n')
  assert.equal((await served.call('/version', { token: 'admin-token' })).status, 200, 'administrators are exempt')
  for (const turn of turns) turn.release()
  assert.equal((await served.call('/version', { token: 'user-token' })).status, 200)
})

test('a watch gives its seat back when it has begun', async () => {
  await using served = await serveApi()
  await using watch = await served.call('/api/v1/namespaces?watch=1', { token: 'admin-token' })
  assert.equal(watch.status, 200)
  assert.match(served.api.parts.metrics.render(), /current_executing_requests\{priority_level="exempt"\} 0/)
})
