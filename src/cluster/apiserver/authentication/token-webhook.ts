/** Bearer tokens that a webhook knows: asked by a TokenReview, answers kept for a while (webhook token authenticator, v1.36). */
import { digestHex, digestOf } from '#base/data/digest.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import { objectAt, textAt } from '../api-object.ts'
import type { User } from '../user.ts'
import type { AskWebhook } from '../ask-webhook.ts'
import type { TokenAuthenticator } from './jwt-issuer.ts'

export interface TokenWebhookDeps {
  readonly clock: Clock
  readonly log: Log
  readonly ask: AskWebhook
}

export interface TokenWebhookConfig {
  /** `v1` or `v1beta1`. */
  readonly version: string
  /** How long a yes is remembered; a no is for half of it at most 10 s. */
  readonly keepMs: number
  /** Audiences that the server accepts. */
  readonly audiences: readonly string[]
}

interface Answer {
  readonly user: User | undefined
  readonly untilMs: number
}

const answersMost = 10_000
const refusalKeepMsMost = 10_000

/** An authenticator that asks a webhook. */
export function createTokenWebhook(deps: TokenWebhookDeps, config: TokenWebhookConfig): TokenAuthenticator {
  const { clock, log, ask } = deps
  const known = new LruCache<string, Answer>({ capacity: answersMost })
  const apiVersion = `authentication.k8s.io/${config.version}`
  const fetchUser = async (token: string): Promise<User | undefined> => {
    const spec = { token, audiences: config.audiences }
    const { status, body } = await ask({ kind: 'TokenReview', apiVersion, metadata: {}, spec })
    if (status < 200 || status > 299) throw new Error(`the webhook answered ${status}`)
    return userOfReview(JSON.parse(body), config.audiences)
  }
  return {
    userOf: async (token) => {
      // By digest: what is remembered must not be tokens.
      const key = digestHex(digestOf(token))
      const kept = known.get(key)
      if (kept !== undefined && kept.untilMs > clock.now()) return kept.user
      try {
        const user = await fetchUser(token)
        const keepMs = user === undefined ? Math.min(refusalKeepMsMost, config.keepMs) : config.keepMs
        known.set(key, { user, untilMs: clock.now() + keepMs })
        return user
      } catch (error) {
        log.warn('the token webhook could not be asked', { why: messageOf(error) })
        return undefined
      }
    },
  }
}

/** The user of an answered review; undefined when it is a no, or a yes for somebody else's audience. */
export function userOfReview(review: unknown, audiences: readonly string[]): User | undefined {
  const status = objectAt(review, 'status')
  if (status['authenticated'] !== true) return undefined
  const meant = status['audiences']
  if (Array.isArray(meant) && meant.length > 0 && !meant.some((one) => audiences.includes(String(one))))
    return undefined
  const user = objectAt(status, 'user')
  const name = textAt(user, 'username')
  if (name === '') return undefined
  const uid = textAt(user, 'uid')
  const groups = Array.isArray(user['groups']) ? user['groups'].map(String) : []
  const extra = Object.entries(objectAt(user, 'extra')).map(([key, values]) => [key, listOfTexts(values)] as const)
  return {
    name,
    groups,
    ...(uid === '' ? {} : { uid }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  }
}

function listOfTexts(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.map(String) : []
}
