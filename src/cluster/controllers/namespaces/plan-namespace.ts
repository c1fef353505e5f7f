/** Decides what is told of a namespace that is being emptied, and when it may go (pkg/controller/namespace, v1.36). */
import type { Namespace, NamespaceCondition } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { withCondition } from '#kit/reconcile/conditions.ts'
import type { Plan } from '#kit/reconcile/plan.ts'
import { isSameStatus } from '../workloads/same-status.ts'

/** What was found after deleting everything that could be deleted. */
export interface NamespaceContent {
  /** Objects left, by `pods.` or `deployments.apps`. */
  readonly remaining: ReadonlyMap<string, number>
  /** Objects held by each finalizer. */
  readonly finalizers: ReadonlyMap<string, number>
  readonly failures: readonly string[]
  /** Pods are left. The conditions say so no more than upstream's do: they tell of what comes after. */
  readonly waitsForPods?: boolean
  /** Longest grace of what is left, milliseconds. */
  readonly graceMs: number
}

/** The plan for a namespace that is being deleted. */
export function planNamespace(
  namespace: Namespace,
  content: NamespaceContent,
  terms: { readonly resource: ApiResource<Namespace>; readonly nowMs: number },
): Plan {
  const { resource, nowMs } = terms
  let conditions: readonly NamespaceCondition[] = namespace.status?.conditions ?? []
  for (const condition of conditionsOf(content))
    conditions = withCondition(conditions, { ...condition, lastTransitionTime: apiTime(nowMs) })
  const status = { phase: 'Terminating', conditions } as const
  const isEmpty = content.remaining.size === 0 && content.failures.length === 0 && content.waitsForPods !== true
  const written = isSameStatus(status, namespace.status) ? {} : { object: { ...namespace, status } }
  if (!isEmpty)
    return { status: { resource, ...written }, lookAgainAfterMs: Math.max(1000, content.graceMs / 2 + 1000) }
  const spec = {
    ...namespace.spec,
    finalizers: (namespace.spec.finalizers ?? []).filter((name) => name !== 'kubernetes'),
  }
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: namespace.metadata, spec, status }
  return { actions: [{ do: 'update-subresource', resource, object: namespace, subresource: 'finalize', body }] }
}

function conditionsOf({ remaining, finalizers, failures }: NamespaceContent): readonly NamespaceCondition[] {
  const counted = (counts: ReadonlyMap<string, number>, link: string): string =>
    [...counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} ${link} ${count} resource instances`)
      .join(', ')
  const rows: readonly (readonly [string, boolean, string, string])[] = [
    ['NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'],
    [
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ],
    failures.length === 0
      ? [
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ]
      : [
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
        ],
    remaining.size === 0
      ? ['NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed']
      : [
          'NamespaceContentRemaining',
          true,
          'SomeResourcesRemain',
          `Some resources are remaining: ${counted(remaining, 'has')}`,
        ],
    finalizers.size === 0
      ? ['NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished']
      : [
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${counted(finalizers, 'in')}`,
        ],
  ]
  return rows.map(([type, holds, reason, message]) => ({ type, status: holds ? 'True' : 'False', reason, message }))
}
