/**
 * One question to a webhook as upstream's client asks it (client-go rest over net/http, v1.36): redirects are followed, and a
 * server that is busy and says for how long is asked again, all of it within one deadline.
 */
import { redirectOf } from '#kit/http/redirect.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { WebhookReply } from '../../ask-webhook.ts'
import { webhookReason } from '../../webhook-words.ts'
import { WebhookFailure } from './webhook-failure.ts'

/** One HTTPS request to a webhook. */
export interface WebhookRequest {
  /** What is called, with its query. */
  readonly url: string
  /** Where to connect instead of the URL's host and port. */
  readonly connectTo: { readonly host: string; readonly port: number } | undefined
  /** PEM of the authorities to trust; '' for the system's. */
  readonly authorities: string
  /** JSON to POST; '' where a redirect makes a GET of it. */
  readonly body: string
  readonly signal: AbortSignal
  /** Called when the head of the answer is there. */
  readonly onHead?: () => void
}

/** Sends requests to webhooks; passed in by whoever starts the server. @throws Error when nothing answers. */
export type CallWebhook = (request: WebhookRequest) => Promise<WebhookReply>

export interface ExchangeLimits {
  readonly clock: Pick<Clock, 'setTimer' | 'sleep'>
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

const retriesMax = 10
const requestsMax = 10

/** The answer that stands, whatever its status. @throws WebhookFailure when there is none in time. */
export async function exchange(
  call: CallWebhook,
  first: Omit<WebhookRequest, 'signal' | 'onHead'>,
  { clock, timeoutMs, signal: outer }: ExchangeLimits,
): Promise<WebhookReply> {
  const late = new AbortController()
  using _ = clock.setTimer(timeoutMs, () => late.abort())
  const signal = outer === undefined ? late.signal : AbortSignal.any([outer, late.signal])
  const endWords = (): string => (late.signal.aborted ? 'context deadline exceeded' : 'context canceled')
  const send = (request: WebhookRequest): Promise<WebhookReply> => sendOnce(call, request, endWords)
  for (let retries = 0; ; retries++) {
    // Each request depends on the answer before it.
    const reply = await followed(send, { ...first, signal })
    const waitMs = retries < retriesMax ? retryAfterMs(reply) : undefined
    if (waitMs === undefined) return reply
    try {
      await clock.sleep(waitMs, signal)
    } catch (error) {
      throw failedRequest(first, endWords(), error)
    }
  }
}

/** How long a busy server asks to be left alone; undefined when it is not to be asked again. */
export function retryAfterMs({ status, headers }: WebhookReply): number | undefined {
  if (status !== 429 && status < 500) return undefined
  const said = String(headers?.['retry-after'] ?? '')
  return /^\d{1,9}$/.test(said) ? Number(said) * 1000 : undefined
}

function verbOf({ body }: Pick<WebhookRequest, 'body'>): string {
  return body === '' ? 'Get' : 'Post'
}

function failedRequest(request: Pick<WebhookRequest, 'url' | 'body'>, why: string, cause?: unknown): WebhookFailure {
  return new WebhookFailure(`${verbOf(request)} ${JSON.stringify(request.url)}: ${why}`, { cause })
}

async function followed(
  send: (request: WebhookRequest) => Promise<WebhookReply>,
  first: WebhookRequest,
): Promise<WebhookReply> {
  let request = first
  for (let count = 1; ; count++) {
    const reply = await send(request)
    const next = nextRequest(request, reply)
    if (next === undefined) return reply
    if (count >= requestsMax) {
      const url = String(reply.headers?.['location'])
      throw failedRequest({ ...next, url }, `stopped after ${requestsMax} redirects`)
    }
    request = next
  }
}

/** Where a redirect leads; undefined for an answer that is none. A chosen address stands for its own host only. */
function nextRequest(request: WebhookRequest, { status, headers }: WebhookReply): WebhookRequest | undefined {
  const location = headers?.['location']
  const from = { method: request.body === '' ? 'GET' : 'POST', url: request.url, headers: {} }
  try {
    const hop = redirectOf(from, { status, location: typeof location === 'string' ? location : undefined })
    if (hop === undefined) return undefined
    const isSame = new URL(hop.url).host === new URL(request.url).host
    const body = hop.keepsBody ? request.body : ''
    return { ...request, url: hop.url, connectTo: isSame ? request.connectTo : undefined, body }
  } catch (error) {
    throw failedRequest(request, webhookReason(error), error)
  }
}

/** One answer. A caller that does not heed the signal is left behind. */
async function sendOnce(call: CallWebhook, request: WebhookRequest, endWords: () => string): Promise<WebhookReply> {
  const { signal } = request
  let hasHead = false
  const failed = (why: string, cause?: unknown): WebhookFailure =>
    hasHead
      ? new WebhookFailure(`unexpected error when reading response body. Please retry. Original error: ${why}`, {
          cause,
        })
      : failedRequest(request, why, cause)
  const ended = Promise.withResolvers<never>()
  const onAbort = (): void => ended.reject(failed(endWords()))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) throw failed(endWords())
    const sent = call({
      ...request,
      onHead: () => {
        hasHead = true
      },
    })
    return await Promise.race([sent, ended.promise])
  } catch (error) {
    if (error instanceof WebhookFailure) throw error
    throw failed(signal.aborted ? endWords() : webhookReason(error), error)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
