/** The events that a kubelet records when containers change. Pure. */
import type { EventText } from '#kit/reconcile/plan.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ContainerRun } from './container-run.ts'
import type { PodRun } from './pod-run.ts'

/** What happened between two pictures of a pod. */
export function containerEvents(before: PodRun, after: PodRun, pod: Pod): readonly EventText[] {
  const images = new Map(
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(({ name, image }) => [name, image]),
  )
  const known = new Map([...before.init, ...before.containers].map((run) => [run.name, run]))
  const texts: EventText[] = []
  const isStopping = before.stoppingMs === undefined && after.stoppingMs !== undefined
  for (const run of [...after.init, ...after.containers]) {
    const previous = known.get(run.name)
    if (isStopping && run.state.is === 'running')
      texts.push({ type: 'Normal', reason: 'Killing', message: `Stopping container ${run.name}` })
    if (previous !== undefined && previous.state !== run.state)
      texts.push(...changeTexts(run, images.get(run.name) ?? ''))
  }
  return texts
}

function changeTexts(run: ContainerRun, image: string): EventText[] {
  const { state, name } = run
  if (state.is === 'running') {
    return [
      { type: 'Normal', reason: 'Pulled', message: `Container image "${image}" already present on machine` },
      { type: 'Normal', reason: 'Created', message: `Created container: ${name}` },
      { type: 'Normal', reason: 'Started', message: `Started container ${name}` },
    ]
  }
  if (state.is !== 'waiting') return []
  switch (state.reason) {
    case 'CrashLoopBackOff':
      return [{ type: 'Warning', reason: 'BackOff', message: state.message.replace(/^back-off \S+ /, 'Back-off ') }]
    case 'ErrImagePull':
      return [
        { type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${state.message}` },
        { type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' },
      ]
    case 'ImagePullBackOff':
      return [
        { type: 'Normal', reason: 'BackOff', message: state.message },
        { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
      ]
    default:
      return []
  }
}
