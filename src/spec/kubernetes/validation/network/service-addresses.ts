/** How the addresses of a service may change: the first is for life, the second comes and goes. */
import type { ServiceSpec } from '../../objects/core-v1.generated.ts'
import { invalid, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { isHeadless } from './cluster-addresses.ts'

const specPath = path('spec')
const frozenText = 'may not change once set'

interface Change {
  readonly member: 'clusterIPs' | 'ipFamilies'
  readonly now: readonly string[]
  readonly before: readonly string[]
  readonly spec: ServiceSpec
}

function released({ member, now, before, spec }: Change): FieldError[] {
  const name = member === 'clusterIPs' ? 'clusterIP' : 'ipFamily'
  const first = specPath.child(member).index(0)
  const errors: FieldError[] = []
  const isUnset = member === 'clusterIPs' ? now.length === 0 : (spec.clusterIPs ?? []).length === 0
  if (isUnset) errors.push(invalid(first, now, `primary ${name} can not be unset`))
  if (now.length > 0 && now[0] !== before[0]) errors.push(invalid(first, spec.clusterIPs ?? null, frozenText))
  if (now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = `must be set to 'SingleStack' when releasing the secondary ${name}`
    errors.push(invalid(specPath.child('ipFamilyPolicy'), spec.ipFamilyPolicy ?? null, text))
  }
  return errors
}

function changed(change: Change): FieldError[] {
  const { member, now, before, spec } = change
  const at = specPath.child(member)
  if (before.length > now.length) return released(change)
  if (before.length < now.length) {
    const isMoved = before.length > 0 && before[0] !== now[0]
    return isMoved ? [invalid(at.index(0), spec.clusterIPs ?? null, frozenText)] : []
  }
  return before.flatMap((value, index) => {
    const itemAt = at.index(member === 'clusterIPs' ? index : 0)
    return value === now[index] ? [] : [invalid(itemAt, now, frozenText)]
  })
}

/** What is wrong with the change of a service's addresses and their families. */
export function validateAddressChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return []
  const [isNow, was] = [isHeadless(spec), isHeadless(old)]
  const addresses: Change = { member: 'clusterIPs', now: spec.clusterIPs ?? [], before: old.clusterIPs ?? [], spec }
  const families: Change = { member: 'ipFamilies', now: spec.ipFamilies ?? [], before: old.ipFamilies ?? [], spec }
  return [...(isNow && was ? [] : changed(addresses)), ...(isNow || was ? [] : changed(families))]
}
