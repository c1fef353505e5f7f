/** The Node and Lease that a simulated kubelet registers and keeps alive. Pure. */
import type { Lease } from '#spec/kubernetes/objects/coordination-v1.generated.ts'
import type { Node, NodeCondition, NodeStatus } from '#spec/kubernetes/objects/core-v1.generated.ts'

export interface SimulatedNode {
  readonly name: string
  /** Where it stands in the cluster: its addresses follow from it. */
  readonly index: number
  readonly labels: Readonly<Record<string, string>>
  /** Resources, all allocatable. */
  readonly capacity: Readonly<Record<string, string>>
  readonly taints: NonNullable<Node['spec']['taints']>
  readonly kubeletVersion: string
}

export const defaultCapacity: Readonly<Record<string, string>> = {
  cpu: '8',
  memory: '32Gi',
  'ephemeral-storage': '100Gi',
  pods: '110',
}

/** The node's own address, from 172.18.0.2 up. */
export function hostIpOf(index: number): string {
  const offset = index + 2
  return `172.18.${(offset >> 8) & 255}.${offset & 255}`
}

/** A fresh Node object, as a kubelet registers it. */
export function nodeObject(node: SimulatedNode): Node {
  const { name, labels, taints } = node
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...labels,
      },
    },
    spec: taints.length === 0 ? {} : { taints },
  }
}

const healthy: readonly (readonly [string, string, string])[] = [
  ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'KubeletReady', 'kubelet is posting ready status'],
]

/** The status at a time; transition times are kept where nothing changed. */
export function nodeStatus(node: SimulatedNode, before: NodeStatus | undefined, time: string): NodeStatus {
  const conditions = healthy.map(([type, reason, message]): NodeCondition => {
    const status = type === 'Ready' ? 'True' : 'False'
    const known = before?.conditions?.find((condition) => condition.type === type)
    const since = known?.status === status ? known.lastTransitionTime : undefined
    return { type, status, reason, message, lastHeartbeatTime: time, lastTransitionTime: since ?? time }
  })
  const id = node.name.padEnd(8, '0')
  return {
    capacity: node.capacity,
    allocatable: node.capacity,
    conditions,
    addresses: [
      { type: 'InternalIP', address: hostIpOf(node.index) },
      { type: 'Hostname', address: node.name },
    ],
    declaredFeatures,
    daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    nodeInfo: {
      machineID: id,
      systemUUID: id,
      bootID: id,
      kernelVersion: '6.12.0-simulated',
      osImage: 'Simulated Linux',
      containerRuntimeVersion: 'sim://1.0.0',
      kubeletVersion: node.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  }
}

/** Features of kubelets that are on in v1.36 and not yet everywhere. */
const declaredFeatures: readonly string[] = [
  'ExtendWebSocketsToKubelet',
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
]

export const leaseNamespace = 'kube-node-lease'
const leaseSeconds = 40

/** The node's Lease, renewed at a time. */
export function leaseObject(name: string, node: Node | undefined, renewTime: string): Lease {
  const uid = node?.metadata.uid
  const owner = uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] }
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: leaseNamespace, ...owner },
    spec: { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime },
  }
}
