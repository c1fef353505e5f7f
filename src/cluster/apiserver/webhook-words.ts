/** Why webhooks did not answer as they should, in the words of upstream's client (client-go rest, v1.36); pure. */
import { connectionWords, rootCauseOf } from '#base/errors/connection-words.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import { isJsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { WebhookReply } from './ask-webhook.ts'

/** Why a webhook could not be asked. */
export function webhookReason(error: unknown): string {
  if (error instanceof GantryError && error.code === 'HTTP_BODY_CUT') return 'unexpected EOF'
  const words = handshakeWords(rootCauseOf(error)) ?? connectionWords(error)
  if (words !== undefined) return words
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

/** What is said of a server that does not speak TLS, or goes away before it has. */
function handshakeWords(root: unknown): string | undefined {
  const errno = errnoOf(root)
  if (errno === 'EPROTO') return 'tls: first record does not look like a TLS handshake'
  const isEarly = root instanceof Error && root.message.includes('before secure TLS connection')
  return errno === 'ECONNRESET' && isEarly ? 'EOF' : undefined
}

/** Whether an answer is taken for one. */
export function isWebhookSuccess({ status }: WebhookReply): boolean {
  return status >= 200 && status <= 206
}

const wordsOfStatus: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  406: 'the server was unable to respond with a content type that the client supports',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
}

/** Statuses whose words are what the server says; of 406 only where it says anything. */
const ownWords: ReadonlySet<number> = new Set([403, 406, 415])
const textLengthMax = 2048

/** What an answer says that is no success: the message of its Status, or words for its code. */
export function webhookStatusText(reply: WebhookReply): string {
  const { status } = reply
  const said = failureIn(reply.body)
  if (said !== undefined) return said
  const text = plainText(reply)
  const known = wordsOfStatus[status]
  if (ownWords.has(status) && (known === undefined || (text !== '' && text !== 'unknown'))) return text
  if (known !== undefined) return known
  if (status >= 500) return `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`
  return `the server responded with the status code ${status} but did not return more information`
}

/** The message of a Status that says a failure; undefined for any other body. */
function failureIn(body: string): string | undefined {
  if (!body.trimStart().startsWith('{')) return undefined
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return undefined
  }
  if (!isJsonObject(value) || value['kind'] !== 'Status' || value['status'] !== 'Failure') return undefined
  return typeof value['message'] === 'string' ? value['message'] : ''
}

/** The beginning of a body that is text. */
function plainText({ body, headers }: WebhookReply): string {
  const type = String(headers?.['content-type'] ?? '')
  return type === '' || type.trimStart().toLowerCase().startsWith('text/')
    ? body.slice(0, textLengthMax).trim()
    : 'unknown'
}
