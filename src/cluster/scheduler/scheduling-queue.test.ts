import assert from 'node:assert/strict'
import test from 'node:test'
import { prioritySort } from './plugins/priority-sort.ts'
import { schedulingGates } from './plugins/scheduling-gates.ts'
import type { Plugin } from './plugin.ts'
import { type PodRecord, recordOf } from './pod-record.ts'
import { AmountReader } from './resource-amounts.ts'
import { SchedulingQueue } from './scheduling-queue.ts'
import { type PodShape, somePod } from './scheduling.contract.ts'
import { noObjects } from './cluster-objects.ts'

const fussy: Plugin = { name: 'Fussy', hints: { 'pod-deleted': true } }
const record = (name: string, shape: PodShape = {}): PodRecord => recordOf(somePod(name, shape), new AmountReader())

function makeQueue(): SchedulingQueue {
  return new SchedulingQueue({
    compare: prioritySort.compare ?? (() => 0),
    pluginsOf: () => [schedulingGates, fussy],
    gate: (pod) => {
      const no = schedulingGates.preEnqueue?.(pod, noObjects)
      return no === undefined ? undefined : { plugin: schedulingGates.name, rejection: no }
    },
  })
}

const popAll = (queue: SchedulingQueue, nowMs: number): string[] => {
  const names: string[] = []
  for (let pod = queue.pop(nowMs); pod !== undefined; pod = queue.pop(nowMs)) names.push(pod.record.name)
  return names
}

test('higher priority goes first, then who has waited longer', () => {
  const queue = makeQueue()
  queue.add(record('old'), 0)
  queue.add(record('new'), 1)
  queue.add(record('vip', { spec: { priority: 5 } }), 2)
  assert.deepEqual(popAll(queue, 3), ['vip', 'old', 'new'])
})

test('a pod without a node waits for a change that its plugin cares about, and out its back-off', () => {
  const queue = makeQueue()
  queue.add(record('a'), 0)
  const popped = queue.pop(0)
  assert.ok(popped !== undefined)
  queue.putAside(popped, new Set(['Fussy']), 0)
  assert.equal(queue.pop(100), undefined)
  queue.onChange({ kind: 'node-added' }, 100)
  assert.deepEqual(queue.counts, { active: 0, backoff: 0, unschedulable: 1, gated: 0 })
  queue.onChange({ kind: 'pod-deleted' }, 100)
  assert.deepEqual(queue.counts, { active: 0, backoff: 1, unschedulable: 0, gated: 0 })
  assert.deepEqual(popAll(queue, 1000), ['a'])
})

test('after five minutes a pod is tried again in any case', () => {
  const queue = makeQueue()
  queue.add(record('a'), 0)
  const popped = queue.pop(0)
  assert.ok(popped !== undefined)
  queue.putAside(popped, new Set(['Fussy']), 0)
  assert.equal(queue.nextWakeMs(), 300_000)
  assert.deepEqual(popAll(queue, 299_999), [])
  assert.deepEqual(popAll(queue, 300_000), ['a'])
})

test('after an error the back-off doubles up to ten seconds and is never cut short', () => {
  const queue = makeQueue()
  queue.add(record('a'), 0)
  let nowMs = 0
  for (const waitMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const popped = queue.pop(nowMs)
    assert.ok(popped !== undefined)
    queue.retryLater(popped, nowMs)
    assert.equal(queue.pop(nowMs + waitMs - 1), undefined)
    nowMs += waitMs
  }
})

test('a gated pod comes in when its gates are gone', () => {
  const queue = makeQueue()
  queue.add(record('a', { spec: { schedulingGates: [{ name: 'g' }] } }), 0)
  assert.deepEqual(popAll(queue, 0), [])
  assert.equal(queue.counts.gated, 1)
  queue.update(record('a'), { kind: 'own-pod-changed' }, 1)
  assert.deepEqual(popAll(queue, 1), ['a'])
})

test('a deleted pod is not handed out, also when it comes again', () => {
  const queue = makeQueue()
  queue.add(record('a'), 0)
  queue.add(record('b'), 0)
  queue.delete('uid-a')
  assert.deepEqual(queue.counts.active, 1)
  queue.add(record('a'), 1)
  assert.deepEqual(popAll(queue, 1), ['b', 'a'])
})
