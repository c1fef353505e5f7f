/**
 * Admission: the chain that may change and refuse writes. A step is a pure function over the request and a read-only view
 * of the cluster; the chain runs all changes first, then all refusals, each in upstream's order (v1.36).
 */
import type { ApiObject } from '../api-object.ts'
import type { User } from '../api-request.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { ServedResource } from '../served-resource.ts'

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** What is about to happen. */
export interface AdmissionRequest {
  readonly operation: AdmissionOperation
  readonly resource: ServedResource
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** The new state; undefined for DELETE. */
  readonly object: ApiObject | undefined
  /** The state before; undefined for CREATE. */
  readonly old: ApiObject | undefined
  readonly user: User
  readonly dryRun: boolean
  readonly view: ClusterView
  warn(text: string): void
  /** Undoes something when the write has failed after all. */
  onFailure(undo: () => Promise<void> | void): void
}

/** An admission step. `applies` is asked once per resource and operation, not per request. */
export interface AdmissionStep {
  readonly name: string
  applies(resource: ServedResource, operation: AdmissionOperation, subresource: string): boolean
  /** The object, changed or as it was. @throws the Status that refuses the request. */
  mutate?(request: AdmissionRequest, object: ApiObject): ApiObject | Promise<ApiObject>
  /** Returns when nothing speaks against it. @throws the Status that refuses the request. */
  validate?(request: AdmissionRequest): void | Promise<void>
}

/** The configured chain. */
export class Admission {
  readonly #steps: readonly AdmissionStep[]
  readonly #chosen = new Map<string, readonly AdmissionStep[]>()

  constructor(steps: readonly AdmissionStep[]) {
    this.#steps = steps
  }

  /** The object after every changing step. */
  async mutate(request: AdmissionRequest): Promise<ApiObject> {
    let object = request.object as ApiObject
    for (const step of this.#stepsFor(request)) {
      if (step.mutate === undefined) continue
      const changed = step.mutate({ ...request, object }, object)
      object = changed instanceof Promise ? await changed : changed
    }
    return object
  }

  /** Asks every refusing step. */
  async validate(request: AdmissionRequest): Promise<void> {
    for (const step of this.#stepsFor(request)) {
      const answer = step.validate?.(request)
      if (answer instanceof Promise) await answer
    }
  }

  #stepsFor({ resource, operation, subresource }: AdmissionRequest): readonly AdmissionStep[] {
    const key = `${resource.apiVersion}/${resource.resource}/${subresource} ${operation}`
    let steps = this.#chosen.get(key)
    if (steps === undefined) {
      steps = this.#steps.filter((step) => step.applies(resource, operation, subresource))
      this.#chosen.set(key, steps)
    }
    return steps
  }
}
