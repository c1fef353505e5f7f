/** The pods that a job starts now: which indexes, and not before the back-off after failures has passed. */
import { podMade } from '../workloads/told-pods.ts'
import type { Container, Pod, PodSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import { podFromTemplate } from '../workloads/pod-from-template.ts'
import {
  failureCountAnnotation,
  failuresOfIndex,
  indexAnnotation,
  indexOf,
  isIndexed,
  type JobCount,
  trackingFinalizer,
} from './job-pods.ts'
import { judgeFailure } from './pod-failure-policy.ts'
import { backoffLeftMs, finishedMs } from './job-backoff.ts'
import type { JobObserved } from './observed-job.ts'

const burstMost = 500

/** Creations, or how long to wait for them. */
export function planNewPods(
  observed: JobObserved,
  count: JobCount,
  missing: number,
): { readonly actions: readonly Action[]; readonly waitMs: number | undefined } {
  const { job, resources, nowMs, backoff } = observed
  const number = Math.min(missing, burstMost)
  const create = (object: Pod): Action => ({ do: 'create', resource: resources.pods, object, told: podMade })
  if (isIndexed(job)) return planIndexedPods(observed, count, { number, create })
  const waitMs = backoffLeftMs(backoff.failures, backoff.lastFailureMs, nowMs)
  if (waitMs > 0) return { actions: [], waitMs }
  return { actions: Array.from({ length: number }, () => create(plainPod(job))), waitMs: undefined }
}

function planIndexedPods(
  { job, nowMs, backoff }: JobObserved,
  count: JobCount,
  { number, create }: { readonly number: number; readonly create: (pod: Pod) => Action },
): { readonly actions: readonly Action[]; readonly waitMs: number | undefined } {
  const taken = new Set([...count.active.map(indexOf), ...count.succeededIndexes, ...count.failedIndexes])
  const perIndex = job.spec.backoffLimitPerIndex !== undefined
  const actions: Action[] = []
  let soonestMs: number | undefined
  for (let index = 0; index < (job.spec.completions ?? 0) && actions.length < number; index++) {
    if (taken.has(index)) continue
    const failures = failuresBefore(job, count, index)
    const lastOf = count.failedPods.filter((pod) => indexOf(pod) === index).map((pod) => finishedMs(pod, nowMs))
    const waitMs = perIndex
      ? backoffLeftMs(failures, Math.max(0, ...lastOf), nowMs)
      : backoffLeftMs(backoff.failures, backoff.lastFailureMs, nowMs)
    if (waitMs > 0) soonestMs = Math.min(soonestMs ?? waitMs, waitMs)
    else actions.push(create(indexedPod(job, index, failures)))
  }
  return { actions, waitMs: soonestMs }
}

/** How often an index failed so far: what its last pod says, and one more for that pod itself unless the policy ignores it. */
function failuresBefore(job: Job, count: JobCount, index: number): number {
  const own = count.failedPods.filter((pod) => indexOf(pod) === index)
  return own.reduce(
    (most, pod) => Math.max(most, failuresOfIndex(pod) + (judgeFailure(job, pod).action === 'Ignore' ? 0 : 1)),
    0,
  )
}

function plainPod(job: Job): Pod {
  const pod = podFromTemplate({ ...job, apiVersion: 'batch/v1', kind: 'Job' }, job.spec.template)
  return { ...pod, metadata: { ...pod.metadata, finalizers: [...(pod.metadata.finalizers ?? []), trackingFinalizer] } }
}

function indexedPod(job: Job, index: number, failures: number): Pod {
  const pod = plainPod(job)
  const { name } = job.metadata
  const limited = job.spec.backoffLimitPerIndex === undefined ? {} : { [failureCountAnnotation]: String(failures) }
  const naming = { generateName: `${name}-${index}-` } as unknown as { readonly name: string }
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...naming,
      labels: { ...pod.metadata.labels, [indexAnnotation]: String(index) },
      annotations: { ...pod.metadata.annotations, [indexAnnotation]: String(index), ...limited },
    },
    spec: withIndex(pod.spec, `${name}-${index}`),
  }
}

function withIndex(spec: PodSpec, hostname: string): PodSpec {
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${indexAnnotation}']` } },
  }
  const withVariable = (container: Container): Container =>
    container.env?.some(({ name }) => name === variable.name) === true
      ? container
      : { ...container, env: [...(container.env ?? []), variable] }
  return {
    ...spec,
    hostname: spec.hostname ?? hostname,
    containers: spec.containers.map(withVariable),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withVariable) }),
  }
}
