import assert from 'node:assert/strict'
import test from 'node:test'
import { NodeTable } from './node-table.ts'
import { NominatedPods } from './nominated-pods.ts'
import type { ClusterChange } from './plugin.ts'
import { PodLedger } from './pod-ledger.ts'
import { recordOf } from './pod-record.ts'
import { somePod } from './scheduling.contract.ts'
import { SchedulingQueue } from './scheduling-queue.ts'

class Listening extends SchedulingQueue {
  readonly heard: string[] = []
  override onChange(change: ClusterChange): void {
    this.heard.push(`${change.kind} ${change.pod?.name ?? ''}`)
  }
}

test('others hear of a pod when the API says where it is, and of what it gives back later', () => {
  const queue = new Listening({ compare: () => 0, pluginsOf: () => [], gate: () => undefined })
  const table = new NodeTable()
  const ledger = new PodLedger({ table, queue, nominated: new NominatedPods(), isOurs: () => true, nowMs: () => 0 })
  const waiting = somePod('web', { cpu: '2' })
  ledger.take({ type: 'added', object: waiting })
  ledger.assume(recordOf(waiting, table.reader), 'a')
  assert.deepEqual(queue.heard, [])
  const bound = { ...waiting, spec: { ...waiting.spec, nodeName: 'a' } }
  ledger.take({ type: 'updated', object: bound, previous: waiting })
  ledger.take({ type: 'updated', object: bound, previous: bound })
  assert.deepEqual(queue.heard, ['pod-added web'])
  const relabelled = { ...bound, metadata: { ...bound.metadata, labels: { app: 'x' } } }
  ledger.take({ type: 'updated', object: relabelled, previous: bound })
  const shrunk = somePod('web', { cpu: '1', labels: { app: 'x' }, spec: { nodeName: 'a' } })
  ledger.take({
    type: 'updated',
    object: { ...shrunk, metadata: { ...shrunk.metadata, generation: 2 } },
    previous: relabelled,
  })
  ledger.take({ type: 'deleted', object: shrunk })
  assert.deepEqual(queue.heard, ['pod-added web', 'pod-changed web', 'pod-shrunk web', 'pod-deleted web'])
})
