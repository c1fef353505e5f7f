/** POST serviceaccounts/NAME/token: a signed token for the account, bound to an object when asked for. */
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { randomUuid } from '#world/ports/random.ts'
import { admitSubresource } from '../admission/admit-subresource.ts'
import { type ApiObject, objectAt, textAt, timeText } from '../api-object.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import { decodeBody } from '../wire/decode-body.ts'
import { subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { badRequest, type Cause, conflict, invalid, notFound, unavailable } from '../status-errors.ts'

const kind = 'TokenRequest'
const apiVersion = 'authentication.k8s.io/v1'
const type = builtInTypes.find('io.k8s.api.authentication.v1.TokenRequest')
const leastSeconds = 600
const mostSeconds = 2 ** 32
/** What kubelets ask for; such a token lives on for clients that never read its file anew, and says from when it is old. */
const extendedFromSeconds = 3607
const extendedSeconds = 365 * 24 * 3600

/** Answers a token request. @throws 403, 404, 409, 422. */
export async function requestToken(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const { view, tokenKeys } = parts
  if (tokenKeys === undefined) throw unavailable('this server has no key to sign tokens with')
  const own = { apiVersion, kind, type }
  const body = await admitSubresource(parts, request, { object: decodeBody(request, own), own })
  const account = await view.findNewest('/serviceaccounts', request.namespace, request.name)
  if (account === undefined) throw notFound(subjectOf(request))
  checkNames(request, body, account)
  const spec = objectAt(body, 'spec')
  const seconds = typeof spec['expirationSeconds'] === 'number' ? spec['expirationSeconds'] : 3600
  checkSeconds(seconds)
  const given = Array.isArray(spec['audiences']) ? (spec['audiences'] as readonly string[]) : []
  const audiences = given.length === 0 ? [view.config.issuer] : given
  const issued = Math.floor(view.nowMs() / 1000)
  const bound = boundTo(parts, request, spec['boundObjectRef'])
  const isExtended =
    'pod' in bound && seconds === extendedFromSeconds && audiences.every((one) => one === view.config.issuer)
  const claims = {
    aud: audiences,
    exp: issued + (isExtended ? extendedSeconds : seconds),
    iat: issued,
    nbf: issued,
    iss: view.config.issuer,
    jti: randomUuid(parts.random),
    sub: `system:serviceaccount:${request.namespace}:${request.name}`,
    'kubernetes.io': {
      namespace: request.namespace,
      ...bound,
      serviceaccount: { name: request.name, uid: account.metadata.uid },
      ...(isExtended ? { warnafter: issued + seconds } : {}),
    },
  }
  const token = await tokenKeys.sign(claims)
  const object: ApiObject = {
    kind,
    apiVersion,
    metadata: {
      name: request.name,
      namespace: request.namespace,
      uid: account.metadata.uid ?? '',
      creationTimestamp: view.now(),
    },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: spec['boundObjectRef'] ?? null },
    status: { token, expirationTimestamp: timeText((issued + seconds) * 1000) },
  }
  return { form: 'value', code: 201, object }
}

/** What the body says of the account must be what the path says. */
function checkNames(request: ApiRequest, { metadata }: ApiObject, account: ApiObject): void {
  const refuse = (field: string, value: string, what: string): never => {
    const message = `Invalid value: ${JSON.stringify(value)}: must match the service account ${what} if specified`
    const subject = { group: 'authentication.k8s.io', resource: kind, name: request.name }
    throw invalid(subject, [{ reason: 'FieldValueInvalid', message, field }])
  }
  const { name = '', namespace = '', uid = '' } = metadata
  if (name !== '' && name !== request.name) refuse('metadata.name', name, 'name')
  if (namespace !== '' && namespace !== request.namespace) refuse('metadata.namespace', namespace, 'namespace')
  if (uid === '' || uid === account.metadata.uid) return
  throw conflict(
    { group: 'authentication.k8s.io', resource: kind, name: request.name },
    `the UID in the token request (${uid}) does not match the UID of the service account (${account.metadata.uid})`,
  )
}

function checkSeconds(seconds: number): void {
  const causes: Cause[] = []
  const field = 'spec.expirationSeconds'
  const value = `Invalid value: ${seconds}`
  if (seconds < leastSeconds)
    causes.push({
      reason: 'FieldValueInvalid',
      message: `${value}: may not specify a duration less than 10 minutes`,
      field,
    })
  if (seconds > mostSeconds)
    causes.push({
      reason: 'FieldValueInvalid',
      message: `${value}: may not specify a duration larger than 2^32 seconds`,
      field,
    })
  if (causes.length > 0) throw invalid({ group: 'authentication.k8s.io', resource: kind, name: '' }, causes)
}

const boundStorage: ReadonlyMap<string, string> = new Map([
  ['Pod', '/pods'],
  ['Secret', '/secrets'],
  ['Node', '/nodes'],
])

/** The object whose life bounds the token's, as claims; it must exist, with the uid that the request names. */
function boundTo(parts: ServerParts, request: ApiRequest, reference: unknown): JsonObject {
  if (!isJsonObject(reference)) return {}
  const wanted = textAt(reference, 'kind')
  const object = findBound(parts, request, reference)
  const bound = { name: textAt(reference, 'name'), uid: object.metadata.uid }
  return wanted === 'Pod' ? { pod: bound, ...nodeOf(parts, object) } : { [wanted.toLowerCase()]: bound }
}

function findBound(parts: ServerParts, request: ApiRequest, reference: JsonObject): ApiObject {
  const name = textAt(reference, 'name')
  const uid = textAt(reference, 'uid')
  const wanted = textAt(reference, 'kind')
  const storage = boundStorage.get(wanted)
  if (storage === undefined)
    throw badRequest(`cannot bind token to object of type ${kindText(textAt(reference, 'apiVersion'), wanted)}`)
  const object = parts.view.find(storage, wanted === 'Node' ? '' : request.namespace, name)
  const subject = { group: '', resource: storage.slice(1), name }
  if (object === undefined) throw notFound(subject)
  if (wanted === 'Pod' && textAt(object, 'spec', 'serviceAccountName') !== request.name)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(request.name)} to pod running with different serviceaccount name.`,
    )
  if (uid !== '' && uid !== object.metadata.uid)
    throw conflict(
      { group: '', resource: wanted, name },
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  return object
}

/** The node that a pod is on, as a claim; none before it has one. */
function nodeOf({ view }: ServerParts, pod: ApiObject): JsonObject {
  const name = textAt(pod, 'spec', 'nodeName')
  if (name === '') return {}
  const node = view.find('/nodes', '', name)
  return { node: { name, ...(node === undefined ? {} : { uid: node.metadata.uid }) } }
}

/** `GROUP/VERSION, Kind=KIND`, the group empty for core kinds. */
function kindText(apiVersion: string, name: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${name}`
}
