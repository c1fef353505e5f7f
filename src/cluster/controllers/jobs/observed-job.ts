/** What the plan for a job is made from. */
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { BackoffRecord } from './job-backoff.ts'

export interface JobObserved {
  readonly job: Job
  readonly candidates: readonly Pod[]
  /** Of failures so far, the pods of now included. */
  readonly backoff: BackoffRecord
  readonly resources: { readonly jobs: ApiResource<Job>; readonly pods: ApiResource<Pod> }
  readonly nowMs: number
}
