/** Bootstrap tokens (`ID.SECRET`): secrets in kube-system that let a new node ask for its certificate. */
import { parseTime } from '#spec/kubernetes/decode/time-text.ts'
import { textAt } from '../api-object.ts'
import type { User } from '../user.ts'
import type { ClusterView } from '../cluster-view.ts'

/** The user of a bootstrap token, undefined when there is no such token or its time is over. */
export function userOfBootstrapToken(view: ClusterView, token: string): User | undefined {
  const match = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token)
  const [, id = '', secretText = ''] = match ?? []
  if (match === null) return undefined
  const secret = view.find('/secrets', 'kube-system', `bootstrap-token-${id}`)
  if (secret === undefined || textAt(secret, 'type') !== 'bootstrap.kubernetes.io/token') return undefined
  if (secret.metadata.deletionTimestamp !== undefined) return undefined
  const field = (name: string): string => Buffer.from(textAt(secret, 'data', name), 'base64').toString()
  if (field('token-id') !== id || !sameText(field('token-secret'), secretText)) return undefined
  if (field('usage-bootstrap-authentication') !== 'true' || isOver(field('expiration'), view.nowMs())) return undefined
  const groups = field('auth-extra-groups')
    .split(',')
    .filter((group) => /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/.test(group))
  return { name: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...groups] }
}

/** Takes the same time wherever the texts differ. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let at = 0; at < b.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at)
  return difference === 0
}

function isOver(expiration: string, nowMs: number): boolean {
  if (expiration === '') return false
  try {
    return parseTime(expiration).seconds * 1000 <= nowMs
  } catch {
    return true
  }
}
