/** Bootstrap tokens as secrets in kube-system (cluster-bootstrap, v1.36). */
import type { Secret } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'

export const tokenNamespace = 'kube-system'
const tokenType = 'bootstrap.kubernetes.io/token'
const namePrefix = 'bootstrap-token-'

/** True for secrets that hold one. */
export function isBootstrapToken({ type, metadata }: Secret): boolean {
  return type === tokenType && metadata.namespace === tokenNamespace
}

function field({ data = {} }: Secret, name: string): string {
  return Buffer.from(data[name] ?? '', 'base64').toString()
}

/** Milliseconds until a token expires: 0 when it has (or says nonsense), Infinity when it never does. */
export function expiresInMs(secret: Secret, nowMs: number): number {
  const text = field(secret, 'expiration')
  if (text === '') return Infinity
  const atMs = epochMsOf(text)
  return atMs === undefined ? 0 : Math.max(0, atMs - nowMs)
}

/** Identity and secret of a token that may sign; undefined for one that is damaged, expired or not meant for it. */
export function signingToken(
  secret: Secret,
  nowMs: number,
): { readonly id: string; readonly secret: string } | undefined {
  const { name } = secret.metadata
  const id = field(secret, 'token-id')
  const text = field(secret, 'token-secret')
  const isSound = name === `${namePrefix}${id}` && /^[a-z0-9]{6}$/.test(id) && text !== ''
  const mayDo = field(secret, 'usage-bootstrap-signing') === 'true'
  return isSound && mayDo && expiresInMs(secret, nowMs) > 0 ? { id, secret: text } : undefined
}
