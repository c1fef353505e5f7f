/** Names and amounts of compute resources (core/validation and core/helper, v1.36). */
import { compareQuantities, tryParseQuantity, type Quantity } from '#base/data/quantity.ts'
import type { ResourceClaim, ResourceRequirements } from '../../objects/core-v1.generated.ts'
import { each, eachEntry, matches, negativeText, joined } from '../checks.ts'
import { duplicate, forbidden, invalid, notFound, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dnsLabel, qualifiedName } from '../formats.ts'

type Amounts = Readonly<Record<string, string>>

const containerNames: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])
const quotaNames: ReadonlySet<string> = new Set([
  ...['cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.storage'],
  ...[
    'requests.ephemeral-storage',
    'limits.cpu',
    'limits.memory',
    'limits.ephemeral-storage',
    'pods',
    'resourcequotas',
  ],
  ...['services', 'replicationcontrollers', 'secrets', 'persistentvolumeclaims', 'configmaps', 'services.nodeports'],
  'services.loadbalancers',
])
const standardNames: ReadonlySet<string> = new Set([...quotaNames, 'storage'])
const countNames: ReadonlySet<string> = new Set([
  ...[
    'pods',
    'resourcequotas',
    'services',
    'replicationcontrollers',
    'secrets',
    'configmaps',
    'persistentvolumeclaims',
  ],
  ...['services.nodeports', 'services.loadbalancers'],
])

/** True for `hugepages-2Mi` and the like. */
export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

/** True for names of Kubernetes itself: no domain, or one of its own. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

/** True for names that device plugins and drivers may offer. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false
  return qualifiedName(`requests.${name}`).length === 0
}

/** True when requests may be below limits. */
export function mayOvercommit(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name)
}

function isInteger(name: string): boolean {
  return countNames.has(name) || isExtendedResource(name)
}

/** A resource name: a label key; a standard one where it has no domain. */
export function validateResourceName(at: Path, name: string): FieldError[] {
  const errors = matches(at, name, qualifiedName)
  if (errors.length > 0 || name.includes('/') || standardNames.has(name) || isHugePages(name)) return errors
  return [invalid(at, name, 'must be a standard resource type or fully qualified')]
}

/** A resource that containers may ask for. */
export function validateContainerResourceName(at: Path, name: string): FieldError[] {
  const errors = validateResourceName(at, name)
  if (!name.includes('/')) {
    if (containerNames.has(name) || isHugePages(name)) return errors
    return [...errors, invalid(at, name, 'must be a standard resource for containers')]
  }
  if (isNativeResource(name) || isExtendedResource(name)) return errors
  return [...errors, invalid(at, name, "doesn't follow extended resource name standard")]
}

/** True for names that quotas count, other than those with a domain. */
export function isQuotaResource(name: string): boolean {
  return quotaNames.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')
}

/** A resource that a quota may limit. */
export function validateQuotaResourceName(at: Path, name: string): FieldError[] {
  const isKnown = isQuotaResource(name)
  const errors = name.startsWith('requests.hugepages-') ? [] : validateResourceName(at, name)
  if (name.includes('/') || isKnown) return errors
  return [...errors, invalid(at, name, 'must be a standard resource for quota')]
}

const podLevelNames = ['cpu', 'memory']

/** A resource that a whole pod may ask for. */
export function validatePodResourceName(at: Path, name: string): FieldError[] {
  const errors = validateResourceName(at, name)
  if (errors.length > 0 || podLevelNames.includes(name) || isHugePages(name)) return errors
  return [notSupported(at, name, ['cpu', 'hugepages-', 'memory'])]
}

/**
 * The amount, zero where there is none or it cannot be read (the decoder lets only readable ones in). What is looked up by a
 * name like `constructor` may be no text.
 */
export function amountOf(text: string | undefined): Quantity {
  return (typeof text === 'string' ? tryParseQuantity(text) : undefined) ?? { nanos: 0n, format: 'DecimalSI' }
}

/** Below, equal or above zero as one amount compares to another. */
export function compareAmounts(a: string | undefined, b: string | undefined): number {
  return compareQuantities(amountOf(a), amountOf(b))
}

/** An amount of a resource: not below zero, whole where it counts things. */
export function validateAmount(at: Path, name: string, amount: string): FieldError[] {
  const { nanos } = amountOf(amount)
  const errors = nanos < 0n ? [invalid(at, amount, negativeText)] : []
  if (isInteger(name) && nanos % 1_000_000_000n !== 0n) errors.push(invalid(at, amount, 'must be an integer'))
  return errors
}

