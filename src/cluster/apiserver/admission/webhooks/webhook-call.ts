/**
 * Reaching webhooks: where a client configuration points, and the one door through which the server calls out. Used for
 * admission and for conversion.
 */
import type { Clock } from '#world/ports/clock.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { jsonWord } from '#spec/kubernetes/decode/decode-error.ts'
import { parseJson } from '#spec/kubernetes/decode/parse-json.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { objectAt, textAt } from '../../api-object.ts'
import type { ClusterView } from '../../cluster-view.ts'
import { webhookReason, webhookStatusText } from '../../webhook-words.ts'
import { type ServiceAddress, serviceAddresses, type ServicePort } from '../../service-endpoints.ts'

/** One HTTPS request to a webhook. */
export interface WebhookRequest {
  /** What is called, with its query. */
  readonly url: string
  /** Where to connect instead of the URL's host and port. */
  readonly connectTo: { readonly host: string; readonly port: number } | undefined
  /** PEM of the authorities to trust; '' for the system's. */
  readonly authorities: string
  /** JSON. */
  readonly body: string
  readonly signal: AbortSignal
}

/** The answer of a webhook, whatever it is. */
export interface WebhookReply {
  readonly status: number
  readonly body: string
}

/** Sends requests to webhooks; passed in by whoever starts the server. @throws Error when nothing answers. */
export type CallWebhook = (request: WebhookRequest) => Promise<WebhookReply>

/** Where a webhook is. */
export interface WebhookTarget {
  readonly url: string
  /** The service behind it. */
  readonly service: ServicePort | undefined
  readonly authorities: string
}

/** Why a webhook could not be asked. */
export class WebhookFailure extends Error {}

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
  readonly body: unknown
  readonly signal: AbortSignal | undefined
}

/** The object that a webhook answers; nothing is said by a null. @throws WebhookFailure for anything else. */
function objectIn({ status, body }: WebhookReply): JsonObject {
  if (body === '')
    throw new WebhookFailure(`0-length response with status code: ${status} and content type: application/json`)
  const noType = "couldn't get version/kind; json parse error:"
  let value: unknown
  try {
    value = parseJson(body).value ?? {}
  } catch (error) {
    throw new WebhookFailure(`${noType} ${messageOf(error)}`, { cause: error })
  }
  if (isJsonObject(value)) return value
  throw new WebhookFailure(`${noType} json: cannot unmarshal ${jsonWord(value)} into Go value of type struct`)
}

/** Asks webhooks in time. */
export class WebhookClient {
  readonly #call: CallWebhook | undefined
  readonly #clock: Pick<Clock, 'setTimer'>

  constructor(call: CallWebhook | undefined, clock: Pick<Clock, 'setTimer'>) {
    this.#call = call
    this.#clock = clock
  }

  /** The JSON that a webhook answers. @throws WebhookFailure when there is none. */
  async ask(question: WebhookQuestion, view: ClusterView): Promise<JsonObject> {
    const reply = await this.#send(webhookTarget(question.client), question, view)
    if (reply.status < 200 || reply.status > 299) throw new WebhookFailure(webhookStatusText(reply))
    return objectIn(reply)
  }

  async #send(
    { url: base, service, authorities }: WebhookTarget,
    { timeoutMs, body, signal }: WebhookQuestion,
    view: ClusterView,
  ): Promise<WebhookReply> {
    const seconds = Math.ceil(timeoutMs / 1000)
    const url = `${base}${base.includes('?') ? '&' : '?'}timeout=${seconds}s`
    const failed = (reason: string, cause?: unknown): WebhookFailure =>
      new WebhookFailure(`Post ${JSON.stringify(url)}: ${reason}`, { cause })
    const connectTo = service === undefined ? undefined : serviceAddress(view, service)
    if (typeof connectTo === 'string') throw failed(connectTo)
    if (this.#call === undefined) throw failed('this server has no network')
    const stop = new AbortController()
    let isLate = false
    using _ = this.#clock.setTimer(timeoutMs, () => {
      isLate = true
      stop.abort()
    })
    const signals = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
    const late = Promise.withResolvers<never>()
    const onAbort = (): void => late.reject(failed(isLate ? 'context deadline exceeded' : 'context canceled'))
    signals.addEventListener('abort', onAbort, { once: true })
    try {
      const sent = this.#call({ url, connectTo, authorities, body: JSON.stringify(body), signal: signals })
      return await Promise.race([sent, late.promise])
    } catch (error) {
      if (error instanceof WebhookFailure) throw error
      throw failed(isLate ? 'context deadline exceeded' : webhookReason(error), error)
    } finally {
      signals.removeEventListener('abort', onAbort)
    }
  }
}
