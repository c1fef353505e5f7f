/** Decides what a website needs: a deployment and a service of its name. Pure: values in, plan out. */
import { controllerReference, type Plan } from '../../src/kit/index.ts'
import { type ApiResource, type KubernetesObject, type ObjectOf, resources } from '../../src/index.ts'

/** An object of the definition in website.yaml. */
export interface Website extends KubernetesObject {
  readonly spec: { readonly image: string; readonly replicas: number }
  readonly status?: { readonly ready?: string }
}

export const websites: ApiResource<Website> = {
  group: 'example.com',
  version: 'v1',
  resource: 'websites',
  kind: 'Website',
  namespaced: true,
}

type Deployment = ObjectOf<typeof resources.deployments>

/** The plan for one website, given the deployment of its name if there is one. */
export function planWebsite(website: Website, deployment: Deployment | undefined): Plan {
  const { name = '', namespace = 'default' } = website.metadata
  const metadata = { name, namespace, ownerReferences: [controllerReference(website)] }
  const labels = { website: name }
  const { image, replicas } = website.spec
  const wanted = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'site', image }] } },
    },
  } as const
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: labels, ports: [{ port: 80 }] },
  } as const
  const ready = `${deployment?.status?.readyReplicas ?? 0}/${replicas}`
  return {
    subject: website,
    // Server-side apply: only these fields are ours, and doing it twice changes nothing.
    actions: [
      {
        do: 'patch',
        resource: resources.deployments,
        object: wanted,
        type: 'apply',
        patch: wanted,
        fieldManager: 'website',
      },
      {
        do: 'patch',
        resource: resources.services,
        object: service,
        type: 'apply',
        patch: service,
        fieldManager: 'website',
      },
    ],
    status: {
      resource: websites,
      ...(website.status?.ready === ready ? {} : { object: { ...website, status: { ready } } as KubernetesObject }),
    },
  }
}
