/** Tokens of service accounts: whom they stand for while everything they are bound to exists. */
import { parseTime } from '#spec/kubernetes/decode/time-text.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, objectAt, textAt } from '../api-object.ts'
import type { User } from '../user.ts'
import type { ClusterView } from '../cluster-view.ts'
import { legacyIssuer, type TokenKeys } from './token-keys.ts'

/** Clocks differ, and what is being deleted may still work for this long. */
const leewayMs = 60_000
const prefix = 'authentication.kubernetes.io'
const legacyPrefix = 'kubernetes.io/serviceaccount'

/** The user and groups of a service account. */
export function serviceAccountUser(namespace: string, name: string, uid?: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    ...(uid === undefined ? {} : { uid }),
  }
}

/** The bearer of a token, undefined when it is not valid any more or not for one of the audiences. */
// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
export async function userOfToken(
  view: ClusterView,
  keys: TokenKeys,
  token: string,
  audiences: readonly string[] = [view.config.issuer],
): Promise<User | undefined> {
  if (token.split('.').length !== 3) return undefined
  let claims: JsonObject
  try {
    claims = await keys.verify(token)
  } catch {
    return undefined
  }
  // Tokens kept in secrets name no audience: they are for this server.
  if (claims['iss'] === legacyIssuer)
    return audiences.includes(view.config.issuer) ? userOfSecret(view, keys, { token, claims }) : undefined
  const meant = Array.isArray(claims['aud']) ? (claims['aud'] as readonly unknown[]) : [claims['aud']]
  if (!meant.some((one) => typeof one === 'string' && audiences.includes(one))) return undefined
  return userOfClaims(view, claims)
}

function userOfClaims(view: ClusterView, claims: JsonObject): User | undefined {
  const { namespace, serviceaccount, pod, secret, node } = objectAt(claims, 'kubernetes.io')
  if (typeof namespace !== 'string') return undefined
  const bound = [
    ['/serviceaccounts', namespace, serviceaccount ?? {}],
    ['/secrets', namespace, secret],
    ['/pods', namespace, pod],
    // A pod's node is told, not checked: the pod is what the token lives with.
    ['/nodes', '', isJsonObject(pod) ? undefined : node],
  ] as const
  if (
    !bound.every(([storage, where, reference]) =>
      isAlive(view, view.find(storage, where, nameOf(reference)), reference),
    )
  )
    return undefined
  const extra = extraOf(claims, pod, node)
  return {
    ...serviceAccountUser(namespace, nameOf(serviceaccount), textAt(serviceaccount, 'uid')),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

function nameOf(reference: unknown): string {
  return textAt(reference, 'name')
}

/** True when nothing is referred to, or the very object is there and not long in deletion. */
function isAlive(view: ClusterView, object: ApiObject | undefined, reference: unknown): boolean {
  if (!isJsonObject(reference)) return true
  if (object === undefined || object.metadata.uid !== reference['uid']) return false
  const { deletionTimestamp } = object.metadata
  return deletionTimestamp === undefined || parseTime(deletionTimestamp).seconds * 1000 >= view.nowMs() - leewayMs
}

function extraOf(claims: JsonObject, pod: unknown, node: unknown): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {}
  if (typeof claims['jti'] === 'string') extra[`${prefix}/credential-id`] = [`JTI=${claims['jti']}`]
  for (const [kind, value] of [
    ['pod', pod],
    ['node', node],
  ] as const) {
    if (!isJsonObject(value)) continue
    extra[`${prefix}/${kind}-name`] = [textAt(value, 'name')]
    extra[`${prefix}/${kind}-uid`] = [textAt(value, 'uid')]
  }
  return extra
}

/** The account of a token that a secret holds: as long as the secret is there, holds it and was not marked invalid. */
function userOfSecret(
  view: ClusterView,
  keys: TokenKeys,
  { token, claims }: { readonly token: string; readonly claims: JsonObject },
): User | undefined {
  const claim = (name: string): string => textAt(claims, `${legacyPrefix}/${name}`)
  const [namespace, name, uid] = [claim('namespace'), claim('service-account.name'), claim('service-account.uid')]
  if (claims['sub'] !== `system:serviceaccount:${namespace}:${name}`) return undefined
  const secret = view.find('/secrets', namespace, claim('secret.name'))
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return undefined
  if (Buffer.from(textAt(secret, 'data', 'token'), 'base64').toString() !== token) return undefined
  const account = view.find('/serviceaccounts', namespace, name)
  if (account?.metadata.uid !== uid || account.metadata.deletionTimestamp !== undefined) return undefined
  keys.noteSecretUse?.(namespace, claim('secret.name'))
  if ((secret.metadata.labels?.['kubernetes.io/legacy-token-invalid-since'] ?? '') !== '') return undefined
  return serviceAccountUser(namespace, name, uid)
}
