import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiTime } from '#kit/reconcile/api-time.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { behaviourAnnotation, type LogText } from './pod-behaviour.ts'
import { podLog } from './pod-log.ts'

const startMs = 1_800_000_000_000

function podWith(status: object, logs?: readonly LogText[]): Pod {
  const annotations = logs === undefined ? {} : { [behaviourAnnotation]: JSON.stringify({ logs }) }
  return {
    metadata: { name: 'p', annotations },
    spec: { containers: [{ name: 'c', image: 'i' }] },
    status: { containerStatuses: [{ name: 'c', image: 'i', ...status }] },
  } as unknown as Pod
}

const at = (afterMs: number): string => apiTime(startMs + afterMs)
const running = { state: { running: { startedAt: at(0) } } }
const ended = { state: { terminated: { startedAt: at(0), finishedAt: at(2000) } } }
const restarted = { state: { running: { startedAt: at(9000) } }, lastState: ended.state }
const backingOff = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended.state }
const tick: LogText = { text: 'tick', afterMs: 1000, everyMs: 1000 }
const usual = 'simulated container c of image i has started'

interface Row {
  readonly title: string
  readonly pod: Pod
  readonly afterMs: number
  readonly previous?: boolean
  /** `AFTER TEXT`, in milliseconds after the start of the pod. */
  readonly lines: readonly string[] | string
  readonly isOver?: boolean
}

const rows: readonly Row[] = [
  { title: 'a line at the start', pod: podWith(running), afterMs: 0, lines: [`0 ${usual}`] },
  {
    title: 'what it says at its times',
    pod: podWith(running, ['a', tick]),
    afterMs: 2500,
    lines: ['0 a', '1000 tick', '2000 tick'],
  },
  { title: 'nothing, where it says so', pod: podWith(running, []), afterMs: 1000, lines: [] },
  {
    title: 'nothing after its end',
    pod: podWith(ended, [tick]),
    afterMs: 9000,
    lines: ['1000 tick', '2000 tick'],
    isOver: true,
  },
  {
    title: 'the run before',
    pod: podWith(restarted, ['x']),
    afterMs: 9000,
    previous: true,
    lines: ['0 x'],
    isOver: true,
  },
  { title: 'this run alone', pod: podWith(restarted, ['x']), afterMs: 9000, lines: ['9000 x'] },
  {
    title: 'the last run while it waits',
    pod: podWith(backingOff, ['x']),
    afterMs: 9000,
    lines: ['0 x'],
    isOver: true,
  },
  {
    title: 'no run before',
    pod: podWith(running),
    afterMs: 0,
    previous: true,
    lines: 'previous terminated container "c" in pod "p" not found',
  },
  {
    title: 'no run yet',
    pod: podWith({ state: { waiting: { reason: 'ErrImagePull' } } }),
    afterMs: 0,
    lines: 'container "c" in pod "p" is waiting to start: ErrImagePull',
  },
]

for (const { title, pod, afterMs, previous = false, lines, isOver = false } of rows) {
  test(`the log of a simulated container: ${title}`, () => {
    const log = podLog(pod, [], { container: 'c', previous, nowMs: startMs + afterMs })
    if ('problem' in log) {
      assert.equal(log.problem, lines)
      return
    }
    assert.deepEqual(
      log.lines.map(({ timeMs, text }) => `${timeMs - startMs} ${text}`),
      lines,
    )
    assert.equal(log.isOver, isOver)
  })
}

test('of a text that is written for ever the newest lines are kept', () => {
  const log = podLog(podWith(running, [{ text: 'x', everyMs: 1 }]), [], {
    container: 'c',
    previous: false,
    nowMs: startMs + 86_400_000,
  })
  assert.ok('lines' in log)
  assert.equal(log.lines.length, 10_000)
  assert.equal(log.lines.at(-1)?.timeMs, startMs + 86_400_000)
})
