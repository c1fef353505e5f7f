/** Kinds that are asked, not stored: access reviews, token requests, bindings (authorization and authentication validation). */
import type { TokenRequest } from '../../objects/authentication-v1.generated.ts'
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SubjectAccessReview,
} from '../../objects/authorization-v1.generated.ts'
import type { Binding } from '../../objects/core-v1.generated.ts'
import { isEmpty } from '../checks.ts'
import { invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'

const specPath = path('spec')
const anyName = (): readonly string[] => []

interface Attributes {
  readonly resourceAttributes?: { readonly namespace?: string }
  readonly nonResourceAttributes?: object
}

function attributes(spec: Attributes | undefined): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec ?? {}
  if (nonResourceAttributes !== undefined && resourceAttributes !== undefined) {
    const text = 'cannot be specified in combination with resourceAttributes'
    return [
      invalid(
        specPath.child('nonResourceAttributes'),
        internal('authorization.NonResourceAttributes', nonResourceAttributes),
        text,
      ),
    ]
  }
  if (nonResourceAttributes !== undefined || resourceAttributes !== undefined) return []
  const text = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
  return [invalid(specPath.child('resourceAttributes'), null, text)]
}

function subject({ spec }: SubjectAccessReview | LocalSubjectAccessReview): FieldError[] {
  const isSomeone = (spec?.user ?? '') !== '' || !isEmpty(spec?.groups)
  return isSomeone ? [] : [invalid(specPath.child('user'), '', 'at least one of user or group must be specified')]
}

/** The rules of access reviews for anyone. */
export const accessReviewRules: AnyKindRules = kindRules<SubjectAccessReview>({
  name: anyName,
  isRequest: true,
  create: (object) => [...attributes(object.spec), ...subject(object)],
})

/** The rules of access reviews within a namespace. */
export const localAccessReviewRules: AnyKindRules = kindRules<LocalSubjectAccessReview>({
  name: anyName,
  isRequest: true,
  create: (object) => {
    const at = specPath.child('resourceAttributes')
    const namespace = object.spec?.resourceAttributes?.namespace ?? ''
    const isSame = namespace === (object.metadata?.namespace ?? '')
    const text = 'must match metadata.namespace'
    const hasResource = object.spec?.resourceAttributes !== undefined
    return [
      ...attributes(object.spec),
      ...subject(object),
      ...(hasResource && !isSame ? [invalid(at.child('namespace'), namespace, text)] : []),
    ]
  },
})

/** The rules of access reviews for the caller. */
export const selfAccessReviewRules: AnyKindRules = kindRules<SelfSubjectAccessReview>({
  name: anyName,
  isRequest: true,
  create: (object) => attributes(object.spec),
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
