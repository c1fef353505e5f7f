/**
 * Reaching webhooks: where a client configuration points, and the one door through which the server calls out. Used for
 * admission and for conversion.
 */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { objectAt, textAt } from '../../api-object.ts'
import type { WebhookReply } from '../../ask-webhook.ts'
import type { ClusterView } from '../../cluster-view.ts'
import { type ServiceAddress, serviceAddresses, type ServicePort } from '../../service-endpoints.ts'
import { isWebhookSuccess, webhookStatusText } from '../../webhook-words.ts'
import { answeredReview, type ReviewKind } from './webhook-answer.ts'
import { type CallWebhook, exchange, type ExchangeLimits } from './webhook-exchange.ts'
import { WebhookFailure } from './webhook-failure.ts'

export type { WebhookReply } from '../../ask-webhook.ts'
export type { CallWebhook, WebhookRequest } from './webhook-exchange.ts'
export { WebhookFailure } from './webhook-failure.ts'

/** Where a webhook is. */
export interface WebhookTarget {
  readonly url: string
  /** The service behind it. */
  readonly service: ServicePort | undefined
  readonly authorities: string
}

/** Where a client configuration points. @throws WebhookFailure when it points nowhere. */
export function webhookTarget(client: JsonObject): WebhookTarget {
  const authorities = Buffer.from(textAt(client, 'caBundle'), 'base64').toString()
  const url = textAt(client, 'url')
  if (url !== '') return { url, service: undefined, authorities }
  const service = objectAt(client, 'service')
  const name = textAt(service, 'name')
  const namespace = textAt(service, 'namespace')
  if (name === '') throw new WebhookFailure('webhook configuration must have either service or URL')
  const port = typeof service['port'] === 'number' ? service['port'] : 443
  const path = textAt(service, 'path')
  return {
    url: `https://${name}.${namespace}.svc:${port}${path.startsWith('/') ? path : `/${path}`}`,
    service: { namespace, name, port },
    authorities,
  }
}

/** A ready address behind a service's port, or why there is none. */
function serviceAddress(view: ClusterView, { namespace, name, port }: ServicePort): ServiceAddress | string {
  const found = serviceAddresses(view, { namespace, name, port })
  if (typeof found !== 'string') return found[view.random.below(found.length)] as ServiceAddress
  const quoted = JSON.stringify(name)
  if (found === 'no service') return `service ${quoted} not found`
  if (found === 'no port') return `no service port ${port} found for service ${quoted}`
  return `no endpoints available for service ${quoted}`
}

/** What a webhook is asked, and how long it may take. */
export interface WebhookQuestion {
  readonly client: JsonObject
  readonly timeoutMs: number
  /** The review. */
  readonly body: ReviewKind
  readonly signal: AbortSignal | undefined
}

/** Asks webhooks in time. */
export class WebhookClient {
  readonly #call: CallWebhook | undefined
  readonly #clock: ExchangeLimits['clock']

  constructor(call: CallWebhook | undefined, clock: ExchangeLimits['clock']) {
    this.#call = call
    this.#clock = clock
  }

  /** The review that a webhook answers. @throws WebhookFailure when there is none. */
  async ask(question: WebhookQuestion, view: ClusterView): Promise<JsonObject> {
    const reply = await this.#send(webhookTarget(question.client), question, view)
    if (!isWebhookSuccess(reply)) throw new WebhookFailure(webhookStatusText(reply))
    return answeredReview(reply, question.body)
  }

  async #send(
    { url: base, service, authorities }: WebhookTarget,
    { timeoutMs, body, signal }: WebhookQuestion,
    view: ClusterView,
  ): Promise<WebhookReply> {
    const seconds = Math.ceil(timeoutMs / 1000)
    const url = `${base}${base.includes('?') ? '&' : '?'}timeout=${seconds}s`
    const failed = (reason: string): WebhookFailure => new WebhookFailure(`Post ${JSON.stringify(url)}: ${reason}`)
    const connectTo = service === undefined ? undefined : serviceAddress(view, service)
    if (typeof connectTo === 'string') throw failed(connectTo)
    if (this.#call === undefined) throw failed('this server has no network')
    const first = { url, connectTo, authorities, body: JSON.stringify(body) }
    return exchange(this.#call, first, { clock: this.#clock, timeoutMs, signal })
  }
}
