/** Which addresses stand behind a service, and on which ports: from its selector and the pods (endpointslice/utils, v1.36). */
import { lastingContainers } from '#spec/kubernetes/pods/pod-containers.ts'
import type { Node, Pod, Service, ServicePort } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Endpoint, EndpointPort } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import { isPodFinished, isPodReady } from '../workloads/pod-state.ts'

export type AddressFamily = 'IPv4' | 'IPv6'

/** One pod behind a service. */
export interface PodEndpoint {
  readonly pod: Pod
  readonly endpoint: Endpoint
  readonly ports: readonly EndpointPort[]
}

const headlessLabel = 'service.kubernetes.io/headless'

/** The service's labels as what stands behind it carries them; `headless` tells what the service is, whatever it says. */
export function copiedLabels(service: Service): Readonly<Record<string, string>> {
  const { [headlessLabel]: _said, ...labels } = service.metadata.labels ?? {}
  return isHeadless(service) ? { ...labels, [headlessLabel]: '' } : labels
}

/** The families that a service wants addresses of. */
export function familiesOf(service: Service): readonly AddressFamily[] {
  const families = service.spec.ipFamilies ?? []
  return families.length === 0 ? ['IPv4'] : (families as readonly AddressFamily[])
}

/** True for services without a cluster address. */
export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None'
}

/** The pods of one family behind a service; those that have ended or have no address are not. */
export function podEndpoints(
  service: Service,
  pods: readonly Pod[],
  terms: { readonly family: AddressFamily; readonly nodeNamed: (name: string) => Node | undefined },
): readonly PodEndpoint[] {
  return pods.flatMap((pod) => {
    const address = isPodFinished(pod) ? undefined : addressOf(pod, terms.family)
    if (address === undefined) return []
    const node = pod.spec.nodeName === undefined ? undefined : terms.nodeNamed(pod.spec.nodeName)
    return [{ pod, ports: portsFor(service, pod), endpoint: endpointFor(service, pod, { address, node }) }]
  })
}

function addressOf(pod: Pod, family: AddressFamily): string | undefined {
  const all = [...(pod.status?.podIPs ?? []).map(({ ip }) => ip ?? ''), pod.status?.podIP ?? '']
  return all.find((ip) => ip !== '' && ip.includes(':') === (family === 'IPv6'))
}

function endpointFor(
  service: Service,
  pod: Pod,
  at: { readonly address: string; readonly node: Node | undefined },
): Endpoint {
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  const zone = at.node?.metadata.labels?.['topology.kubernetes.io/zone']
  const hostname = hostnameFor(service, pod)
  const { nodeName } = pod.spec
  return {
    addresses: [at.address],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name,
      uid: pod.metadata.uid ?? '',
    },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(ready ? hintsFor(service, { zone, nodeName }) : {}),
  }
}

/** Pods that carry the service's name as their subdomain have a name of their own in it. */
export function hostnameFor(service: Service, pod: Pod): string | undefined {
  const { hostname = '', subdomain } = pod.spec
  return hostname !== '' && subdomain === service.metadata.name ? hostname : undefined
}

/** Such a service wants its endpoints allotted to zones by their size instead of by where they are. */
export function isSpreadByCapacity({ metadata: { annotations = {} } }: Service): boolean {
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode']
  return mode === 'Auto' || mode === 'auto'
}

function hintsFor(
  service: Service,
  at: { readonly zone: string | undefined; readonly nodeName: string | undefined },
): Pick<Endpoint, 'hints'> {
  const distribution = service.spec.trafficDistribution
  if (distribution === undefined || isSpreadByCapacity(service)) return {}
  const forZones = at.zone === undefined ? {} : { forZones: [{ name: at.zone }] }
  const forNodes =
    distribution === 'PreferSameNode' && at.nodeName !== undefined ? { forNodes: [{ name: at.nodeName }] } : {}
  const hints = { ...forZones, ...forNodes }
  return Object.keys(hints).length === 0 ? {} : { hints }
}

/** The ports of a service as one pod has them: named ones may differ from pod to pod, and those it lacks are left out. */
export function portsFor(service: Service, pod: Pod): readonly EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = portNumber(port, pod)
    if (number === undefined) return []
    const { appProtocol } = port
    return [
      {
        name: port.name ?? '',
        port: number,
        protocol: port.protocol ?? 'TCP',
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ]
  })
}

function portNumber(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target === 0 ? port.port : target
  if (/^\d+$/.test(target)) return Number(target)
  const named = lastingContainers(pod.spec)
    .flatMap((container) => container.ports ?? [])
    .find((one) => one.name === target && (one.protocol ?? 'TCP') === (port.protocol ?? 'TCP'))
  return named?.containerPort
}
