/** `authorizer`: questions of authorisation that an expression builds up and asks (Kubernetes' authorizer libraries). */
import { declare, fail, type CelOverload } from '../cel-function.ts'
import type { CelType } from '../cel-type.ts'
import { CelOpaque, type CelValue } from '../cel-value.ts'
import { authorizerType, decisionType, groupCheckType, pathCheckType, resourceCheckType } from '../named-types.ts'
import { dns1035Label, dnsLabel, dnsSubdomain } from '../../validation/formats.ts'

/** A question that an expression asks. */
export interface AuthorizerQuestion {
  /** The service account that is asked about, as `namespace/name`; undefined for the user of the request. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined
  readonly verb: string
  /** Undefined for a path. */
  readonly resource:
    | {
        readonly group: string
        readonly resource: string
        readonly subresource: string
        readonly namespace: string
        readonly name: string
        readonly fieldSelector: string
        readonly labelSelector: string
      }
    | undefined
  readonly path: string
}

/** The answer. */
export interface AuthorizerAnswer {
  readonly allowed: boolean
  readonly reason: string
  readonly error?: string
}

/** Whoever answers. */
export type AskAuthorizer = (question: AuthorizerQuestion) => AuthorizerAnswer

interface Asked {
  readonly ask: AskAuthorizer
  readonly question: AuthorizerQuestion
}

class CelAsked extends CelOpaque {
  readonly type: CelType
  readonly asked: Asked

  constructor(type: CelType, asked: Asked) {
    super()
    this.type = type
    this.asked = asked
  }

  equals(other: CelOpaque): boolean {
    return other === this
  }
}

class CelDecision extends CelOpaque {
  readonly type = decisionType
  readonly answer: AuthorizerAnswer

  constructor(answer: AuthorizerAnswer) {
    super()
    this.answer = answer
  }

  equals(other: CelOpaque): boolean {
    return other === this
  }
}

const blank: AuthorizerQuestion = { serviceAccount: undefined, verb: '', resource: undefined, path: '' }
/** A question about no resource in particular. */
export const blankResource: Readonly<NonNullable<AuthorizerQuestion['resource']>> = {
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
}
type ResourceQuestion = typeof blankResource

/** The variable `authorizer`. */
export function celAuthorizer(ask: AskAuthorizer): CelValue {
  return new CelAsked(authorizerType, { ask, question: blank })
}

/** The variable `authorizer.requestResource`: a check of what the request is about. */
export function celResourceCheck(ask: AskAuthorizer, about: Partial<ResourceQuestion>): CelValue {
  return new CelAsked(resourceCheckType, { ask, question: { ...blank, resource: { ...blankResource, ...about } } })
}

const asked = (value: CelValue | undefined): Asked => (value as CelAsked).asked

function withResource(value: CelValue | undefined, part: Partial<ResourceQuestion>): CelValue {
  const { ask, question } = asked(value)
  const resource = { ...(question.resource ?? blankResource), ...part }
  return new CelAsked(resourceCheckType, { ask, question: { ...question, resource } })
}

function serviceAccount(value: CelValue | undefined, namespace: string, name: string): CelValue {
  if (dnsSubdomain(name).length > 0) return fail('Invalid service account name')
  if (dnsLabel(namespace).length > 0 && dns1035Label(namespace).length > 0)
    return fail('Invalid service account namespace')
  const { ask, question } = asked(value)
  return new CelAsked(authorizerType, { ask, question: { ...question, serviceAccount: { namespace, name } } })
}

function check(value: CelValue | undefined, verb: CelValue | undefined): CelDecision {
  const { ask, question } = asked(value)
  return new CelDecision(ask({ ...question, verb: verb as string }))
}

const answer = (value: CelValue | undefined): AuthorizerAnswer => (value as CelDecision).answer
const nonEmpty = (value: CelValue | undefined, what: string): string =>
  value === '' ? fail(`${what} must not be empty`) : (value as string)

const authorizer = 'kubernetes.authorization.Authorizer'
const resourceCheck = 'kubernetes.authorization.ResourceCheck'
const decision = 'kubernetes.authorization.Decision'

const part = (name: string, id: string, field: keyof ResourceQuestion): CelOverload =>
  declare(`.${name}(${resourceCheck}, string) ${resourceCheck}`, id, ([value, text]) =>
    withResource(value, { [field]: text as string }),
  )

export const authorizerFunctions: readonly CelOverload[] = [
  declare(`.path(${authorizer}, string) kubernetes.authorization.PathCheck`, 'authorizer_path', ([value, path]) => {
    const { ask, question } = asked(value)
    return new CelAsked(pathCheckType, { ask, question: { ...question, path: nonEmpty(path, 'path') } })
  }),
  declare(`.group(${authorizer}, string) kubernetes.authorization.GroupCheck`, 'authorizer_group', ([value, group]) => {
    const { ask, question } = asked(value)
    const resource = { ...blankResource, group: group as string }
    return new CelAsked(groupCheckType, { ask, question: { ...question, resource } })
  }),
  declare(
    `.serviceAccount(${authorizer}, string, string) ${authorizer}`,
    'authorizer_serviceaccount',
    ([value, namespace, name]) => serviceAccount(value, namespace as string, name as string),
  ),
  declare(
    `.resource(kubernetes.authorization.GroupCheck, string) ${resourceCheck}`,
    'groupcheck_resource',
    ([value, name]) => withResource(value, { resource: nonEmpty(name, 'resource') }),
  ),
  part('subresource', 'resourcecheck_subresource', 'subresource'),
  part('namespace', 'resourcecheck_namespace', 'namespace'),
  part('name', 'resourcecheck_name', 'name'),
  part('fieldSelector', 'authorizer_fieldselector', 'fieldSelector'),
  part('labelSelector', 'authorizer_labelselector', 'labelSelector'),
  declare(`.check(kubernetes.authorization.PathCheck, string) ${decision}`, 'pathcheck_check', ([value, verb]) =>
    check(value, verb),
  ),
  declare(`.check(${resourceCheck}, string) ${decision}`, 'resourcecheck_check', ([value, verb]) => check(value, verb)),
  declare(`.errored(${decision}) bool`, 'decision_errored', ([value]) => answer(value).error !== undefined),
  declare(`.error(${decision}) string`, 'decision_error', ([value]) => answer(value).error ?? ''),
  declare(`.allowed(${decision}) bool`, 'decision_allowed', ([value]) => answer(value).allowed),
  declare(`.reason(${decision}) string`, 'decision_reason', ([value]) => answer(value).reason),
]
