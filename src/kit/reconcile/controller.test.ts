import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps, events } from '#clients/kubernetes/resources.table.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { createController } from './controller.ts'
import { watch } from './controller.ts'
import { startEventRecorder } from './event-recorder.ts'
import { failureOf, InMemoryApi } from './in-memory-api.contract.ts'
import { createInformerSet, type InformerSet } from './informer-set.ts'
import { startLeaderElection } from './leader-election.ts'
import { keyOf } from './object-key.ts'
import type { Plan } from './plan.ts'
import { seededRandom, VirtualClock } from './virtual-clock.contract.ts'

const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})

interface Bench extends AsyncDisposable {
  readonly api: InMemoryApi
  readonly clock: VirtualClock
  readonly informers: InformerSet
  start(reconcile: (key: string) => Plan): Promise<void>
}

function bench(): Bench {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  const deps = { client: api, clock, random: seededRandom(), log: silentLog }
  const informers = createInformerSet(deps)
  const recorder = startEventRecorder(deps, { component: 'test' })
  const owned: AsyncDisposable[] = [recorder, informers]
  return {
    api,
    clock,
    informers,
    async start(reconcile) {
      const informer = informers.of(configMaps)
      const watches = [watch(informer, (change) => [keyOf(change.object)])]
      owned.unshift(createController({ ...deps, informers, events: recorder }, { name: 'test', watches, reconcile }))
      await clock.advance(0)
    },
    async [Symbol.asyncDispose]() {
      for (const one of owned) await one[Symbol.asyncDispose]()
    },
  }
}

test('an informer resumes a watch that ends and misses nothing', async () => {
  await using on = bench()
  const informer = on.informers.of(configMaps)
  await on.clock.advance(0)
  await on.api.create(configMaps, map('a'))
  await on.clock.settle()
  on.api.endWatches()
  await on.clock.advance(5000)
  await on.api.create(configMaps, map('b'))
  await on.clock.settle()
  assert.deepEqual(informer.list('default').map(keyOf), ['default/a', 'default/b'])
})

test('a plan sees the results of the one before it, so nothing is created twice', async () => {
  await using on = bench()
  const informer = on.informers.of(configMaps)
  await on.start((key) => {
    if (key !== 'default/parent') return {}
    const children = informer.list('default').filter((object) => object.data?.['of'] === 'parent')
    if (children.length >= 3) return {}
    const child = { ...map(''), metadata: { generateName: 'child-', namespace: 'default' }, data: { of: 'parent' } }
    return { actions: [{ do: 'create', resource: configMaps, object: child }], lookAgainAfterMs: 1 }
  })
  await on.api.create(configMaps, map('parent'))
  await on.clock.advance(1000)
  assert.equal(on.api.all(configMaps).length, 4)
})

test('a conflict is planned anew; other failures are told and retried with a growing delay', async () => {
  await using on = bench()
  const informer = on.informers.of(configMaps)
  let failures = 0
  on.api.refuse = (verb) => {
    if (verb !== 'update' || failures >= 3) return undefined
    failures++
    return failures === 1 ? failureOf('Conflict', 'changed') : failureOf('Forbidden', 'no')
  }
  await on.start((key) => {
    const object = informer.get(key)
    if (object === undefined || object.data?.['done'] === 'yes') return {}
    const told = { failed: { type: 'Warning', reason: 'Failed', message: 'Error updating {name}: {error}' } } as const
    return {
      subject: object,
      actions: [{ do: 'update', resource: configMaps, object: { ...object, data: { done: 'yes' } }, told }],
    }
  })
  await on.api.create(configMaps, map('a'))
  await on.clock.advance(1000)
  assert.equal(on.api.all(configMaps)[0]?.data?.['done'], 'yes')
  const [event, ...rest] = on.api.all(events)
  assert.deepEqual(
    [event?.reason, event?.message, event?.count, event?.involvedObject.name, rest.length],
    ['Failed', 'Error updating a: no', 2, 'a', 0],
  )
})

