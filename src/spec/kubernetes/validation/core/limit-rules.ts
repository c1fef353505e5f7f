/** Resource quotas and limit ranges (core/validation, v1.36). */
import { quantityUnits } from '#base/data/quantity.ts'
import type { LimitRange, LimitRangeItem, ResourceQuota, ResourceQuotaSpec } from '../../objects/core-v1.generated.ts'
import { each, eachEntry, immutableText, isEmpty, matches } from '../checks.ts'
import { duplicate, forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain, qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import {
  amountOf,
  compareAmounts,
  isQuotaResource,
  mayOvercommit,
  validateAmount,
  validateContainerResourceName,
  validateQuotaResourceName,
  validateResourceName,
} from '../pods/resources.ts'

type Amounts = Readonly<Record<string, string>>
const specPath = path('spec')

function hard(at: Path, amounts: Amounts | undefined): FieldError[] {
  return eachEntry(at, amounts, (name, amount, entryAt) => [
    ...validateQuotaResourceName(entryAt, name),
    ...validateAmount(entryAt, name, amount),
  ])
}

const podScopes = ['Terminating', 'NotTerminating', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity']
const scopes = [...podScopes, 'BestEffort', 'VolumeAttributesClass']
const computeNames = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory', 'pods']

function isScopeFor(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods'
  if (scope === 'VolumeAttributesClass') return name === 'persistentvolumeclaims' || name === 'requests.storage'
  if (!podScopes.includes(scope)) return true
  return computeNames.includes(name)
}

function misapplied(spec: ResourceQuotaSpec, scope: string): number {
  return Object.keys(spec.hard ?? {}).filter((name) => isQuotaResource(name) && !isScopeFor(scope, name)).length
}

function conflicts(at: Path, names: readonly string[], spec: ResourceQuotaSpec): FieldError[] {
  const pairs = [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ]
  const value = spec.scopes ?? null
  return pairs
    .filter((pair) => pair.every((name) => names.includes(name)))
    .map(() => invalid(at, value, 'conflicting scopes'))
}

function listedScopes(spec: ResourceQuotaSpec): FieldError[] {
  const at = specPath.child('scopes')
  const list: readonly string[] = spec.scopes ?? []
  const errors = list.flatMap((scope) => [
    ...(scopes.includes(scope) ? [] : [invalid(at, list, 'unsupported scope')]),
    ...Array.from({ length: misapplied(spec, scope) }, () =>
      invalid(at, list, 'unsupported scope applied to resource'),
    ),
  ])
  return [...errors, ...conflicts(at, list, spec)]
}

const existsOnly = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']
const existsText =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

type Requirement = NonNullable<NonNullable<ResourceQuotaSpec['scopeSelector']>['matchExpressions']>[number]

function scopeOperator(at: Path, { operator, values }: Requirement): FieldError[] {
  if (operator === 'In' || operator === 'NotIn') {
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    return isEmpty(values) ? [required(at.child('values'), text)] : []
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    return isEmpty(values) ? [] : [invalid(at.child('values'), values, text)]
  }
  return [invalid(at.child('operator'), operator, 'not a valid selector operator')]
}

function selectedScopes(spec: ResourceQuotaSpec): FieldError[] {
  const selector = spec.scopeSelector
  const at = specPath.child('scopeSelector', 'matchExpressions')
  const requirements = selector?.matchExpressions ?? []
  const value = internal('core.ScopeSelector', selector)
  const errors = requirements.flatMap((requirement) => {
    const { scopeName, operator } = requirement
    const isWrong = existsOnly.includes(scopeName) && operator !== 'Exists'
    return [
      ...(scopes.includes(scopeName) ? [] : [invalid(at.child('scopeName'), scopeName, 'unsupported scope')]),
      ...Array.from({ length: misapplied(spec, scopeName) }, () =>
        invalid(at, value, 'unsupported scope applied to resource'),
      ),
      ...(isWrong ? [invalid(at.child('operator'), operator, existsText)] : []),
      ...scopeOperator(at, requirement),
    ]
  })
  return [
    ...errors,
    ...conflicts(
      at,
      requirements.map(({ scopeName }) => scopeName),
      spec,
    ),
  ]
}

function quotaSpec(spec: ResourceQuotaSpec): FieldError[] {
  return [...hard(specPath.child('hard'), spec.hard as Amounts), ...listedScopes(spec), ...selectedScopes(spec)]
}

function quotaStatus({ status }: ResourceQuota): FieldError[] {
  return [
    ...hard(path('status', 'hard'), status?.hard as Amounts),
    ...hard(path('status', 'used'), status?.used as Amounts),
  ]
}

/** The rules of resource quotas. */
export const resourceQuotaRules: AnyKindRules = kindRules<ResourceQuota>({
  name: dnsSubdomain,
  create: (quota) => [...quotaSpec(quota.spec ?? {}), ...quotaStatus(quota)],
  update: ({ object, old }) => {
    const sorted = (quota: ResourceQuota): string => JSON.stringify([...(quota.spec?.scopes ?? [])].sort())
    const isSame = sorted(object) === sorted(old)
    const frozen = isSame ? [] : [invalid(specPath.child('scopes'), object.spec?.scopes ?? null, immutableText)]
    return [...quotaSpec(object.spec ?? {}), ...frozen]
  },
  status: ({ object }) => quotaStatus(object),
})

function limitType(at: Path, type: string): FieldError[] {
  const errors = matches(at, type, qualifiedName)
  const isKnown = type.includes('/') || ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type)
  return errors.length > 0 || isKnown ? errors : [invalid(at, type, 'must be a standard limit type or fully qualified')]
}

const amountMembers = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
type AmountMember = (typeof amountMembers)[number]

function limitNames(at: Path, item: LimitRangeItem): FieldError[] {
  const check = item.type === 'Pod' || item.type === 'Container' ? validateContainerResourceName : validateResourceName
  return amountMembers.flatMap((member) => {
    const isDefault = member === 'default' || member === 'defaultRequest'
    if (item.type === 'Pod' && isDefault) {
      return isEmpty(item[member]) ? [] : [forbidden(at.child(member), "may not be specified when `type` is 'Pod'")]
    }
    return eachEntry(at.child(member), item[member] as Amounts | undefined, (name, _, entryAt) => check(entryAt, name))
  })
}

/** Pairs of which the first may not be above the second; the message names both, the value is the one reported. */
const orders: readonly (readonly [low: AmountMember, high: AmountMember, at: AmountMember, text: string])[] = [
  ['min', 'max', 'min', 'min value LOW is greater than max value HIGH'],
  ['min', 'defaultRequest', 'defaultRequest', 'min value LOW is greater than default request value HIGH'],
  ['defaultRequest', 'max', 'defaultRequest', 'default request value LOW is greater than max value HIGH'],
  ['defaultRequest', 'default', 'defaultRequest', 'default request value LOW is greater than default limit value HIGH'],
  ['min', 'default', 'default', 'min value LOW is greater than default value HIGH'],
  ['default', 'max', 'default', 'default value LOW is greater than max value HIGH'],
]

function amountIn(item: LimitRangeItem, member: AmountMember, name: string): string | undefined {
  const isDefault = member === 'default' || member === 'defaultRequest'
  if (item.type === 'Pod' && isDefault) return undefined
  const amounts = (item[member] ?? {}) as Amounts
  return Object.hasOwn(amounts, name) ? amounts[name] : undefined
}

function ratioErrors(at: Path, item: LimitRangeItem, name: string): FieldError[] {
  const ratio = amountIn(item, 'maxLimitRequestRatio', name)
  const [min, max] = [amountIn(item, 'min', name), amountIn(item, 'max', name)]
  const ratioAt = at.child('maxLimitRequestRatio').key(name)
  if (ratio === undefined) return []
  const errors = compareAmounts(ratio, '1') < 0 ? [invalid(ratioAt, ratio, `ratio ${ratio} is less than 1`)] : []
  if (min === undefined || max === undefined) return errors
  const limit = Number(amountOf(max).nanos) / Number(amountOf(min).nanos)
  if (Number(amountOf(ratio).nanos) / 1e9 <= limit || quantityUnits(amountOf(min)) === 0n) return errors
  return [...errors, invalid(ratioAt, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`)]
}

function limitAmounts(at: Path, item: LimitRangeItem, name: string): FieldError[] {
  const ordered = orders.flatMap(([low, high, member, text]) => {
    const [lower, higher] = [amountIn(item, low, name), amountIn(item, high, name)]
    if (lower === undefined || higher === undefined || compareAmounts(lower, higher) <= 0) return []
    const value = member === 'default' ? (low === 'min' ? lower : higher) : amountIn(item, member, name)
    return [invalid(at.child(member).key(name), value, text.replace('LOW', lower).replace('HIGH', higher))]
  })
  const [limit, request] = [amountIn(item, 'default', name), amountIn(item, 'defaultRequest', name)]
  const errors = [...ordered, ...ratioErrors(at, item, name)]
  if (mayOvercommit(name) || limit === undefined || request === undefined || compareAmounts(limit, request) === 0)
    return errors
  const text = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`
  return [...errors, invalid(at.child('defaultRequest').key(name), request, text)]
}

function limitItem(at: Path, item: LimitRangeItem): FieldError[] {
  const names = new Set(amountMembers.flatMap((member) => Object.keys(item[member] ?? {})))
  const isClaim = item.type === 'PersistentVolumeClaim'
  const hasStorage = [item.min, item.max].some((amounts) => (amounts as Amounts | undefined)?.['storage'] !== undefined)
  const text = 'either minimum or maximum storage value is required, but neither was provided'
  return [
    ...limitNames(at, item),
    ...(isClaim && !hasStorage ? [required(at.child('limits'), text)] : []),
    ...[...names].sort().flatMap((name) => limitAmounts(at, item, name)),
  ]
}

/** The rules of limit ranges. */
export const limitRangeRules: AnyKindRules = kindRules<LimitRange>({
  name: dnsSubdomain,
  create: ({ spec }) => {
    const seen = new Set<string>()
    return each(specPath.child('limits'), spec?.limits, (item, at) => {
      const repeated = seen.has(item.type) ? [duplicate(at.child('type'), item.type)] : []
      seen.add(item.type)
      return [...limitType(at.child('type'), item.type), ...repeated, ...limitItem(at, item)]
    })
  },
})
