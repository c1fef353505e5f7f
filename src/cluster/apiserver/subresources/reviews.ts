/** Reviews: questions that are POSTed and answered at once, never stored. */
import type { ApiAnswer, ApiRequest, User } from '../api-request.ts'
import { type ApiObject, objectAt, textAt } from '../api-object.ts'
import { authenticated, userOf } from '../authentication/authenticate.ts'
import { userOfToken } from '../authentication/service-account-token.ts'
import type { Access } from '../authorization/access.ts'
import { isComputed } from '../computed-resource.ts'
import { decodeBody } from '../decode-body.ts'
import type { ServedResource } from '../served-resource.ts'
import type { AnswerRequest, ServerParts } from '../server-parts.ts'
import { badRequest, type Cause, invalid, unknownResource } from '../status-errors.ts'
import { bindPod } from './bind-pod.ts'

type Review = (parts: ServerParts, request: ApiRequest, review: ApiObject) => Promise<object> | object

const handlers: Readonly<Record<string, Review>> = {
  selfsubjectreviews: (_parts, { user }) => ({ userInfo: userInfo(user) }),
  selfsubjectaccessreviews: (parts, { user }, review) => decide(parts, accessOf(review, user)),
  subjectaccessreviews: (parts, _request, review) => decide(parts, accessOf(review, subjectOfReview(review))),
  localsubjectaccessreviews: (parts, request, review) => {
    if (textAt(review, 'spec', 'resourceAttributes', 'namespace') !== request.namespace)
      throw badRequest('spec.resourceAttributes.namespace must match namespace')
    return decide(parts, accessOf(review, subjectOfReview(review)))
  },
  selfsubjectrulesreviews: (parts, { user }, review) => {
    const { resourceRules, nonResourceRules } = parts.authorizer.rulesOf(user, textAt(review, 'spec', 'namespace'))
    return { resourceRules, nonResourceRules, incomplete: false }
  },
  tokenreviews: (parts, _request, review) => reviewToken(parts, review),
}

/** The handler of a resource that is a question, or is worked out when it is asked for. */
export function reviewHandler(resource: ServedResource): AnswerRequest {
  if (isComputed(resource)) return resource.answer
  if (resource.group === '' && resource.resource === 'bindings') return bindPod
  const handler = handlers[resource.resource]
  if (handler === undefined) return () => Promise.reject(unknownResource())
  return async (parts, request): Promise<ApiAnswer> => {
    const review = decodeBody(request, resource)
    const metadata = {
      ...review.metadata,
      ...(resource.resource === 'selfsubjectreviews' ? { creationTimestamp: parts.view.now() } : {}),
    }
    const status = await handler(parts, request, review)
    return { form: 'value', code: 201, object: { ...review, metadata, status }, resource }
  }
}

function userInfo({ name, uid, groups, extra }: User): object {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  }
}

function subjectOfReview(review: ApiObject): User {
  const spec = objectAt(review, 'spec')
  const groups = Array.isArray(spec['groups']) ? (spec['groups'] as readonly string[]) : []
  return { name: textAt(spec, 'user'), groups, extra: objectAt(spec, 'extra') as NonNullable<User['extra']> }
}

function accessOf(review: ApiObject, user: User): Access {
  const spec = objectAt(review, 'spec')
  const resource = objectAt(spec, 'resourceAttributes')
  const path = objectAt(spec, 'nonResourceAttributes')
  checkReview(review, spec)
  const isResource = spec['resourceAttributes'] !== undefined
  return {
    user,
    isResource,
    verb: textAt(isResource ? resource : path, 'verb'),
    group: textAt(resource, 'group'),
    resource: textAt(resource, 'resource'),
    subresource: textAt(resource, 'subresource'),
    namespace: textAt(resource, 'namespace'),
    name: textAt(resource, 'name'),
    path: textAt(path, 'path'),
  }
}

function checkReview(review: ApiObject, spec: object): void {
  const causes: Cause[] = []
  const both = 'resourceAttributes' in spec && 'nonResourceAttributes' in spec
  const neither = !('resourceAttributes' in spec) && !('nonResourceAttributes' in spec)
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
  if (both)
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: "": cannot be specified in combination with resourceAttributes`,
      field: 'spec.nonResourceAttributes',
    })
  if (neither)
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: null: ${why}`,
      field: 'spec.resourceAttributes',
    })
  const isSelf = review.kind === 'SelfSubjectAccessReview'
  if (!isSelf && textAt(spec, 'user') === '' && !Array.isArray((spec as { readonly groups?: unknown }).groups))
    causes.push({
      reason: 'FieldValueInvalid',
      message: 'Invalid value: "": at least one of user or group must be specified',
      field: 'spec.user',
    })
  if (causes.length > 0) throw invalid({ group: 'authorization.k8s.io', resource: '', name: '' }, causes)
}

function decide(parts: ServerParts, access: Access): object {
  const { allowed, reason } = parts.authorizer.decide(access)
  return { allowed, ...(reason === '' ? {} : { reason }) }
}

async function reviewToken(parts: ServerParts, review: ApiObject): Promise<object> {
  const token = textAt(review, 'spec', 'token')
  if (token === '') throw badRequest('token is required for TokenReview in authentication')
  const { tokenKeys, view } = parts
  const own = [view.config.issuer]
  const asked = objectAt(review, 'spec')['audiences']
  const audiences = Array.isArray(asked) && asked.length > 0 ? (asked as readonly string[]) : own
  const claimed = audiencesOf(token)
  const user =
    tokenKeys !== undefined && claimed !== undefined
      ? await userOfToken(view, tokenKeys, token, audiences)
      : await userOf(parts, token)
  // Tokens that name no audience are for this server.
  const granted = (claimed ?? own).filter((one) => audiences.includes(one))
  if (user === undefined || granted.length === 0) return { user: {}, error: 'invalid bearer token' }
  return { authenticated: true, user: userInfo(authenticated(user)), audiences: granted }
}

/** The audiences that a signed token names; undefined for any other token. Whether it is valid is for others to check. */
function audiencesOf(token: string): readonly string[] | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      readonly aud?: string | readonly string[]
    }
    return claims.aud === undefined ? undefined : [claims.aud].flat()
  } catch {
    return undefined
  }
}