test('after the first failure of a group of creates the rest is left, and the failure status is written', async () => {
  await using on = bench()
  on.api.refuse = (verb, _resource, object) =>
    verb === 'create' && object.metadata.name?.startsWith('child') === true
      ? failureOf('Forbidden', 'exceeded quota')
      : undefined
  const informer = on.informers.of(configMaps)
  let attempts = 0
  await on.start((key) => {
    const object = informer.get(key)
    if (object === undefined || attempts > 0) return {}
    attempts++
    const actions = [1, 2, 3, 4].map(
      (n) => ({ do: 'create', resource: configMaps, object: map(`child-${n}`) }) as const,
    )
    return {
      actions,
      status: {
        resource: configMaps,
        object,
        afterFailure: (failure) => ({ ...object, status: { failure: failure.message } }),
      },
    }
  })
  await on.api.create(configMaps, map('a'))
  await on.clock.advance(1000)
  assert.deepEqual((on.api.all(configMaps)[0] as { status?: unknown }).status, { failure: 'exceeded quota' })
})

test('many events that differ only in their message become one', async () => {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  await using recorder = startEventRecorder({ client: api, clock, log: silentLog }, { component: 'test' })
  for (let n = 0; n < 20; n++) {
    recorder.record(map('a'), { type: 'Warning', reason: 'Bad', message: `number ${n}` })
    await clock.advance(10)
  }
  await recorder.flush()
  assert.equal(api.all(events).length, 10)
  const last = api.all(events).at(-1)
  assert.deepEqual(
    [last?.count, last?.message, last?.reportingComponent],
    [11, '(combined from similar events): number 19', ''],
  )
  recorder.record(map('a'), { type: 'Warning', reason: 'Bad', message: 'number 3' })
  await recorder.flush()
  const third = api.all(events).find(({ message }) => message === 'number 3')
  assert.deepEqual([api.all(events).length, third?.count], [10, 2])
})

test('events about one object in one instant have names of their own: each is created at the first try', async () => {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  const tried: string[] = []
  api.refuse = (verb, _, object) => void tried.push(`${verb} ${object.metadata.name ?? ''}`)
  await using recorder = startEventRecorder({ client: api, clock, log: silentLog }, { component: 'test' })
  for (const reason of ['Pulled', 'Created', 'Started'])
    recorder.record(map('a'), { type: 'Normal', reason, message: reason })
  await recorder.flush()
  assert.deepEqual([tried.length, new Set(tried).size, api.all(events).length], [3, 3, 3])
})

test('an object reported about too often is told about again later, with all that was counted', async () => {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  await using recorder = startEventRecorder({ client: api, clock, log: silentLog }, { component: 'test' })
  const again = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) recorder.record(map('a'), { type: 'Warning', reason: 'Bad', message: 'the same' })
    await recorder.flush()
  }
  await again(40)
  assert.equal(api.all(events)[0]?.count, 25)
  await clock.advance(300_000)
  await again(1)
  assert.equal(api.all(events)[0]?.count, 41)
})

test('one candidate leads; when it goes the next takes over, and never two at once', async () => {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  const leading = new Set<string>()
  const join = (identity: string) =>
    startLeaderElection(
      { client: api, clock, random: seededRandom(identity.length), log: silentLog },
      {
        name: 'lock',
        namespace: 'kube-system',
        identity,
        lead: () => {
          leading.add(identity)
          assert.equal(leading.size, 1)
          return { [Symbol.asyncDispose]: async () => void leading.delete(identity) }
        },
      },
    )
  const one = join('one')
  await clock.advance(100)
  await using two = join('two-two')
  await clock.advance(60_000)
  assert.deepEqual([...leading], ['one'])
  await one[Symbol.asyncDispose]()
  await clock.advance(10_000)
  assert.deepEqual([[...leading], two.isLeader], [['two-two'], true])
})

test('a leader that cannot renew steps down before its lease runs out', async () => {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  let stoppedAtMs: number | undefined
  const lead = () => ({ [Symbol.asyncDispose]: async () => void (stoppedAtMs = clock.monotonicMs()) })
  await using election = startLeaderElection(
    { client: api, clock, random: seededRandom(), log: silentLog },
    { name: 'lock', namespace: 'kube-system', identity: 'one', lead },
  )
  await clock.advance(5000)
  assert.equal(election.isLeader, true)
  api.refuse = () => failureOf('ServiceUnavailable', 'away')
  const from = clock.monotonicMs()
  await clock.advance(20_000)
  assert.equal(election.isLeader, false)
  assert.ok((stoppedAtMs ?? Infinity) - from <= 15_000)
})
