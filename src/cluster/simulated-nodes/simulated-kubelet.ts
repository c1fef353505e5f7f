/**
 * One simulated kubelet: registers its node, keeps it alive, and brings its pods through their lives as their behaviour
 * says. It talks to the API as any kubelet does and keeps nothing that it could not read back from there.
 */
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import { isGone, isTaken } from '#kit/reconcile/api-failure.ts'
import { apiMicroTime, apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import type { EventRecorder } from '#kit/reconcile/event-recorder.ts'
import type { Node, Pod, PodStatus } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'
import { hostIpOf, leaseNamespace, leaseObject, nodeObject, nodeStatus, type SimulatedNode } from './node-object.ts'
import { PodAddresses } from './pod-addresses.ts'
import { behaviourOf, type BehaviourRule } from './pod-behaviour.ts'
import { containerEvents } from './pod-events.ts'
import { advance, arrive, isStopped, nextChangeMs, type PodRun, takeOver } from './pod-run.ts'
import { podStatus } from './pod-status.ts'
import { statusPatch } from './status-patch.ts'

export interface KubeletDeps {
  readonly client: ApiClient
  readonly clock: Clock
  readonly events: EventRecorder
}

export class SimulatedKubelet {
  readonly node: SimulatedNode
  readonly #deps: KubeletDeps
  readonly #rules: () => readonly BehaviourRule[]
  readonly #runs = new Map<string, PodRun>()
  #addresses: PodAddresses | undefined
  #registered: Node | undefined

  constructor(node: SimulatedNode, deps: KubeletDeps, rules: () => readonly BehaviourRule[]) {
    this.node = node
    this.#deps = deps
    this.#rules = rules
  }

  /** Creates the Node and its Lease; where they are already, brings the status and the time up to date. */
  async register(): Promise<void> {
    const { client, clock } = this.#deps
    try {
      const status = nodeStatus(this.node, undefined, apiTime(clock.now()))
      this.#registered = await client.create(resources.nodes, { ...nodeObject(this.node), status })
    } catch (error) {
      if (!isTaken(error)) throw error
      this.#registered = await client.get(resources.nodes, this.node.name)
      await this.reportStatus()
    }
    try {
      await this.#createLease()
    } catch (error) {
      if (!isTaken(error)) throw error
      await this.renewLease()
    }
  }

  /** Writes the node's status: heartbeat, capacity, addresses. */
  async reportStatus(): Promise<void> {
    const { client, clock } = this.#deps
    const status = nodeStatus(this.node, this.#registered?.status, apiTime(clock.now()))
    const place = { type: 'strategic', subresource: 'status' } as const
    try {
      this.#registered = await client.patch(resources.nodes, this.node.name, { status }, place)
    } catch (error) {
      if (!isGone(error)) throw error
      // Somebody deleted the node: a kubelet comes back as a new one.
      this.#registered = await client.create(resources.nodes, { ...nodeObject(this.node), status })
    }
  }

  async renewLease(): Promise<void> {
    const { client, clock } = this.#deps
    const renewTime = apiMicroTime(clock.now())
    const place = { namespace: leaseNamespace, type: 'merge' } as const
    try {
      await client.patch(resources.leases, this.node.name, { spec: { renewTime } }, place)
    } catch (error) {
      if (!isGone(error)) throw error
      await this.#createLease()
    }
  }

  async #createLease(): Promise<void> {
    const { client, clock } = this.#deps
    const lease = leaseObject(this.node.name, this.#registered, apiMicroTime(clock.now()))
    await client.create(resources.leases, lease, { namespace: leaseNamespace })
  }

  /** Forgets a pod that is gone from the API. */
  drop(uid: string): void {
    this.#runs.delete(uid)
    this.#addresses?.release(uid)
  }

  /** Brings a pod to where it should be now; resolves to the delay after which time alone changes it again. */
  async sync(pod: Pod): Promise<number | undefined> {
    const uid = pod.metadata.uid ?? ''
    const nowMs = this.#deps.clock.now()
    const behaviour = behaviourOf(pod, this.#rules())
    await this.#learnRange(pod)
    const before = this.#runs.get(uid) ?? this.#meet(pod, nowMs)
    const run = advance(before, { pod, behaviour, nowMs })
    this.#runs.set(uid, run)
    for (const text of containerEvents(before, run, pod)) this.#deps.events.record(pod, text)
    const input = {
      pod,
      behaviour,
      nowMs,
      hostIp: hostIpOf(this.node.index),
      podIps: this.#addressesOf(pod),
      timeOf: apiTime,
    }
    await this.#writeStatus(pod, podStatus(run, input))
    if (isStopped(run)) {
      await this.#remove(pod)
      return undefined
    }
    const nextMs = nextChangeMs(run, { pod, behaviour, nowMs })
    return nextMs === undefined ? undefined : Math.max(1, Math.ceil(nextMs - nowMs))
  }

  #meet(pod: Pod, nowMs: number): PodRun {
    const isKnown = (pod.status?.containerStatuses ?? []).length > 0
    return isKnown ? takeOver(pod, nowMs, (time) => epochMsOf(time)) : arrive(pod, nowMs)
  }

  /** The range of addresses is given to the node after it has registered: asked for when the first pod needs one. */
  async #learnRange(pod: Pod): Promise<void> {
    if (this.#addresses !== undefined || pod.spec.hostNetwork === true) return
    if (this.#registered?.spec?.podCIDR === undefined)
      this.#registered = await this.#deps.client.get(resources.nodes, this.node.name)
  }

  #addressesOf(pod: Pod): readonly string[] {
    if (pod.spec.hostNetwork === true) return [hostIpOf(this.node.index)]
    this.#addresses ??= new PodAddresses(this.node.index, this.#registered?.spec?.podCIDRs)
    return this.#addresses.of(pod.metadata.uid ?? '', pod.status?.podIP)
  }

  async #writeStatus(pod: Pod, status: PodStatus): Promise<void> {
    const changed = statusPatch(pod.status, status)
    if (changed === undefined) return
    const { name, namespace, uid } = pod.metadata
    const patch = { metadata: { uid }, status: changed }
    try {
      await this.#deps.client.patch(resources.pods, name, patch, {
        namespace,
        type: 'strategic',
        subresource: 'status',
      })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }

  /** The last act: the object goes, unless it is another pod of the same name by now. */
  async #remove(pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata
    try {
      await this.#deps.client.delete(resources.pods, name, {
        namespace,
        gracePeriodSeconds: 0,
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
}
