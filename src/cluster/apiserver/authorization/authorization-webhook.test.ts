import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import type { AskWebhook } from '../ask-webhook.ts'
import type { Access, Authorizer, Decision } from './access.ts'
import { AuthorizationWebhookMeter } from './authorization-webhook-meter.ts'
import { type AuthorizationWebhookConfig, createAuthorizationWebhook } from './authorization-webhook.ts'
import { compileMatchCondition, matchConditionEnvironment } from './match-conditions.ts'

const access: Access = {
  ...{ user: { name: 'jane', groups: [] }, verb: 'get', isResource: true, group: '', resource: 'pods' },
  ...{ subresource: '', namespace: 'default', name: 'p', path: '' },
}
const usual: AuthorizationWebhookConfig = {
  ...{ version: 'v1', authorizedKeepMs: 300_000, unauthorizedKeepMs: 30_000 },
  ...{ failurePolicy: 'NoOpinion', conditions: [] },
}

interface Webhook {
  readonly authorizer: Authorizer
  readonly clock: SimClock
  readonly metrics: Metrics
  /** Times that it was asked. */
  readonly asked: () => number
  decide(about?: Partial<Access>): Promise<Decision>
}

function webhook(answer: AskWebhook, config: Partial<AuthorizationWebhookConfig> = {}): Webhook {
  const clock = new SimClock({ startMs: 0, order: createSeededRandom(1) })
  const random = createSeededRandom(2)
  const metrics = createMetrics()
  let count = 0
  const ask: AskWebhook = (review) => {
    count++
    return answer(review)
  }
  const meter = new AuthorizationWebhookMeter(metrics, 'hook')
  const authorizer = createAuthorizationWebhook({ clock, random, log: silentLog, meter, ask }, { ...usual, ...config })
  const decide = async (about: Partial<Access> = {}): Promise<Decision> => {
    const decision = Promise.resolve(authorizer.decide({ ...access, ...about }))
    // Time for all attempts.
    for (let turn = 0; turn < 5; turn++) await clock.advance(2000)
    return decision
  }
  return { authorizer, clock, metrics, asked: () => count, decide }
}

const answering =
  (status: object): AskWebhook =>
  () =>
    Promise.resolve({ status: 200, body: JSON.stringify({ status }) })

test('a yes is kept for its time and anything else for another', async () => {
  const rows: readonly [status: object, keptMs: number][] = [
    [{ allowed: true }, 300_000],
    [{ allowed: false }, 30_000],
    [{ denied: true }, 30_000],
  ]
  for (const [status, keptMs] of rows) {
    const hook = webhook(answering(status))
    await hook.decide()
    assert.ok(!(hook.authorizer.decide(access) instanceof Promise), 'what is kept is there at once')
    await hook.decide({ name: 'other' })
    assert.equal(hook.asked(), 2, 'another question is another one')
    await hook.clock.advance(keptMs)
    await hook.decide()
    assert.equal(hook.asked(), 3)
  }
})

test('answers without time to keep them and questions without end are not kept', async () => {
  const hook = webhook(answering({ allowed: true }), { authorizedKeepMs: 0 })
  await hook.decide()
  await hook.decide()
  assert.equal(hook.asked(), 2)
  const long = webhook(answering({ allowed: true }))
  await long.decide({ name: 'x'.repeat(10_000) })
  await long.decide({ name: 'x'.repeat(10_000) })
  assert.equal(long.asked(), 2)
})

test('a webhook that is broken for a moment is asked again, one that refuses is not', async () => {
  const statuses = [500, 429, 504, 200]
  const hook = webhook(() =>
    Promise.resolve({ status: statuses.shift() ?? 0, body: JSON.stringify({ status: { allowed: true } }) }),
  )
  assert.deepEqual(await hook.decide(), { allowed: true, reason: '' })
  assert.equal(hook.asked(), 4)
  const text = hook.metrics.render()
  assert.match(text, /apiserver_authorization_webhook_evaluations_total\{name="hook",result="error"\} 2\n/)
  assert.match(text, /apiserver_authorization_webhook_evaluations_total\{name="hook",result="timeout"\} 1\n/)
  assert.match(text, /apiserver_authorization_webhook_evaluations_total\{name="hook",result="success"\} 1\n/)
  assert.match(text, /apiserver_authorization_webhook_duration_seconds_count\{name="hook",result="success"\} 1\n/)
  const refusing = webhook(() => Promise.resolve({ status: 401, body: '' }))
  await refusing.decide()
  assert.equal(refusing.asked(), 1)
})

test('one that cannot be asked has no opinion or forbids, as it is configured', async () => {
  const broken: AskWebhook = () => Promise.reject(new Error('nobody listens'))
  const open = webhook(broken)
  assert.deepEqual(await open.decide(), { allowed: false, reason: '', error: 'nobody listens' })
  assert.match(
    open.metrics.render(),
    /apiserver_authorization_webhook_evaluations_fail_open_total\{name="hook",result="error"\} 1\n/,
  )
  const closed = webhook(broken, { failurePolicy: 'Deny' })
  assert.deepEqual(await closed.decide(), { allowed: false, denied: true, reason: '', error: 'nobody listens' })
  assert.doesNotMatch(closed.metrics.render(), /fail_open_total\{/)
  const nonsense = webhook(() => Promise.resolve({ status: 200, body: 'what?' }))
  assert.equal(typeof (await nonsense.decide()).error, 'string')
})

test('conditions say what it is asked about', async () => {
  const condition = (text: string): AuthorizationWebhookConfig['conditions'][number] =>
    compileMatchCondition(text, matchConditionEnvironment())
  const conditions = [condition("request.resourceAttributes.namespace == 'kube-system'")]
  const hook = webhook(answering({ allowed: true }), { conditions, failurePolicy: 'Deny' })
  assert.deepEqual(await hook.decide(), { allowed: false, reason: '' })
  assert.deepEqual(await hook.decide({ namespace: 'kube-system' }), { allowed: true, reason: '' })
  const failed = await hook.decide({ isResource: false })
  assert.equal(failed.denied, true)
  assert.match(failed.error ?? '', /^cel evaluation error/)
  assert.equal(hook.asked(), 1)
  const text = hook.metrics.render()
  assert.match(text, /match_condition_exclusions_total\{type="Webhook",name="hook"\} 1\n/)
  assert.match(text, /match_condition_evaluation_errors_total\{type="Webhook",name="hook"\} 1\n/)
  assert.match(text, /match_condition_evaluation_seconds_count\{type="Webhook",name="hook"\} 3\n/)
})
