/**
 * Scheduler extenders: servers outside that have a say in where pods go, which room is made and how pods are bound. What they
 * are told and may answer is kube-scheduler's extender/v1, what a configuration says of them `extenders` of its v1.
 */
import type { ClientTls } from '#kit/http/client.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KnownNode } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'
import type { Candidate } from '../preempt.ts'

/** Files that a TLS setting is kept in. */
export interface TlsFiles {
  readonly certificate?: string
  readonly key?: string
  readonly authorities?: string
}

/** One entry of `extenders`. A verb that is '' is not supported. */
export interface ExtenderSettings {
  readonly urlPrefix: string
  readonly filterVerb: string
  readonly prioritizeVerb: string
  readonly preemptVerb: string
  readonly bindVerb: string
  /** Factor of its scores. */
  readonly weight: number
  readonly timeoutMs: number
  /** It knows the nodes itself: told their names only. */
  readonly knowsNodes: boolean
  /** Only pods that ask for one of these are its business; all pods where there are none. */
  readonly managedResources: readonly string[]
  /** Scheduling goes on without it when it fails. */
  readonly isIgnorable: boolean
  readonly tls: ClientTls
  /** Read into `tls` before use. */
  readonly tlsFiles: TlsFiles
}

/** What an extender says about nodes. */
export interface ExtenderVerdict {
  readonly passed: readonly KnownNode[]
  /** Why the others did not pass, where it says so. */
  readonly failed: ReadonlyMap<string, string>
  /** The same, of nodes where evicting pods would not help. */
  readonly failedForGood: ReadonlyMap<string, string>
}

/** One extender. Every call throws when it cannot be reached in time or answers something else than it should. */
export interface Extender extends Disposable {
  readonly settings: ExtenderSettings
  filter(pod: PodRecord, entries: readonly KnownNode[], signal: AbortSignal): Promise<ExtenderVerdict>
  /** Scores by node name, as it gives them (0 to 10). */
  prioritize(pod: PodRecord, entries: readonly KnownNode[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>
  /** The candidates that it leaves, with the victims that it wants. */
  preempt(pod: PodRecord, candidates: readonly Candidate[], signal: AbortSignal): Promise<readonly Candidate[]>
  bind(pod: PodRecord, nodeName: string, signal: AbortSignal): Promise<void>
}

/** Whether a pod is an extender's business. */
export function isInterested({ managedResources }: ExtenderSettings, { spec }: Pod): boolean {
  if (managedResources.length === 0) return true
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ resources }) =>
    managedResources.some(
      (name) => resources?.requests?.[name] !== undefined || resources?.limits?.[name] !== undefined,
    ),
  )
}
