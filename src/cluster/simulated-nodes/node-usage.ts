/** The measurements of simulated nodes: what is said of each pod's behaviour, added up for each node. */
import { addQuantities, formatQuantity, parseQuantity } from '#base/data/quantity.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { controllerOf } from '#kit/reconcile/owner-references.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import { type BehaviourRule, behaviourOf } from './pod-behaviour.ts'
import { containerUsage, nodeOverhead, runningSinceMs, usageWindowMs } from './pod-usage.ts'

type Amounts = Readonly<Record<string, string>>

interface Sample {
  readonly timestampMs: number
  readonly windowSeconds: number
}

/** What simulated nodes measure; undefined where they have not measured for a whole window yet. */
export interface NodeUsage {
  ofPod(pod: KubernetesObject): (Sample & { readonly containers: Readonly<Record<string, Amounts>> }) | undefined
  ofNode(node: KubernetesObject): (Sample & { readonly usage: Amounts }) | undefined
}

/** The nodes, seen by who measures them. */
export interface MeasuredNodes {
  readonly pods: Lister<Pod>
  readonly rules: readonly BehaviourRule[]
  readonly running: ReadonlyMap<string, { readonly isLost: boolean }>
}

/** Creates the measurements of some nodes. */
export function createNodeUsage(clock: Clock, nodes: MeasuredNodes): NodeUsage {
  const isMeasured = (name: string | undefined): boolean => nodes.running.get(name ?? '')?.isLost === false
  const sample = (): Sample => ({ timestampMs: clock.now(), windowSeconds: usageWindowMs / 1000 })
  const containersOf = (pod: Pod): Readonly<Record<string, Amounts>> | undefined => {
    const sinceMs = runningSinceMs(pod)
    const nowMs = clock.now()
    if (sinceMs === undefined || nowMs - sinceMs < usageWindowMs || !isMeasured(pod.spec.nodeName)) return undefined
    const { usage } = behaviourOf(pod, nodes.rules)
    return containerUsage(usage, {
      pod,
      nowMs,
      runningMs: nowMs - sinceMs,
      // Few shapes ask for it, and counting is the dearest part.
      get peers() {
        return peersOf(pod, nodes.pods)
      },
    })
  }
  return {
    ofPod: (object) => {
      const pod = nodes.pods.get(keyOf(object))
      const containers = pod === undefined ? undefined : containersOf(pod)
      return containers === undefined ? undefined : { ...sample(), containers }
    },
    ofNode: ({ metadata: { name } }) => {
      if (!isMeasured(name)) return undefined
      const onNode = nodes.pods.list().filter(({ spec }) => spec.nodeName === name)
      const amounts = onNode.flatMap((pod) => Object.values(containersOf(pod) ?? {}))
      return { ...sample(), usage: sumOf([nodeOverhead, ...amounts]) }
    },
  }
}

/** Running pods of the same workload. */
function peersOf(pod: Pod, pods: Lister<Pod>): number {
  const owner = controllerOf(pod)
  if (owner === undefined) return 1
  return pods.controlledBy(owner.uid).filter(({ status }) => status?.phase === 'Running').length
}

function sumOf(amounts: readonly Amounts[]): Amounts {
  const sum = (resource: string): string => {
    const quantities = amounts.map((one) => parseQuantity(one[resource] ?? '0'))
    return formatQuantity(quantities.reduce((total, one) => addQuantities(total, one), parseQuantity('0')))
  }
  return { cpu: sum('cpu'), memory: sum('memory') }
}
