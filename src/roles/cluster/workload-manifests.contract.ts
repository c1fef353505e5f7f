/** For tests of whole clusters: workloads of every kind, and the pods that they lead to. */
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Cluster } from './cluster.ts'

/** Where they are. */
export const place: { readonly namespace: string } = { namespace: 'default' }

export interface Shape {
  readonly spec?: object
  readonly pod?: object
  readonly podMetadata?: object
}

/** A workload of any kind, its pods labelled with its name. */
export function workload(kind: string, name: string, { spec = {}, pod = {}, podMetadata = {} }: Shape = {}): object {
  const labels = { app: name }
  const selector = kind === 'ReplicationController' ? labels : { matchLabels: labels }
  const template = {
    metadata: { labels, ...podMetadata },
    spec: { containers: [{ name: 'c', image: 'img' }], ...pod },
  }
  const [apiVersion = '', own = {}] = {
    Job: ['batch/v1', { template: { ...template, spec: { restartPolicy: 'Never', ...template.spec } } }],
    ReplicationController: ['v1', { selector, template }],
    StatefulSet: ['apps/v1', { selector, template, serviceName: name }],
  }[kind] ?? ['apps/v1', { selector, template }]
  return { apiVersion, kind, metadata: { name, labels }, spec: { ...(own as object), ...spec } }
}

/** Metadata of pods that behave as told on simulated nodes. */
export function behaviour(of: object): object {
  return { annotations: { 'simulation.gantry.dev/behaviour': JSON.stringify(of) } }
}

/** Metadata of pods that run until they are deleted. */
export const lasting: object = behaviour({ exit: null })

/** The pods of a workload, or all. */
export async function podsOf({ client }: Cluster, app?: string): Promise<readonly Pod[]> {
  const selection = app === undefined ? {} : { labelSelector: `app=${app}` }
  return (await client.list(resources.pods, { ...place, ...selection })).items
}

/** Those that are not being deleted. */
export function live(pods: readonly Pod[]): readonly Pod[] {
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

/** The uid of a pod's controller. */
export function ownerOf(pod: Pod | undefined): string | undefined {
  return pod?.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid
}
