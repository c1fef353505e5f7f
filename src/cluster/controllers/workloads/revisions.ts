/** The history of a workload's template, kept as ControllerRevisions: which is current, what to add, what to forget. */
import type { ControllerRevision } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { PodTemplateSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { isJsonObject, type KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { controllerReference } from '#kit/reconcile/owner-references.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import { canonicalText, hashOf, isSameTemplate } from './template-hash.ts'

/** On pods, and on the revisions of daemon sets. */
export const revisionHashLabel = 'controller-revision-hash'

export interface RevisionsObserved {
  readonly owner: KubernetesObject
  readonly template: PodTemplateSpec
  readonly known: readonly ControllerRevision[]
  /** The revision of a name, whoever owns it. */
  readonly named: (name: string) => ControllerRevision | undefined
  readonly collisionCount: number
  /** The label in which a new revision holds its hash. */
  readonly hashLabel: string
  readonly resource: ApiResource<ControllerRevision>
}

export interface CurrentRevision {
  /** The revision of the current template, stored already or about to be. */
  readonly current: ControllerRevision
  readonly actions: readonly Action[]
  /** Another's revision has the name: count a collision and come again. */
  readonly isCollision: boolean
}

/** The template that a revision holds. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec | undefined {
  const spec = isJsonObject(revision.data) ? revision.data['spec'] : undefined
  const template = isJsonObject(spec) ? spec['template'] : undefined
  if (!isJsonObject(template)) return undefined
  const { $patch: _patch, ...rest } = template
  return rest as PodTemplateSpec
}

/** The label value by which pods of a revision are known. */
export function hashOfRevision(revision: ControllerRevision): string {
  return (
    revision.metadata.labels?.[revisionHashLabel] ??
    revision.metadata.name.slice(revision.metadata.name.lastIndexOf('-') + 1)
  )
}

/** Finds or makes the revision of the current template; an old one that became current again gets the highest number. */
export function currentRevision(observed: RevisionsObserved): CurrentRevision {
  const { owner, template, known, resource } = observed
  const order = known.toSorted((a, b) => a.revision - b.revision)
  const highest = order.at(-1)?.revision ?? 0
  const same = order.findLast((revision) => isSameTemplate(templateOf(revision), template))
  if (same !== undefined) {
    if (same.revision === highest) return { current: same, actions: [], isCollision: false }
    const current = { ...same, revision: highest + 1 }
    return { current, actions: [{ do: 'update', resource, object: current }], isCollision: false }
  }
  const hash = hashOf(template, observed.collisionCount)
  const current: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${owner.metadata.name ?? ''}-${hash}`,
      namespace: owner.metadata.namespace ?? '',
      labels: { ...template.metadata?.labels, [observed.hashLabel]: hash },
      ...(owner.metadata.annotations === undefined ? {} : { annotations: owner.metadata.annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    data: dataOf(template),
    revision: highest + 1,
  }
  const isCollision = observed.named(current.metadata.name) !== undefined
  return { current, actions: isCollision ? [] : [{ do: 'create', resource, object: current }], isCollision }
}

/** Members in order, as Go writes maps: clients compare the bytes to find out that a template is current already. */
function dataOf(template: PodTemplateSpec): unknown {
  return JSON.parse(canonicalText({ spec: { template: { ...template, $patch: 'replace' } } }))
}

/** Revisions beyond the limit that nothing uses, oldest first. */
export function forgetRevisions(
  known: readonly ControllerRevision[],
  terms: {
    readonly inUse: ReadonlySet<string>
    readonly limit: number
    readonly resource: ApiResource<ControllerRevision>
  },
): readonly Action[] {
  const unused = known
    .filter((revision) => !terms.inUse.has(hashOfRevision(revision)))
    .toSorted((a, b) => a.revision - b.revision)
  return unused
    .slice(0, Math.max(0, unused.length - terms.limit))
    .map((object) => ({ do: 'delete', resource: terms.resource, object }))
}
