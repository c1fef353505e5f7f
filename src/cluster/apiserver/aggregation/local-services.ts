/** API services of custom groups: made when a definition is served, gone with its last version. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '#clients/kubernetes/status-error.ts'
import { apiServices } from '#clients/kubernetes/resources.table.ts'
import type { APIService } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { ClusterView } from '../cluster-view.ts'
import { servedHere } from './available-condition.ts'
import { apiServiceStorage } from './remote-group.ts'

const managedLabel = 'kube-aggregator.kubernetes.io/automanaged'
/** Where custom groups stand in discovery: behind everything that is built in. */
const groupPriority = 1000
const versionPriority = 100

export interface LocalPlan {
  readonly create: readonly APIService[]
  readonly remove: readonly string[]
}

/** What is missing and what is too much; services that somebody else made stay as they are. */
export function localPlan(
  definitions: readonly CustomResourceDefinition[],
  services: readonly APIService[],
  now: string,
): LocalPlan {
  const wanted = new Map<string, APIService>(
    definitions.flatMap((definition) => {
      const { spec, status, metadata } = definition
      const isServed =
        status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') === true
      if (!isServed || metadata.deletionTimestamp !== undefined) return []
      return spec.versions
        .filter(({ served }) => served)
        .map(({ name }) => [`${name}.${spec.group}`, serviceOf(spec.group, name, now)] as const)
    }),
  )
  const known = new Set(services.map(({ metadata }) => metadata.name))
  return {
    create: [...wanted].filter(([name]) => !known.has(name)).map(([, service]) => service),
    remove: services
      .filter(({ metadata }) => metadata.labels?.[managedLabel] === 'true' && !wanted.has(metadata.name))
      .map(({ metadata }) => metadata.name),
  }
}

function serviceOf(group: string, version: string, now: string): APIService {
  return {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    metadata: { name: `${version}.${group}`, labels: { [managedLabel]: 'true' } },
    spec: { group, version, groupPriorityMinimum: groupPriority, versionPriority },
    status: { conditions: [{ type: 'Available', ...servedHere, lastTransitionTime: now }] },
  }
}

/** Brings the API services of custom groups up to date. */
export async function planLocalServices(view: ClusterView, client: KubeClient): Promise<void> {
  const definitions = view.list('apiextensions.k8s.io/customresourcedefinitions', '')
  const services = view.list(apiServiceStorage, '') as unknown as readonly APIService[]
  const plan = localPlan(definitions as unknown as readonly CustomResourceDefinition[], services, view.now())
  for (const service of plan.create) await client.create(apiServices, service).catch(unless(isAlreadyExists))
  for (const name of plan.remove) await client.delete(apiServices, name).catch(unless(isNotFound, isConflict))
}

function unless(...isFine: readonly ((error: unknown) => boolean)[]): (error: unknown) => void {
  return (error) => {
    if (!isFine.some((test) => test(error))) throw error
  }
}
