/** Priority levels of API priority and fairness (flowcontrol/validation, v1.36). */
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../objects/flowcontrol-v1.generated.ts'
import { inRange, requiredOneOf } from '../checks.ts'
import { forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain } from '../formats.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { flowConditions } from './flow-rules.ts'

const specPath = path('spec')
const queuesMax = 10_000_000
/** Bits of the hash that deals a flow its queues. */
const hashBits = 60

function shares(at: Path, value: number | undefined): FieldError[] {
  return (value ?? 0) < 0 ? [invalid(at, value, 'must be a non-negative integer')] : []
}

function lendable(at: Path, percent: number | undefined): FieldError[] {
  return inRange(at, percent ?? 0, [0, 100])
}

function queueCount(at: Path, queues: number): FieldError[] {
  if (queues <= 0) return [invalid(at, queues, 'must be positive')]
  return queues > queuesMax ? [invalid(at, queues, `must not be greater than ${queuesMax}`)] : []
}

function handErrors(at: Path, handSize: number, queues: number): FieldError[] {
  if (handSize <= 0) return [invalid(at, handSize, 'must be positive')]
  if (handSize > queues) return [invalid(at, handSize, `should not be greater than queues (${queues})`)]
  if (Math.ceil(Math.log2(queues) * handSize) <= hashBits) return []
  const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`
  return [invalid(at, handSize, text)]
}

function queuingErrors(
  at: Path,
  { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration,
): FieldError[] {
  return [
    ...(queueLengthLimit <= 0 ? [invalid(at.child('queueLengthLimit'), queueLengthLimit, 'must be positive')] : []),
    ...queueCount(at.child('queues'), queues),
    ...handErrors(at.child('handSize'), handSize, queues),
  ]
}

function response(at: Path, value: LimitedPriorityLevelConfiguration['limitResponse']): FieldError[] {
  const queuingAt = at.child('queuing')
  const queuing = value?.queuing
  switch (value?.type) {
    case 'Reject':
      if (queuing === undefined) return []
      return [forbidden(queuingAt, 'must be nil if limited.limitResponse.type is not Limited')]
    case 'Queue':
      if (queuing === undefined)
        return [required(queuingAt, 'must not be empty if limited.limitResponse.type is Limited')]
      return queuingErrors(queuingAt, queuing)
    default:
      return requiredOneOf(at.child('type'), value?.type, ['Queue', 'Reject'])
  }
}

function limited(at: Path, value: LimitedPriorityLevelConfiguration): FieldError[] {
  const borrowing = value.borrowingLimitPercent ?? 0
  const borrowingText = 'if specified, must be a non-negative integer'
  return [
    ...shares(at.child('nominalConcurrencyShares'), value.nominalConcurrencyShares),
    ...response(at.child('limitResponse'), value.limitResponse),
    ...lendable(at.child('lendablePercent'), value.lendablePercent),
    ...(borrowing < 0 ? [invalid(at.child('borrowingLimitPercent'), borrowing, borrowingText)] : []),
  ]
}

function exempt(at: Path, value: ExemptPriorityLevelConfiguration | undefined): FieldError[] {
  return [
    ...shares(at.child('nominalConcurrencyShares'), value?.nominalConcurrencyShares),
    ...lendable(at.child('lendablePercent'), value?.lendablePercent),
  ]
}

function byType(spec: NonNullable<PriorityLevelConfiguration['spec']> | undefined): FieldError[] {
  const limitedAt = specPath.child('limited')
  switch (spec?.type) {
    case 'Exempt':
      return [
        ...(spec.limited === undefined ? [] : [forbidden(limitedAt, 'must be nil if the type is not Limited')]),
        ...exempt(specPath.child('exempt'), spec.exempt),
      ]
    case 'Limited':
      return [
        ...(spec.exempt === undefined
          ? []
          : [forbidden(specPath.child('exempt'), 'must be nil if the type is Limited')]),
        ...(spec.limited === undefined
          ? [required(limitedAt, 'must not be empty when type is Limited')]
          : limited(limitedAt, spec.limited)),
      ]
    default:
      return requiredOneOf(specPath.child('type'), spec?.type, ['Exempt', 'Limited'])
  }
}

function priorityLevel({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const type: string = spec?.type ?? ''
  const isOdd = (metadata.name === 'exempt') !== (type === 'Exempt')
  const text = "must be 'Exempt' if and only if `name` is 'exempt'"
  return [...(isOdd ? [invalid(specPath.child('type'), type, text)] : []), ...byType(spec)]
}

/** The rules of priority levels. */
export const priorityLevelRules: AnyKindRules = kindRules<PriorityLevelConfiguration>({
  name: dnsSubdomain,
  create: priorityLevel,
  status: ({ object }) => flowConditions(object),
})
