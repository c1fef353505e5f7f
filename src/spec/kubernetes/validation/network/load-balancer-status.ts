/** Addresses that load balancers and ingress controllers write into status. */
import type { Service } from '../../objects/core-v1.generated.ts'
import type { Ingress } from '../../objects/networking-v1.generated.ts'
import { each, matches, oneOf } from '../checks.ts'
import { forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain } from '../formats.ts'
import { legacyIp, parseIp } from '../ip-address.ts'

interface Entry {
  readonly ip?: string
  readonly hostname?: string
  readonly ipMode?: string
}

const ingressPath = path('status', 'loadBalancer', 'ingress')

/** A DNS name that is no IP address. */
export function notAnAddress(at: Path, name: string): FieldError[] {
  return parseIp(name) === undefined ? [] : [invalid(at, name, 'must be a DNS name, not an IP address')]
}

function hostname(at: Path, entry: Entry): FieldError[] {
  const name = entry.hostname ?? ''
  return name === '' ? [] : [...matches(at, name, dnsSubdomain), ...notAnAddress(at, name)]
}

function mode(at: Path, { ip = '', ipMode }: Entry): FieldError[] {
  if (ipMode === undefined) return ip === '' ? [] : [required(at, 'must be specified when `ip` is set')]
  return ip === '' ? [forbidden(at, 'may not be specified when `ip` is not set')] : oneOf(at, ipMode, ['Proxy', 'VIP'])
}

function address(at: Path, { ip = '' }: Entry, known: readonly Entry[] | undefined): FieldError[] {
  return ip === ''
    ? []
    : legacyIp(
        at,
        ip,
        (known ?? []).map((entry) => entry.ip ?? ''),
      )
}

/** The status of a service. */
export function validateLoadBalancerStatus(service: Service, old: Service): FieldError[] {
  const entries = service.status?.loadBalancer?.ingress
  if (service.spec?.type !== 'LoadBalancer' && (entries ?? []).length > 0) {
    return [forbidden(ingressPath, "may only be used when `spec.type` is 'LoadBalancer'")]
  }
  return each(ingressPath, entries, (entry, at) => [
    ...address(at.child('ip'), entry, old.status?.loadBalancer?.ingress),
    ...mode(at.child('ipMode'), entry),
    ...hostname(at.child('hostname'), entry),
  ])
}

/** The status of an ingress. */
export function validateIngressStatus(ingress: Ingress, old: Ingress): FieldError[] {
  return each(ingressPath, ingress.status?.loadBalancer?.ingress, (entry, at) => [
    ...address(at.child('ip'), entry, old.status?.loadBalancer?.ingress),
    ...hostname(at.child('hostname'), entry),
  ])
}
