/** What simulated containers do, as data: the stages of a pod's life and how long each lasts. */
import { matchesSelector, type Requirement } from '#base/data/label-selector.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { UsageBehaviour } from './pod-usage.ts'

export interface Exit {
  readonly afterMs: number
  readonly code: number
  /** `Completed` and `Error` by code unless told (`OOMKilled`). */
  readonly reason?: string
}

/** A line at a container's start, or some time after it, once or again and again. */
export type LogText = string | { readonly text: string; readonly afterMs?: number; readonly everyMs?: number }

export interface PodBehaviour {
  /** From the pod's arrival on the node to its first container's start. */
  readonly startMs: number
  /** How long an init container runs. */
  readonly initMs: number
  /** How containers end by themselves; null keeps them running. */
  readonly exit: Exit | null
  /** What happens to containers after their n-th restart; beyond the list `exit` holds. */
  readonly laterExits: readonly (Exit | null)[]
  /** Images that cannot be pulled. */
  readonly missingImages: readonly string[]
  /** How long a readiness probe fails after the container's start; null: for ever. Without a probe a container is ready. */
  readonly readyAfterMs: number | null
  /** A liveness probe fails this long after each start; null: never. */
  readonly livenessFailsAfterMs: number | null
  /** From the signal to the end; a longer time than the grace period ends in SIGKILL. */
  readonly stopMs: number
  /** What the pod uses while it runs. */
  readonly usage: UsageBehaviour
  /** What each container writes to its log; one line at its start unless told. */
  readonly logs?: readonly LogText[]
}

export const defaultBehaviour: PodBehaviour = {
  startMs: 500,
  initMs: 500,
  exit: null,
  laterExits: [],
  missingImages: [],
  readyAfterMs: 0,
  livenessFailsAfterMs: null,
  stopMs: 200,
  usage: {},
}

/** Pods of Jobs do their work and end. */
const jobExit: Exit = { afterMs: 2000, code: 0 }

/** A behaviour for some pods; later rules win over earlier ones. */
export interface BehaviourRule {
  readonly selector?: readonly Requirement[]
  readonly namespace?: string
  readonly image?: string
  readonly behaviour: Partial<PodBehaviour>
}

/** The annotation by which a pod says itself how it behaves: a JSON object of the fields above. */
export const behaviourAnnotation = 'simulation.gantry.dev/behaviour'

/** The behaviour of a pod: defaults, then rules, then the pod's own annotation. */
export function behaviourOf(pod: Pod, rules: readonly BehaviourRule[]): PodBehaviour {
  const isOfJob =
    pod.metadata.ownerReferences?.some(({ kind, controller }) => kind === 'Job' && controller === true) ?? false
  let behaviour: PodBehaviour = isOfJob ? { ...defaultBehaviour, exit: jobExit } : defaultBehaviour
  for (const rule of rules) if (applies(rule, pod)) behaviour = { ...behaviour, ...rule.behaviour }
  return { ...behaviour, ...annotated(pod) }
}

function applies({ selector, namespace, image }: BehaviourRule, pod: Pod): boolean {
  if (selector !== undefined && !matchesSelector(selector, pod.metadata.labels)) return false
  if (namespace !== undefined && pod.metadata.namespace !== namespace) return false
  return image === undefined || pod.spec.containers.some((container) => container.image === image)
}

function annotated(pod: Pod): Partial<PodBehaviour> {
  const text = pod.metadata.annotations?.[behaviourAnnotation]
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Partial<PodBehaviour>) : {}
  } catch {
    // A simulation goes on with a pod that says nothing sensible.
    return {}
  }
}
