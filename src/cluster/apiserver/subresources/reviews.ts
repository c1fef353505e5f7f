/** Reviews: questions that are POSTed and answered at once, never stored. */
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import type { User } from '../user.ts'
import { type ApiObject, objectAt, textAt } from '../api-object.ts'
import { authenticated, userElsewhere, userOf } from '../authentication/authenticate.ts'
import { userOfToken } from '../authentication/service-account-token.ts'
import { type AskedAccess, askedAccess } from '../authorization/asked-access.ts'
import { isComputed } from '../computed-resource.ts'
import { decodeBody } from '../wire/decode-body.ts'
import type { ServedResource } from '../served-resource.ts'
import type { AnswerRequest, ServerParts } from '../server-parts.ts'
import { badRequest, invalid, unknownResource } from '../status-errors.ts'
import { trackWrite } from '../writes/track-fields.ts'
import { checkNamespace } from '../writes/write-object.ts'
import { bindPod } from './bind-pod.ts'

type Review = (parts: ServerParts, request: ApiRequest, review: ApiObject) => Promise<object> | object

const handlers: Readonly<Record<string, Review>> = {
  selfsubjectaccessreviews: (parts, { user }, review) => decide(parts, askedAccess(review, user)),
  subjectaccessreviews: (parts, _request, review) => decide(parts, askedAccess(review, subjectOfReview(review))),
  localsubjectaccessreviews: (parts, _request, review) => decide(parts, askedAccess(review, subjectOfReview(review))),
  tokenreviews: (parts, _request, review) => reviewToken(parts, review),
}

/** Questions about the caller: the answer says nothing of what was asked. */
const selfHandlers: Readonly<Record<string, (...given: Parameters<Review>) => object>> = {
  selfsubjectreviews: (parts, { user }) => ({
    metadata: { creationTimestamp: parts.view.now() },
    status: { userInfo: userInfo(user) },
  }),
  selfsubjectrulesreviews: (parts, { user }, review) => {
    const namespace = textAt(review, 'spec', 'namespace')
    if (namespace === '') throw badRequest('no namespace on request')
    const { resourceRules, nonResourceRules, incomplete = false, error } = parts.authorizer.rulesOf(user, namespace)
    const why = error === undefined ? {} : { evaluationError: error }
    return { metadata: {}, spec: {}, status: { resourceRules, nonResourceRules, incomplete, ...why } }
  },
}

/** The handler of a resource that is a question, or is worked out when it is asked for. */
export function reviewHandler(resource: ServedResource): AnswerRequest {
  if (isComputed(resource)) return resource.answer
  if (resource.group === '' && resource.resource === 'bindings') return bindPod
  const { kind, apiVersion } = resource
  const answerSelf = selfHandlers[resource.resource]
  if (answerSelf !== undefined) {
    return (parts, request): Promise<ApiAnswer> =>
      Promise.resolve().then(() => {
        const answer = answerSelf(parts, request, decodeBody(request, resource))
        const object = { kind, apiVersion, ...answer } as unknown as ApiObject
        return { form: 'value', code: 201, object, resource }
      })
  }
  const handler = handlers[resource.resource]
  if (handler === undefined) return () => Promise.reject(unknownResource())
  return async (parts, request): Promise<ApiAnswer> => {
    const review = await asked(parts, request, decodeBody(request, resource))
    const status = await handler(parts, request, review)
    return { form: 'value', code: 201, object: { ...review, status }, resource }
  }
}

/** The question with who asked what, once it is found to be one. @throws 400, 422. */
async function asked(parts: ServerParts, request: ApiRequest, decoded: ApiObject): Promise<ApiObject> {
  const next = checkNamespace(request, decoded)
  const review = await trackWrite(request, { live: undefined, next, now: parts.view.now() })
  const causes = parts.validation.create(request.resource, review, (text) => void request.warnings.push(text))
  if (causes.length > 0) throw invalid({ group: request.resource.group, resource: '', name: '' }, causes)
  return review
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
  const uid = textAt(spec, 'uid')
  const extra = objectAt(spec, 'extra') as NonNullable<User['extra']>
  return { name: textAt(spec, 'user'), groups, extra, ...(uid === '' ? {} : { uid }) }
}

async function decide(parts: ServerParts, { access, problems }: AskedAccess): Promise<object> {
  const { allowed, denied = false, reason, error } = await parts.authorizer.decide(access)
  const evaluationError = [error ?? [], problems].flat().join('; ')
  return {
    allowed,
    ...(denied ? { denied } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(evaluationError === '' ? {} : { evaluationError }),
  }
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
  // Tokens of other issuers are for this server where it believes them: their audiences are not its own.
  const shared = own.filter((one) => audiences.includes(one))
  const other = user === undefined && shared.length > 0 ? await userElsewhere(parts, token) : undefined
  if (other !== undefined) return { authenticated: true, user: userInfo(authenticated(other)), audiences: shared }
  if (user === undefined || granted.length === 0)
    return { user: {}, error: await whyUnknown(parts, { token, claimed, audiences }) }
  return { authenticated: true, user: userInfo(authenticated(user)), audiences: granted }
}

interface Unknown {
  readonly token: string
  readonly claimed: readonly string[] | undefined
  readonly audiences: readonly string[]
}

/** Why a token stands for nobody: a good one may be for somebody else. */
async function whyUnknown({ tokenKeys, view }: ServerParts, { token, claimed, audiences }: Unknown): Promise<string> {
  const why = 'invalid bearer token'
  if (tokenKeys === undefined || claimed === undefined) return why
  if ((await userOfToken(view, tokenKeys, token, claimed)) === undefined) return why
  const list = (names: readonly string[]): string => `[${names.map((name) => JSON.stringify(name)).join(' ')}]`
  return `[${why}, token audiences ${list(claimed)} is invalid for the target audiences ${list(audiences)}]`
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
