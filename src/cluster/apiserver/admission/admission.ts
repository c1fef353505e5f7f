/**
 * Admission: the chain that may change and refuse writes. A step is a pure function over the request and a read-only view
 * of the cluster; the chain runs all changes first, then all refusals, each in upstream's order (v1.36).
 */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { SchemaType } from '#spec/kubernetes/schema/type-rows.ts'
import type { ApiObject } from '../api-object.ts'
import type { ApiRequest } from '../api-request.ts'
import type { User } from '../user.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { ServedResource } from '../served-resource.ts'

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** The kind of an object that is not its resource's: a binding, an eviction. */
export interface ObjectKind {
  readonly apiVersion: string
  readonly kind: string
  readonly type: SchemaType | undefined
}

/** What is about to happen. */
export interface AdmissionRequest {
  readonly operation: AdmissionOperation
  /** How the operation was asked for; absent for connections. */
  readonly verb?: ApiRequest['verb'] | undefined
  readonly resource: ServedResource
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** The new state; undefined for DELETE. */
  readonly object: ApiObject | undefined
  /** The state before; undefined for CREATE. */
  readonly old: ApiObject | undefined
  /** Set where the object is of another kind than the resource. */
  readonly own?: ObjectKind | undefined
  readonly user: User
  readonly dryRun: boolean
  readonly view: ClusterView
  /** The options of the request as an object of meta.k8s.io (`CreateOptions`), where the caller knows them. */
  readonly options?: JsonObject | undefined
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined
  /** What changing steps remember between the rounds of one request. */
  readonly rounds: Rounds
  warn(text: string): void
  /** Records a note with the request's audit event. */
  annotate?(key: string, value: string): void
  /** Undoes something when the write has failed after all. */
  onFailure(undo: () => Promise<void> | void): void
}

/** An admission step. `applies` is asked once per resource and operation, not per request. */
export interface AdmissionStep {
  readonly name: string
  applies(resource: ServedResource, operation: AdmissionOperation, subresource: string): boolean
  /** The object, changed or as it was. @throws the Status that refuses the request. */
  mutate?(request: AdmissionRequest, object: ApiObject): ApiObject | Promise<ApiObject>
  /** As `mutate`, for requests without an object (DELETE, CONNECT). @throws the Status that refuses the request. */
  announce?(request: AdmissionRequest): Promise<void>
  /** Returns when nothing speaks against it. @throws the Status that refuses the request. */
  validate?(request: AdmissionRequest): void | Promise<void>
}

/**
 * The rounds of one request: when a step changes what earlier ones have already seen, all changing steps run once more.
 */
export class Rounds {
  isSecond = false
  /** Set by a step that wants a second round. */
  wanted = false
  readonly #states = new Map<string, RoundState>()

  /** What a step remembers, by its name. */
  stateOf(name: string): RoundState {
    let state = this.#states.get(name)
    if (state === undefined) this.#states.set(name, (state = new RoundState()))
    return state
  }
}

/** Which of a step's hooks are to see the object again. */
export class RoundState {
  /** The object as the step left it in the first round. */
  last: ApiObject | undefined
  readonly #seen = new Set<string>()
  readonly #again = new Set<string>()

  /** A hook that would like to be asked again when the object changes after it. */
  addSeen(hook: string): void {
    this.#seen.add(hook)
  }

  /** The object changed: all that have seen it are to see it again. */
  changed(): void {
    for (const hook of this.#seen) this.#again.add(hook)
    this.#seen.clear()
  }

  /** Whether a hook is asked in the second round. */
  isAskedAgain(hook: string): boolean {
    return this.#again.has(hook)
  }
}

/** The configured chain. */
export class Admission {
  readonly #steps: readonly AdmissionStep[]
  /** By resource: one that is defined anew under the same name may have another scope. */
  readonly #chosen = new WeakMap<ServedResource, Map<string, readonly AdmissionStep[]>>()

  constructor(steps: readonly AdmissionStep[]) {
    this.#steps = steps
  }

  /** The object after every changing step. */
  async mutate(request: AdmissionRequest): Promise<ApiObject> {
    const once = await this.#mutateOnce(request, request.object as ApiObject)
    if (!request.rounds.wanted) return once
    request.rounds.isSecond = true
    return this.#mutateOnce(request, once)
  }

  async #mutateOnce(request: AdmissionRequest, before: ApiObject): Promise<ApiObject> {
    let object = before
    for (const step of this.#stepsFor(request)) {
      if (step.mutate === undefined) continue
      const changed = step.mutate({ ...request, object }, object)
      object = changed instanceof Promise ? await changed : changed
    }
    return object
  }

  /** Tells changing steps of a request that has no object to change. */
  async announce(request: AdmissionRequest): Promise<void> {
    for (const step of this.#stepsFor(request)) await step.announce?.(request)
  }

  /** Asks every refusing step. */
  async validate(request: AdmissionRequest): Promise<void> {
    for (const step of this.#stepsFor(request)) {
      const answer = step.validate?.(request)
      if (answer instanceof Promise) await answer
    }
  }

  #stepsFor({ resource, operation, subresource }: AdmissionRequest): readonly AdmissionStep[] {
    let chosen = this.#chosen.get(resource)
    if (chosen === undefined) this.#chosen.set(resource, (chosen = new Map()))
    const key = `${subresource} ${operation}`
    let steps = chosen.get(key)
    if (steps === undefined) {
      steps = this.#steps.filter((step) => step.applies(resource, operation, subresource))
      chosen.set(key, steps)
    }
    return steps
  }
}
