/** Tokens of service accounts: what is in them, and whom they stand for while everything they are bound to exists. */
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { objectAt, textAt } from '../api-object.ts'
import type { User } from '../api-request.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { TokenKeys } from './token-keys.ts'

/** The user and groups of a service account. */
export function serviceAccountUser(namespace: string, name: string, uid?: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    ...(uid === undefined ? {} : { uid }),
  }
}

/** The bearer of a token, undefined when it is not valid any more or not for this server. */
// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
export async function userOfToken(
  view: ClusterView,
  keys: TokenKeys,
  token: string,
  audiences: readonly string[] = [view.config.issuer],
): Promise<User | undefined> {
  let claims: JsonObject
  try {
    claims = await keys.verify(token)
  } catch {
    return undefined
  }
  const meant = Array.isArray(claims['aud']) ? (claims['aud'] as readonly unknown[]) : [claims['aud']]
  if (!meant.some((one) => typeof one === 'string' && audiences.includes(one))) return undefined
  return userOfClaims(view, claims)
}

// oxlint-disable-next-line complexity -- independent checks, one after the other
function userOfClaims(view: ClusterView, claims: JsonObject): User | undefined {
  const bound = objectAt(claims, 'kubernetes.io')
  const namespace = textAt(bound, 'namespace')
  const name = textAt(bound, 'serviceaccount', 'name')
  const uid = textAt(bound, 'serviceaccount', 'uid')
  const account = view.find('/serviceaccounts', namespace, name)
  if (account === undefined || account.metadata.uid !== uid) return undefined
  const pod = bound['pod']
  const secret = bound['secret']
  const node = bound['node']
  if (isJsonObject(pod) && !isAlive(view, '/pods', namespace, pod)) return undefined
  if (isJsonObject(secret) && !isAlive(view, '/secrets', namespace, secret)) return undefined
  if (isJsonObject(node) && !isJsonObject(pod) && !isAlive(view, '/nodes', '', node)) return undefined
  const prefix = 'authentication.kubernetes.io'
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
  return { ...serviceAccountUser(namespace, name, uid), ...(Object.keys(extra).length === 0 ? {} : { extra }) }
}

// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
function isAlive(view: ClusterView, storage: string, namespace: string, reference: JsonObject): boolean {
  return view.find(storage, namespace, textAt(reference, 'name'))?.metadata.uid === reference['uid']
}
