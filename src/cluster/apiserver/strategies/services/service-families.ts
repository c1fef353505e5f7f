/**
 * Which families of addresses a service has: from what it says, what it was, and what the cluster offers
 * (registry/core/service, v1.36). Pure.
 */
import { clusterAddressErrors } from '#spec/kubernetes/validation/network/cluster-addresses.ts'
import { type FieldError, invalid } from '#spec/kubernetes/validation/field-errors.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import type { ServiceSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type ApiObject, equalJson, objectAt, textAt } from '../../api-object.ts'
import { type AddressFamily, familyOf } from './address-blocks.ts'

type Policy = 'SingleStack' | 'PreferDualStack' | 'RequireDualStack'

const specPath = path('spec')
const policyPath = specPath.child('ipFamilyPolicy')
const families: readonly AddressFamily[] = ['IPv4', 'IPv6']

/** A list of texts of a service's spec. */
export function textsOf(service: ApiObject | undefined, member: 'clusterIPs' | 'ipFamilies'): readonly string[] {
  const list = objectAt(service, 'spec')[member]
  return Array.isArray(list) ? (list as readonly string[]) : []
}

function policyOf(service: ApiObject | undefined): Policy | undefined {
  const policy = textAt(service, 'spec', 'ipFamilyPolicy')
  return policy === '' ? undefined : (policy as Policy)
}

/** Whether both addresses and families are what they were. */
export function hasSameAddresses(service: ApiObject, old: ApiObject): boolean {
  return (
    textAt(service, 'spec', 'clusterIP') === textAt(old, 'spec', 'clusterIP') &&
    equalJson(textsOf(service, 'clusterIPs'), textsOf(old, 'clusterIPs'))
  )
}

const withAddresses: ReadonlySet<string> = new Set(['ClusterIP', 'NodePort', 'LoadBalancer'])

/** True for a service that would like two families and keeps those it has, whatever the cluster offers now. */
export function keepsFamilies(service: ApiObject, old: ApiObject | undefined): boolean {
  const type = textAt(service, 'spec', 'type')
  return (
    old !== undefined &&
    type === textAt(old, 'spec', 'type') &&
    withAddresses.has(type) &&
    policyOf(service) === 'PreferDualStack' &&
    (policyOf(old) ?? 'PreferDualStack') === 'PreferDualStack' &&
    hasSameAddresses(service, old) &&
    equalJson(textsOf(service, 'ipFamilies'), textsOf(old, 'ipFamilies'))
  )
}

function isFree(service: ApiObject): boolean {
  const selector = objectAt(service, 'spec', 'selector')
  return textAt(service, 'spec', 'clusterIP') === 'None' && Object.keys(selector).length === 0
}

interface Draft {
  readonly policy: Policy
  readonly addresses: readonly string[]
  readonly families: readonly AddressFamily[]
}

/** The service with its families, or why it cannot have them. */
export interface SettledFamilies {
  readonly service: ApiObject
  readonly errors: readonly FieldError[]
}

/**
 * Settles policy and families.
 * @param offered the cluster's families, the usual one first.
 */
export function settleFamilies(
  service: ApiObject,
  old: ApiObject | undefined,
  offered: readonly AddressFamily[],
): SettledFamilies {
  if (textAt(service, 'spec', 'type') === 'ExternalName' || keepsFamilies(service, old)) return { service, errors: [] }
  const policy = policyOf(service) ?? policyOf(old) ?? (isFree(service) ? 'RequireDualStack' : 'SingleStack')
  const spec = { ...objectAt(service, 'spec'), ipFamilyPolicy: policy } as unknown as ServiceSpec
  const before = old === undefined ? undefined : (objectAt(old, 'spec') as unknown as ServiceSpec)
  const malformed = clusterAddressErrors(spec, before)
  if (malformed.length > 0) return { service, errors: malformed }
  return settleDraft({ service, old, offered }, policy)
}

interface Settling {
  readonly service: ApiObject
  readonly old: ApiObject | undefined
  readonly offered: readonly AddressFamily[]
}

