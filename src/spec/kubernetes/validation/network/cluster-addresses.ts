/** The cluster addresses of a service and their families (core/validation, v1.36). */
import type { ServiceSpec } from '../../objects/core-v1.generated.ts'
import { each, oneOf, oneOfIfSet } from '../checks.ts'
import { duplicate, invalid, required, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { isIpv6, legacyIp } from '../ip-address.ts'

const specPath = path('spec')

/** True for a service without an address of its own. */
export function isHeadless(spec: ServiceSpec): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None'
}

function addressTexts(spec: ServiceSpec): FieldError[] {
  const at = specPath.child('clusterIPs')
  const addresses = spec.clusterIPs ?? []
  const clusterIP = spec.clusterIP ?? ''
  if (clusterIP === '') {
    return addresses.length === 0 ? [] : [invalid(at, addresses, 'must be empty when `clusterIP` is not specified')]
  }
  if (addresses.length === 0) return [required(at)]
  return addresses[0] === clusterIP ? [] : [invalid(at, addresses, 'first value must match `clusterIP`')]
}

function families(spec: ServiceSpec): FieldError[] {
  const seen = new Set<string>()
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
  return [
    ...each(specPath.child('ipFamilies'), spec.ipFamilies, (family, at) => {
      const repeated = seen.has(family) ? [duplicate(at, family)] : []
      seen.add(family)
      return [...oneOf(at, family, ['IPv4', 'IPv6']), ...repeated]
    }),
    ...oneOfIfSet(specPath.child('ipFamilyPolicy'), spec.ipFamilyPolicy, policies),
  ]
}

function addressFormats(spec: ServiceSpec, known: readonly string[]): FieldError[] {
  const at = specPath.child('clusterIPs')
  const addresses = spec.clusterIPs ?? []
  return each(at, addresses, (address, itemAt, index) => {
    if (index > 0 || address !== 'None') return legacyIp(itemAt, address, known)
    return addresses.length === 1 ? [] : [invalid(at, addresses, "'None' must be the first and only value")]
  })
}

function addressFamilies(spec: ServiceSpec): FieldError[] {
  const at = specPath.child('clusterIPs')
  const addresses = spec.clusterIPs ?? []
  const errors: FieldError[] = []
  const isDual = new Set(addresses.map(isIpv6)).size === 2
  if (addresses.length > 1 && !isDual) {
    errors.push(invalid(at, addresses, 'may specify no more than one IP for each IP family'))
  }
  if (isHeadless(spec)) return errors
  return [...errors, ...wrongFamilies(spec)]
}

/** Addresses whose family is not the one at their position. */
function wrongFamilies(spec: ServiceSpec): FieldError[] {
  if (isHeadless(spec)) return []
  const addresses = (spec.clusterIPs ?? []).slice(0, spec.ipFamilies?.length ?? 0)
  return each(specPath.child('clusterIPs'), addresses, (address, itemAt, index) => {
    const family = spec.ipFamilies?.[index] ?? 'IPv4'
    return isIpv6(address) === (family === 'IPv6')
      ? []
      : [invalid(itemAt, address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``)]
  })
}

/** What is wrong with addresses, families and their policy, before anything is given out. */
export function clusterAddressErrors(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  if (spec.type === 'ExternalName') return []
  const formats = addressFormats(spec, old?.clusterIPs ?? [])
  const many = (spec.clusterIPs ?? []).length > 2
  const count = many ? [invalid(specPath.child('clusterIPs'), spec.clusterIPs, 'may only hold up to 2 values')] : []
  const errors = [...addressTexts(spec), ...families(spec), ...formats, ...count]
  return formats.length > 0 ? errors : [...errors, ...addressFamilies(spec)]
}
