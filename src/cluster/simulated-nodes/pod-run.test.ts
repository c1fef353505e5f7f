import assert from 'node:assert/strict'
import test from 'node:test'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import type { Pod, PodStatus } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { defaultBehaviour, type PodBehaviour } from './pod-behaviour.ts'
import { advance, arrive, isStopped, nextChangeMs, type PodRun, takeOver } from './pod-run.ts'
import { podStatus } from './pod-status.ts'

const somePod = (spec: Partial<Pod['spec']> = {}, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})

/** Lets a pod live through its own times until `untilMs`; what its status was at each of them. */
function live(
  pod: Pod,
  behaviour: Partial<PodBehaviour>,
  untilMs: number,
): { readonly atMs: number; readonly status: PodStatus; readonly run: PodRun }[] {
  const whole = { ...defaultBehaviour, ...behaviour }
  const seen = []
  let run = arrive(pod, 0)
  for (let nowMs: number | undefined = 0; nowMs !== undefined && nowMs <= untilMs;) {
    run = advance(run, { pod, behaviour: whole, nowMs })
    const input = { pod, behaviour: whole, nowMs, hostIp: '172.18.0.2', podIps: ['10.244.0.2'], timeOf: apiTime }
    seen.push({ atMs: nowMs, status: podStatus(run, input), run })
    nowMs = nextChangeMs(run, { pod, behaviour: whole, nowMs })
  }
  return seen
}

const phases = (lives: ReturnType<typeof live>): string[] =>
  lives.map(({ atMs, status }) => `${atMs}: ${status.phase ?? ''}`)

test('a pod is pending until its containers start, then runs', () => {
  assert.deepEqual(phases(live(somePod(), {}, 10_000)), ['0: Pending', '500: Running'])
})

const ends: readonly (readonly [policy: 'Always' | 'OnFailure' | 'Never', code: number, phase: string])[] = [
  ['Never', 0, 'Succeeded'],
  ['Never', 1, 'Failed'],
  ['OnFailure', 0, 'Succeeded'],
  ['OnFailure', 1, 'Running'],
  ['Always', 0, 'Running'],
]
for (const [restartPolicy, code, phase] of ends) {
  test(`a container that ends with ${code} under ${restartPolicy} leaves the pod ${phase}`, () => {
    const lives = live(somePod({ restartPolicy }), { exit: { afterMs: 1000, code } }, 3000)
    assert.equal(lives.at(-1)?.status.phase, phase)
  })
}

test('back-off doubles from 10 s to 5 min', () => {
  const lives = live(somePod(), { exit: { afterMs: 0, code: 1 } }, 3_600_000)
  const waits = lives
    .map(({ status }) => /back-off (\S+) /.exec(status.containerStatuses?.[0]?.state?.waiting?.message ?? '')?.[1])
    .filter((wait, index, all) => wait !== undefined && wait !== all[index - 1])
  assert.deepEqual(waits, ['10s', '20s', '40s', '1m20s', '2m40s', '5m0s'])
})

test('init containers run in order; one that fails under Never fails the pod', () => {
  const initContainers = [{ name: 'a' }, { name: 'b' }]
  const lives = live(somePod({ initContainers }), { initMs: 1000 }, 10_000)
  const running = lives.map(
    ({ status }) => status.initContainerStatuses?.find(({ state }) => state?.running !== undefined)?.name,
  )
  assert.deepEqual(
    running.filter((name) => name !== undefined),
    ['a', 'b'],
  )
  assert.equal(lives.at(-1)?.status.phase, 'Running')
})

test('a sidecar starts before the containers and ends after them', () => {
  const initContainers = [{ name: 'side', restartPolicy: 'Always' }]
  const lives = live(somePod({ initContainers, restartPolicy: 'Never' }), { exit: { afterMs: 1000, code: 0 } }, 10_000)
  assert.equal(lives.at(-1)?.status.phase, 'Succeeded')
  assert.ok(lives.at(-1)?.status.initContainerStatuses?.[0]?.state?.terminated !== undefined)
})

test('a deadline ends a pod that takes too long', () => {
  const status = live(somePod({ activeDeadlineSeconds: 5 }), {}, 10_000).at(-1)?.status
  assert.equal(status?.phase, 'Failed')
  assert.equal(status?.reason, 'DeadlineExceeded')
})

test('a pod that does not obey its signal is killed when its grace ends', () => {
  const pod = somePod({}, { deletionTimestamp: apiTime(0), deletionGracePeriodSeconds: 3 })
  const running = live(somePod(), {}, 1000).at(-1)?.run ?? arrive(pod, 0)
  const behaviour = { ...defaultBehaviour, stopMs: 60_000 }
  const stopping = advance(running, { pod, behaviour, nowMs: 1000 })
  assert.equal(nextChangeMs(stopping, { pod, behaviour, nowMs: 1000 }), 4000)
  const stopped = advance(stopping, { pod, behaviour, nowMs: 4000 })
  assert.ok(isStopped(stopped))
  const [container] = stopped.containers
  assert.equal(container?.state.is === 'terminated' ? container.state.exitCode : undefined, 137)
})

test('advancing twice at the same time changes nothing', () => {
  const behaviour = { ...defaultBehaviour, exit: { afterMs: 700, code: 1 } }
  for (const { atMs, run } of live(somePod(), behaviour, 60_000)) {
    assert.deepEqual(advance(run, { pod: somePod(), behaviour, nowMs: atMs }), run)
  }
})

test('a kubelet that starts anew takes a pod over where its status left it', () => {
  const before = live(somePod(), { exit: { afterMs: 5000, code: 1 } }, 30_000).at(-1)
  assert.ok(before !== undefined)
  const pod: Pod = { ...somePod(), status: before.status }
  const run = takeOver(pod, before.atMs, (time) => epochMsOf(time))
  assert.equal(run.containers[0]?.restarts, before.run.containers[0]?.restarts)
  assert.equal(run.containers[0]?.state.is, before.run.containers[0]?.state.is)
})