/** As `settleFamilies`, for members that are well formed. */
function settleDraft({ service, old, offered }: Settling, policy: Policy): SettledFamilies {
  const given: Draft = {
    policy,
    addresses: textsOf(service, 'clusterIPs'),
    families: textsOf(service, 'ipFamilies') as readonly AddressFamily[],
  }
  const shrunk = shrink(given, service, old)
  const { draft, errors } = inferFamilies(shrunk, offered)
  const wrong = [...policyErrors(shrunk, old), ...errors]
  if (wrong.length > 0) return { service, errors: wrong }
  const refused = isFree(service) ? [] : offerErrors(draft, offered)
  if (refused.length > 0) return { service, errors: refused }
  const isDual = isFree(service) || offered.length === 2
  return { service: withDraft(service, complete(draft, offered[0] ?? 'IPv4', isDual)), errors: [] }
}

function withDraft(service: ApiObject, { policy, addresses, families: now }: Draft): ApiObject {
  const spec = objectAt(service, 'spec')
  const listed = addresses.length === 0 ? {} : { clusterIPs: addresses }
  return { ...service, spec: { ...spec, ...listed, ipFamilies: now, ipFamilyPolicy: policy } }
}

/** Asking for one family gives up the second address and family that nobody else speaks of. */
function shrink(draft: Draft, service: ApiObject, old: ApiObject | undefined): Draft {
  if (old === undefined || draft.policy !== 'SingleStack') return draft
  const sameFamilies = equalJson(textsOf(service, 'ipFamilies'), textsOf(old, 'ipFamilies'))
  return {
    ...draft,
    addresses: hasSameAddresses(service, old) ? draft.addresses.slice(0, 1) : draft.addresses,
    families: sameFamilies ? draft.families.slice(0, 1) : draft.families,
  }
}

function policyErrors({ policy, addresses, families: now }: Draft, old: ApiObject | undefined): readonly FieldError[] {
  const wrong = (isWrong: boolean, text: string): readonly FieldError[] =>
    isWrong ? [invalid(policyPath, policy, text)] : []
  if (policy === 'SingleStack') {
    const text = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
    return [
      ...wrong(addresses.length === 2, `${text} cluster IPs are specified`),
      ...wrong(now.length === 2, `${text} IP families are specified`),
    ]
  }
  const isFewer = (list: readonly string[], member: 'clusterIPs' | 'ipFamilies'): boolean =>
    list.length > 0 && list.length < textsOf(old, member).length
  return [
    ...wrong(isFewer(addresses, 'clusterIPs'), "must be 'SingleStack' to release the secondary cluster IP"),
    ...wrong(isFewer(now, 'ipFamilies'), "must be 'SingleStack' to release the secondary IP family"),
  ]
}

/** Addresses say their families where the service does not. */
function inferFamilies(
  draft: Draft,
  offered: readonly AddressFamily[],
): { readonly draft: Draft; readonly errors: readonly FieldError[] } {
  const { addresses } = draft
  const known = [...draft.families]
  const errors: FieldError[] = []
  for (const [index, address] of addresses.entries()) {
    if (address === 'None') break
    if (index < known.length) continue
    const family = familyOf(address)
    const at = specPath.child('clusterIPs').index(index)
    if (offered.includes(family)) known.push(family)
    else errors.push(invalid(at, addresses, `${family} is not configured on this cluster`))
  }
  return { draft: { ...draft, families: known }, errors }
}

function offerErrors({ policy, families: now }: Draft, offered: readonly AddressFamily[]): readonly FieldError[] {
  const needsTwo = policy === 'RequireDualStack' && offered.length < 2
  return [
    ...(needsTwo ? [invalid(policyPath, policy, 'this cluster is not configured for dual-stack services')] : []),
    ...now.flatMap((family, index) => {
      const at = specPath.child('ipFamilies').index(index)
      return offered.includes(family) ? [] : [invalid(at, family, 'not configured on this cluster')]
    }),
  ]
}

function complete(draft: Draft, usual: AddressFamily, isDual: boolean): Draft {
  const now = draft.families.length === 0 ? [usual] : draft.families
  if (draft.policy === 'SingleStack' || now.length > 1 || !isDual) return { ...draft, families: now }
  return { ...draft, families: [...now, ...families.filter((family) => !now.includes(family))] }
}