function validateHugePages(at: Path, name: string, amount: string): FieldError[] {
  if (!isHugePages(name)) return []
  const page = tryParseQuantity(name.slice('hugepages-'.length))
  const isWhole = page !== undefined && page.nanos > 0n && amountOf(amount).nanos % page.nanos === 0n
  return isWhole ? [] : [invalid(at, amount, `${amount} is not positive integer multiple of ${name}`)]
}

interface RequirementRules {
  readonly name: (at: Path, name: string) => FieldError[]
  readonly claims: readonly string[]
  readonly allowIndivisibleHugePages: boolean
}

function validateRequest(at: Path, request: readonly [name: string, amount: string], limits: Amounts): FieldError[] {
  const [name, amount] = request
  const limit = limits[name]
  const mayDiffer = mayOvercommit(name)
  if (limit === undefined) {
    return mayDiffer ? [] : [required(at.child('limits'), 'Limit must be set for non overcommitable resources')]
  }
  const order = compareAmounts(amount, limit)
  if (order !== 0 && !mayDiffer) {
    return [invalid(at.child('requests'), amount, `must be equal to ${name} limit of ${limit}`)]
  }
  if (order <= 0) return []
  return [invalid(at.child('requests'), amount, `must be less than or equal to ${name} limit of ${limit}`)]
}

function validateRequirements(at: Path, resources: ResourceRequirements, rules: RequirementRules): FieldError[] {
  const limits = (resources.limits ?? {}) as Amounts
  const requests = (resources.requests ?? {}) as Amounts
  const common = (entryAt: Path, name: string, amount: string): FieldError[] =>
    joined(rules.name(entryAt, name), validateAmount(entryAt, name, amount))
  const hugePages = (entryAt: Path, name: string, amount: string): FieldError[] =>
    rules.allowIndivisibleHugePages ? [] : validateHugePages(entryAt, name, amount)
  const errors = joined(
    eachEntry(at.child('limits'), limits, (name, amount, entryAt) =>
      joined(common(entryAt, name, amount), hugePages(entryAt, name, amount)),
    ),
    eachEntry(at.child('requests'), requests, (name, amount, entryAt) =>
      joined(
        common(entryAt, name, amount),
        validateRequest(at, [name, amount], limits),
        hugePages(entryAt, name, amount),
      ),
    ),
  )
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(at, 'HugePages require cpu or memory'))
  }
  return joined(errors, validateClaims(at.child('claims'), resources.claims, rules.claims))
}

function claimKeyErrors(at: Path, claim: ResourceClaim, seen: ReadonlySet<string>): FieldError[] {
  const { name } = claim
  const request = claim.request ?? ''
  if (seen.has(name)) return [duplicate(at, name)]
  if (request !== '') {
    const key = `${name}/${request}`
    return joined(matches(at.child('request'), request, dnsLabel), seen.has(key) ? [duplicate(at, key)] : [])
  }
  return [...seen].filter((key) => key.startsWith(`${name}/`)).map(() => duplicate(at, name))
}

function validateClaims(
  at: Path,
  claims: readonly ResourceClaim[] | undefined,
  known: readonly string[],
): FieldError[] {
  const seen = new Set<string>()
  return each(at, claims, (claim, itemAt) => {
    const errors = claim.name === '' ? [required(itemAt)] : claimKeyErrors(itemAt, claim, seen)
    const request = claim.request ?? ''
    if (claim.name !== '' && !seen.has(claim.name)) seen.add(request === '' ? claim.name : `${claim.name}/${request}`)
    if (claim.name === '' || known.includes(claim.name)) return errors
    const list = known.length === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`
    return [...errors, notFound(itemAt, claim.name, `must be one of the names in pod.spec.resourceClaims${list}`)]
  })
}

/** What a container asks for. `claims` are the names of the pod's resource claims. */
export function validateContainerResources(
  at: Path,
  resources: ResourceRequirements | undefined,
  rules: Omit<RequirementRules, 'name'>,
): FieldError[] {
  return resources === undefined
    ? []
    : validateRequirements(at, resources, { ...rules, name: validateContainerResourceName })
}

/** What a pod as a whole asks for. */
export function validatePodLevelResources(
  at: Path,
  resources: ResourceRequirements,
  rules: Omit<RequirementRules, 'name'>,
): FieldError[] {
  return validateRequirements(at, resources, { ...rules, name: validatePodResourceName })
}

/** The overhead of a runtime class or pod: rules of limits. */
export function validateOverhead(at: Path, overhead: Amounts | undefined): FieldError[] {
  if (overhead === undefined) return []
  const rules = { claims: [], allowIndivisibleHugePages: false }
  return validateContainerResources(at, { limits: overhead } as ResourceRequirements, rules)
}
