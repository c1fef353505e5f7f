/** Kinds that are asked, not stored: access reviews, token requests, bindings (authorization and authentication validation). */
import type { TokenRequest } from '../../objects/authentication-v1.generated.ts'
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SubjectAccessReview,
} from '../../objects/authorization-v1.generated.ts'
import type { Binding } from '../../objects/core-v1.generated.ts'
import { each, ifSet, isEmpty, matches } from '../checks.ts'
import { invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { labelValue, qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { selectorValueErrors } from '../labels.ts'

const specPath = path('spec')
const selectorOperators: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist'])
const anyName = (): readonly string[] => []

type ReviewSpec = NonNullable<SelfSubjectAccessReview['spec']>
type ResourceAttributes = NonNullable<ReviewSpec['resourceAttributes']>
type Selector = NonNullable<ResourceAttributes['labelSelector']> | NonNullable<ResourceAttributes['fieldSelector']>
type Requirement = NonNullable<Selector['requirements']>[number]

const resourcePath = specPath.child('resourceAttributes')
const pathsPath = specPath.child('nonResourceAttributes')

function printedPaths(attributes: object): unknown {
  return internal('authorization.NonResourceAttributes', attributes)
}

function attributes(spec: ReviewSpec | undefined): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec ?? {}
  if (nonResourceAttributes !== undefined && resourceAttributes !== undefined) {
    const text = 'cannot be specified in combination with resourceAttributes'
    return [invalid(pathsPath, printedPaths(nonResourceAttributes), text)]
  }
  if (nonResourceAttributes !== undefined || resourceAttributes !== undefined) return []
  const text = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
  return [invalid(resourcePath, null, text)]
}

function labelRequirement(at: Path, { key, values }: Requirement): FieldError[] {
  return [
    ...matches(at.child('key'), key, qualifiedName),
    ...each(at.child('values'), values, (value, valueAt) => matches(valueAt, value, labelValue)),
  ]
}

function fieldRequirement(at: Path, { key }: Requirement): FieldError[] {
  return key === '' ? [required(at.child('key'), 'must be specified')] : []
}

/** Operators that this version does not know are for newer servers to judge. */
function operatorErrors(at: Path, { operator, values }: Requirement): FieldError[] {
  return selectorOperators.has(operator) ? selectorValueErrors(at, operator, values) : []
}

type CheckRequirement = (at: Path, requirement: Requirement) => FieldError[]

function selector(at: Path, value: Selector | undefined, check: CheckRequirement): FieldError[] {
  if (value === undefined) return []
  const { rawSelector = '' } = value
  const requirements: readonly Requirement[] = value.requirements ?? []
  const rawText = 'may not specified at the same time as requirements'
  const noneText = `when ${at.toString()} is specified, requirements or rawSelector is required`
  return [
    ...(rawSelector !== '' && requirements.length > 0 ? [invalid(at.child('rawSelector'), rawSelector, rawText)] : []),
    ...(rawSelector === '' && requirements.length === 0 ? [required(at.child('requirements'), noneText)] : []),
    ...each(at.child('requirements'), requirements, (one, itemAt) => check(itemAt, one)),
  ]
}

function selectors({ resourceAttributes }: ReviewSpec = {}): FieldError[] {
  const { fieldSelector, labelSelector } = resourceAttributes ?? {}
  return [
    ...selector(resourcePath.child('fieldSelector'), fieldSelector, (at, one) => [
      ...fieldRequirement(at, one),
      ...operatorErrors(at, one),
    ]),
    ...selector(resourcePath.child('labelSelector'), labelSelector, (at, one) => [
      ...operatorErrors(at, one),
      ...labelRequirement(at, one),
    ]),
  ]
}

function subject({ spec }: SubjectAccessReview | LocalSubjectAccessReview): FieldError[] {
  const isSomeone = (spec?.user ?? '') !== '' || !isEmpty(spec?.groups)
  return isSomeone ? [] : [invalid(specPath.child('user'), '', 'at least one of user or group must be specified')]
}

/** A question has no metadata but what the server itself puts there. */
function noMetadata(metadata: object | undefined, allowed: readonly string[], text: string): FieldError[] {
  const said = Object.entries(metadata ?? {}).filter(([name, value]) => !allowed.includes(name) && value !== undefined)
  return said.length === 0 ? [] : [invalid(path('metadata'), metadata, text)]
}

/** The rules of access reviews for anyone. */
export const accessReviewRules: AnyKindRules = kindRules<SubjectAccessReview>({
  name: anyName,
  isRequest: true,
  create: (object) => [
    ...attributes(object.spec),
    ...subject(object),
    ...selectors(object.spec),
    ...noMetadata(object.metadata, ['managedFields'], 'must be empty'),
  ],
})

/** The rules of access reviews within a namespace. */
export const localAccessReviewRules: AnyKindRules = kindRules<LocalSubjectAccessReview>({
  name: anyName,
  isRequest: true,
  create: ({ spec, metadata }) => {
    const namespace = spec?.resourceAttributes?.namespace ?? ''
    const isElsewhere = spec?.resourceAttributes !== undefined && namespace !== (metadata?.namespace ?? '')
    const paths = spec?.nonResourceAttributes
    return [
      ...attributes(spec),
      ...subject({ spec } as LocalSubjectAccessReview),
      ...selectors(spec),
      ...noMetadata(metadata, ['managedFields', 'namespace'], 'must be empty except for namespace'),
      ...(isElsewhere ? [invalid(resourcePath.child('namespace'), namespace, 'must match metadata.namespace')] : []),
      ...ifSet(paths, (value) => [invalid(pathsPath, printedPaths(value), 'disallowed on this kind of request')]),
    ]
  },
})

/** The rules of access reviews for the caller. */
export const selfAccessReviewRules: AnyKindRules = kindRules<SelfSubjectAccessReview>({
  name: anyName,
  isRequest: true,
  create: ({ spec, metadata }) => [
    ...attributes(spec),
    ...selectors(spec),
    ...noMetadata(metadata, ['managedFields'], 'must be empty'),
  ],
})

/** The rules of requests for tokens. */
export const tokenRequestRules: AnyKindRules = kindRules<TokenRequest>({
  name: anyName,
  isRequest: true,
  create: ({ spec }) => {
    const at = specPath.child('expirationSeconds')
    const seconds = spec?.expirationSeconds ?? 3600
    if (seconds < 600) return [invalid(at, seconds, 'may not specify a duration less than 10 minutes')]
    return seconds > 2 ** 32 ? [invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds')] : []
  },
})

/** The rules of bindings of pods to nodes. */
export const bindingRules: AnyKindRules = kindRules<Binding>({
  name: anyName,
  isRequest: true,
  create: ({ target }) => {
    const kind = target?.kind ?? ''
    const isNode = kind === '' || kind === 'Node'
    return [
      ...(isNode ? [] : [notSupported(path('target', 'kind'), kind, ['Node', '<empty>'])]),
      ...((target?.name ?? '') === '' ? [required(path('target', 'name'))] : []),
    ]
  },
})

/** Kinds of requests without rules: their handlers read them. */
export const plainRequestRules: AnyKindRules = kindRules<object>({ name: anyName, isRequest: true, create: () => [] })
