/**
 * Endpoints in the form that Kubernetes gives them: for each port the addresses that have it, then one subset for all ports
 * that the very same addresses have (pkg/api/v1/endpoints, v1.36). Pure.
 */
import type { EndpointAddress, EndpointPort, EndpointSubset } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { canonicalText } from '../workloads/template-hash.ts'

interface PortUsers {
  /** Undefined for addresses that are known without any port. */
  readonly port: EndpointPort | undefined
  /** Whether an address is ready on this port, by what tells addresses apart. */
  readonly ready: Map<string, boolean>
}

/** The subsets that say the same as those given; an address that is ready and not ready on one port is not. */
export function repackSubsets(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const known = new Map<string, EndpointAddress>()
  const byPort = new Map<string, PortUsers>()
  for (const { ports = [], addresses = [], notReadyAddresses = [] } of subsets)
    for (const port of ports.length === 0 ? [undefined] : ports) {
      const key = port === undefined ? '' : canonicalText(port)
      const users = byPort.get(key) ?? { port, ready: new Map<string, boolean>() }
      byPort.set(key, users)
      note(users, addresses, { known, isReady: true })
      note(users, notReadyAddresses, { known, isReady: false })
    }
  const byUsers = new Map<string, { readonly ready: ReadonlyMap<string, boolean>; readonly ports: EndpointPort[] }>()
  for (const { port, ready } of byPort.values()) {
    const key = canonicalText([...ready].toSorted(([a], [b]) => compare(a, b)))
    const group = byUsers.get(key) ?? { ready, ports: [] }
    byUsers.set(key, group)
    if (port !== undefined) group.ports.push(port)
  }
  return Array.from(byUsers.values(), ({ ready, ports }) => {
    const are = (isReady: boolean): readonly EndpointAddress[] =>
      [...ready].flatMap(([key, so]) => (so === isReady ? (known.get(key) ?? []) : [])).toSorted(byIpAndPod)
    const [addresses, notReadyAddresses] = [are(true), are(false)]
    return {
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
      ...(ports.length === 0 ? {} : { ports }),
    }
  })
}

function note(
  { ready }: PortUsers,
  addresses: readonly EndpointAddress[],
  { known, isReady }: { readonly known: Map<string, EndpointAddress>; readonly isReady: boolean },
): void {
  for (const address of addresses) {
    const key = `${address.ip} ${address.targetRef?.uid ?? ''}`
    if (!known.has(key)) known.set(key, address)
    ready.set(key, isReady && ready.get(key) !== false)
  }
}

function byIpAndPod(a: EndpointAddress, b: EndpointAddress): number {
  return compare(a.ip, b.ip) || compare(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
