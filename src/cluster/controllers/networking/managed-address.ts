/** The labels by which an IPAddress says that the cluster gave it to a service. */
import type { IPAddress } from '#spec/kubernetes/objects/networking-v1.generated.ts'
import { isIpv6 } from '#spec/kubernetes/validation/ip-address.ts'

const managedBy = 'ipaddress.kubernetes.io/managed-by'
const family = 'ipaddress.kubernetes.io/ip-family'
const manager = 'ipallocator.k8s.io'

/** True when the cluster made the object for a service. */
export function isManaged({ metadata }: IPAddress): boolean {
  return metadata.labels?.[managedBy] === manager
}

/** `IPv4` or `IPv6`. */
export function familyOf(address: string): 'IPv4' | 'IPv6' {
  return isIpv6(address) ? 'IPv6' : 'IPv4'
}

/** The labels of an address. */
export function labelsOf(address: string): Readonly<Record<string, string>> {
  return { [family]: familyOf(address), [managedBy]: manager }
}
