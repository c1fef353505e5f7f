/** Asks a webhook what a user may do, by a SubjectAccessReview; answers are kept for a while (webhook authorizer, v1.36). */
import { LruCache } from '#base/data/lru-cache.ts'
import { retry, type RetryPolicy } from '#base/async/retry.ts'
import { rootCauseOf } from '#base/errors/connection-words.ts'
import { errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { AskWebhook } from '../ask-webhook.ts'
import type { Access, Authorizer, Decision } from './access.ts'
import { decisionOf, reviewOf, reviewSpec } from './access-review.ts'
import type { AuthorizationWebhookMeter } from './authorization-webhook-meter.ts'
import { isWebhookSuccess, webhookReason, webhookStatusText } from '../webhook-words.ts'
import { meetsMatchConditions } from './match-conditions.ts'

export interface AuthorizationWebhookDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly meter: AuthorizationWebhookMeter
  /** Asks once, within the webhook's time. */
  readonly ask: AskWebhook
}

export interface AuthorizationWebhookConfig {
  /** `v1` or `v1beta1`. */
  readonly version: string
  /** How long a yes is remembered; 0 not at all. */
  readonly authorizedKeepMs: number
  /** How long anything else is. */
  readonly unauthorizedKeepMs: number
  /** What a webhook that cannot be asked says. */
  readonly failurePolicy: 'NoOpinion' | 'Deny'
  readonly conditions: readonly Expression[]
}

const answersMost = 8192
/** Questions whose words are longer than this are not remembered: their number has no end. */
const questionLengthMax = 10_000

const retryPolicy: RetryPolicy = {
  attemptsMax: 5,
  firstDelayMs: 500,
  factor: 1.5,
  delayMaxMs: 10_000,
  jitter: 0.2,
  budgetMs: 0,
}

/** A status that another attempt may mend. */
class WebhookStatus extends Error {
  readonly status: number

  constructor(reply: Awaited<ReturnType<AskWebhook>>) {
    super(webhookStatusText(reply))
    this.status = reply.status
  }
}

interface Kept {
  readonly decision: Decision
  readonly untilMs: number
}

/** Creates the authoriser. */
export function createAuthorizationWebhook(
  deps: AuthorizationWebhookDeps,
  config: AuthorizationWebhookConfig,
): Authorizer {
  const webhook = new AuthorizationWebhook(deps, config)
  return {
    decide: (access) => webhook.decide(access),
    rulesOf: () => ({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: true,
      error: 'webhook authorizer does not support user rule resolution',
    }),
  }
}

class AuthorizationWebhook {
  readonly #deps: AuthorizationWebhookDeps
  readonly #config: AuthorizationWebhookConfig
  readonly #kept = new LruCache<string, Kept>({ capacity: answersMost })

  constructor(deps: AuthorizationWebhookDeps, config: AuthorizationWebhookConfig) {
    this.#deps = deps
    this.#config = config
  }

  decide(access: Access): Decision | Promise<Decision> {
    const spec = reviewSpec(access)
    const isMeant = this.#isMeant(spec)
    if (typeof isMeant !== 'boolean') return this.#failed(isMeant.error)
    if (!isMeant) return { allowed: false, reason: '' }
    const key = JSON.stringify(spec)
    const kept = this.#kept.get(key)
    if (kept !== undefined && kept.untilMs > this.#deps.clock.now()) return kept.decision
    return this.#ask(spec, sizeOf(access) < questionLengthMax ? key : undefined)
  }

  #isMeant(spec: JsonObject): boolean | { readonly error: string } {
    const { conditions } = this.#config
    if (conditions.length === 0) return true
    const { clock, meter } = this.#deps
    const startMs = clock.monotonicMs()
    const answer = meetsMatchConditions(conditions, spec)
    meter.matched(answer, clock.monotonicMs() - startMs)
    return answer
  }

  #failed(error: string): Decision {
    const { failurePolicy } = this.#config
    return { allowed: false, ...(failurePolicy === 'Deny' ? { denied: true } : {}), reason: '', error }
  }

  async #ask(spec: JsonObject, key: string | undefined): Promise<Decision> {
    const { clock, log, meter } = this.#deps
    const review = reviewOf(spec, this.#config.version)
    try {
      const decision = await retry(this.#deps, () => this.#askOnce(review), {
        policy: retryPolicy,
        isRetryable: mayMend,
      })
      const { authorizedKeepMs, unauthorizedKeepMs } = this.#config
      const keepMs = decision.allowed ? authorizedKeepMs : unauthorizedKeepMs
      if (key !== undefined && keepMs > 0) this.#kept.set(key, { decision, untilMs: clock.now() + keepMs })
      return decision
    } catch (error) {
      log.error('an authorization webhook could not be asked', { name: meter.name, why: messageOf(error) })
      if (this.#config.failurePolicy === 'NoOpinion') meter.failedOpen(resultOf(error))
      return this.#failed(error instanceof WebhookStatus ? error.message : webhookReason(error))
    }
  }

  async #askOnce(review: JsonObject): Promise<Decision> {
    const { clock, meter, ask } = this.#deps
    const startMs = clock.monotonicMs()
    try {
      const reply = await ask(review)
      if (!isWebhookSuccess(reply)) throw new WebhookStatus(reply)
      const decision = decisionOf(JSON.parse(reply.body), this.#config.version)
      meter.asked('success', clock.monotonicMs() - startMs)
      return decision
    } catch (error) {
      meter.asked(resultOf(error), clock.monotonicMs() - startMs)
      throw error
    }
  }
}

/** The length of what whoever asks decides about. */
function sizeOf({ namespace, verb, group, version = '', resource, subresource, name, path }: Access): number {
  const words = [namespace, verb, group, version, resource, subresource, name, path]
  return words.reduce((sum, word) => sum + word.length, 0)
}

function isTimeout(error: unknown): boolean {
  if (error instanceof WebhookStatus) return error.status === 504
  return (error as { readonly code?: unknown }).code === 'HTTP_TIMEOUT' || (error as Error).name === 'TimeoutError'
}

function resultOf(error: unknown): 'timeout' | 'error' {
  return isTimeout(error) ? 'timeout' : 'error'
}

/** Servers that are busy or broken for a moment; nothing is gained by asking anew after anything else. */
function mayMend(error: unknown): boolean {
  return error instanceof WebhookStatus
    ? [429, 500, 504].includes(error.status)
    : errnoOf(rootCauseOf(error)) === 'ECONNRESET'
}
