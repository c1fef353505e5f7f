/** Reads what `gantry why` answers from: the namespace's lists and, for a pod that waits, what the scheduler looks at. */
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { listAll } from '#clients/kubernetes/list-all.ts'
import * as resources from '#clients/kubernetes/resources.table.ts'
import { type ClusterObjects, noObjects } from '#cluster/scheduler/cluster-objects.ts'
import { explainPlacement, type Placement } from '#cluster/scheduler/explain-placement.ts'
import { type Finding, finding, someOf } from '#cluster/why/finding.ts'
import type { Surroundings } from '#cluster/why/surroundings.ts'
import { isForbidden, isNotFound } from '#clients/kubernetes/status-error.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { World } from '#world/ports/world.ts'

interface Reader {
  /** Everything of a resource; nothing where the caller may not read it, which is then noted. */
  list<T extends KubernetesObject>(resource: ApiResource<T>, namespace?: string): Promise<readonly T[]>
  readonly refused: readonly string[]
}

function createReader(client: KubeClient): Reader {
  const refused: string[] = []
  return {
    refused,
    async list<T extends KubernetesObject>(resource: ApiResource<T>, namespace?: string) {
      try {
        return (await listAll(client, resource, namespace === undefined ? {} : { namespace })).objects
      } catch (error) {
        if (!isForbidden(error) && !isNotFound(error)) throw error
        refused.push(resource.resource)
        return []
      }
    },
  }
}

/** Reads the surroundings of an object. `refused` names what the caller may not read. */
export async function readSurroundings(
  client: KubeClient,
  { clock, random }: Pick<World, 'clock' | 'random'>,
  namespace: string | undefined,
): Promise<{ readonly around: Surroundings; readonly refused: readonly string[] }> {
  const reader = createReader(client)
  const [nodes, replicaSets, jobs, slices, events, storageClasses] = await Promise.all([
    reader.list(resources.nodes),
    reader.list(resources.replicaSets, namespace),
    reader.list(resources.jobs, namespace),
    reader.list(resources.endpointSlices, namespace),
    reader.list(resources.events, namespace),
    reader.list(resources.storageClasses),
  ])
  const own = await reader.list(resources.pods, namespace)
  const isWaiting = own.some(({ spec }) => (spec.nodeName ?? '') === '')
  const pods = isWaiting && namespace !== undefined ? await reader.list(resources.pods) : own
  const objects = isWaiting ? await readClusterObjects(reader) : noObjects
  const claims = await reader.list(resources.persistentVolumeClaims, namespace)
  const placement = (pod: Pod): readonly Finding[] =>
    placementFindings(explainPlacement(pod, { nodes, pods, objects, random, nowMs: clock.now() }))
  return {
    refused: reader.refused,
    around: {
      ...{ pods: own, replicaSets, jobs, claims, storageClasses, slices, nodes, events, placement },
      nowMs: clock.now(),
    },
  }
}

/** What the plugins look at beside nodes and pods, as tables. */
async function readClusterObjects({ list }: Reader): Promise<ClusterObjects> {
  const [namespaces, claims, volumes, classes, csiNodes, csiDrivers, capacities] = await Promise.all([
    list(resources.namespaces),
    list(resources.persistentVolumeClaims),
    list(resources.persistentVolumes),
    list(resources.storageClasses),
    list(resources.csiNodes),
    list(resources.csiDrivers),
    list(resources.csiStorageCapacities),
  ])
  const [services, replicaSets, statefulSets, replicationControllers, budgets] = await Promise.all([
    list(resources.services),
    list(resources.replicaSets),
    list(resources.statefulSets),
    list(resources.replicationControllers),
    list(resources.podDisruptionBudgets),
  ])
  const [resourceClaims, deviceClasses, slices] = await Promise.all([
    list(resources.resourceClaims),
    list(resources.deviceClasses),
    list(resources.resourceSlices),
  ])
  return {
    namespaceLabels: (name) => named(namespaces, name)?.metadata.labels,
    claim: (namespace, name) => named(claims, name, namespace),
    volume: (name) => named(volumes, name),
    volumes: () => volumes,
    storageClass: (name) => named(classes, name),
    csiNode: (name) => named(csiNodes, name),
    csiDriver: (name) => named(csiDrivers, name),
    storageCapacities: () => capacities,
    services: (namespace) => within(services, namespace),
    replicaSet: (namespace, name) => named(replicaSets, name, namespace),
    statefulSet: (namespace, name) => named(statefulSets, name, namespace),
    replicationController: (namespace, name) => named(replicationControllers, name, namespace),
    disruptionBudgets: (namespace) => within(budgets, namespace),
    resourceClaim: (namespace, name) => named(resourceClaims, name, namespace),
    resourceClaims: () => resourceClaims,
    deviceClass: (name) => named(deviceClasses, name),
    deviceClasses: () => deviceClasses,
    resourceSlices: () => slices,
  }
}

function within<T extends KubernetesObject>(objects: readonly T[], namespace: string): readonly T[] {
  return objects.filter(({ metadata }) => metadata.namespace === namespace)
}

function named<T extends KubernetesObject>(objects: readonly T[], name: string, namespace?: string): T | undefined {
  return objects.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
}

/** The scheduler's verdict in findings: each plugin with the number of nodes that it says no to. */
export function placementFindings({
  nodeCount,
  node,
  message,
  wholePod,
  verdicts,
  feasible,
}: Placement): readonly Finding[] {
  if (wholePod !== undefined)
    return [finding(`${wholePod.plugin} keeps it from all nodes: ${wholePod.reasons.join(', ')}`)]
  if (nodeCount === 0)
    return [finding('there are no nodes', [], 'Join one, or start the server with --simulated-nodes.')]
  const plugins = verdicts.map(({ plugin, rejected, reasons }) =>
    finding(
      `${plugin} says no to ${rejected} of ${nodeCount}`,
      [...reasons].map(([reason, names]) => finding(`${reason}: ${someOf(names)}`)),
    ),
  )
  if (node !== undefined)
    return [finding(`the scheduler would choose ${node} now; ${feasible.length} of ${nodeCount} suit`), ...plugins]
  return [finding(message ?? 'no node suits'), ...plugins]
}
