/** A new pod out of a workload's template, owned by the workload. */
import type { Pod, PodSpec, PodTemplateSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { controllerReference } from '#kit/reconcile/owner-references.ts'

const emptySpec: PodSpec = { containers: [] }

/** The pod; its name is generated from the owner's name unless one is given. The prefix is told in any case. */
export function podFromTemplate(owner: KubernetesObject, template: PodTemplateSpec | undefined, name?: string): Pod {
  const { metadata, spec = emptySpec } = template ?? {}
  const generateName = generateNameFor(owner)
  const naming = name === undefined ? { generateName } : { name, generateName }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      // The server names what has only a prefix; the type of a stored pod always has a name.
      ...(naming as { readonly name: string }),
      namespace: owner.metadata.namespace ?? '',
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...(metadata?.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec,
  }
}

/** The prefix with a dash, without it where that would be no valid name. */
function generateNameFor(owner: KubernetesObject): string {
  const name = owner.metadata.name ?? ''
  return name.length + 1 > 253 ? name : `${name}-`
}
