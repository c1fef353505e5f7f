import assert from 'node:assert/strict'
import test from 'node:test'
import { eventsV1Events } from '#clients/kubernetes/resources.table.ts'
import { InMemoryApi } from '#kit/reconcile/in-memory-api.contract.ts'
import { VirtualClock } from '#kit/reconcile/virtual-clock.contract.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { startSchedulingEvents } from './record-scheduling-event.ts'
import { somePod } from './scheduling.contract.ts'

const version = (resourceVersion: string) => {
  const pod = somePod('p')
  return { ...pod, metadata: { ...pod.metadata, resourceVersion } }
}
const failed = {
  reporter: 'default-scheduler',
  type: 'Warning',
  reason: 'FailedScheduling',
  action: 'Scheduling',
} as const

test('what repeats about one version of a pod is a series, written when it begins and every half hour', async () => {
  const clock = new VirtualClock()
  const api = new InMemoryApi(clock)
  await using events = startSchedulingEvents({ client: api, clock, log: silentLog })
  const tell = async (resourceVersion: string, note: string): Promise<void> => {
    events.record({ pod: version(resourceVersion), ...failed, note })
    await clock.advance(0)
  }
  const counts = (): (number | undefined)[] => api.all(eventsV1Events).map(({ series }) => series?.count)
  await tell('1', 'no node')
  assert.deepEqual(counts(), [undefined])
  await tell('2', 'no node')
  assert.deepEqual(counts(), [undefined, undefined])
  await tell('2', 'no node')
  await tell('2', 'another note')
  await tell('2', 'no node')
  assert.deepEqual(counts(), [undefined, 2])
  for (let minutes = 0; minutes < 30; minutes += 5) {
    await clock.advance(300_000)
    await tell('2', 'no node')
  }
  assert.deepEqual(counts(), [undefined, 10])
  await clock.advance(360_000)
  await tell('2', 'no node')
  assert.deepEqual(counts(), [undefined, 10, undefined])
})
