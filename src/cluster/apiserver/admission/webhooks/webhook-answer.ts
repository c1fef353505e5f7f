/** What a webhook answered, read as the review that it was sent (the decoder of upstream's webhook clients, v1.36); pure. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { jsonWord } from '#spec/kubernetes/decode/decode-error.ts'
import { decodeTree } from '#spec/kubernetes/decode/decode-object.ts'
import { type JsonNotes, parseJson } from '#spec/kubernetes/decode/parse-json.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { typeOfKind } from '#spec/kubernetes/schema/kinds.ts'
import { textAt } from '../../api-object.ts'
import type { WebhookReply } from '../../ask-webhook.ts'
import { checkTypeTexts, groupOf } from '../../wire/registered-kinds.ts'
import { WebhookFailure } from './webhook-failure.ts'

/** The kind of a review. */
export interface ReviewKind {
  readonly apiVersion: string
  readonly kind: string
}

const noType = "couldn't get version/kind; json parse error:"
/** Where upstream registers the reviews, as its refusals name it. */
const scheme = 'pkg/util/webhook/client.go:71'
const reviewVersions = ['v1', 'v1beta1']

/**
 * The review that is answered; a null says nothing.
 * @param sent the review that was asked; an answer that does not say what it is means the same.
 * @throws WebhookFailure for anything else, and for members of another type.
 */
export function answeredReview(reply: WebhookReply, sent: ReviewKind): JsonObject {
  const { object, notes } = objectIn(reply)
  // Both versions have the same members.
  const type = typeOfKind(`${groupOf(sent.apiVersion)}/v1`, sent.kind)
  try {
    checkTypeTexts(object)
    checkKind(object, sent)
    return type === undefined ? object : decodeTree(object, type, { notes, owned: true }).value
  } catch (error) {
    throw error instanceof WebhookFailure ? error : new WebhookFailure(messageOf(error), { cause: error })
  }
}

function objectIn({ status, body, headers }: WebhookReply): {
  readonly object: JsonObject
  readonly notes: JsonNotes | undefined
} {
  if (body === '') {
    const type = String(headers?.['content-type'] ?? 'application/json')
    throw new WebhookFailure(`0-length response with status code: ${status} and content type: ${type}`)
  }
  let parsed: ReturnType<typeof parseJson>
  try {
    parsed = parseJson(body)
  } catch (error) {
    throw new WebhookFailure(`${noType} ${messageOf(error)}`, { cause: error })
  }
  const object = parsed.value ?? {}
  if (isJsonObject(object)) return { object, notes: parsed.notes }
  throw new WebhookFailure(`${noType} json: cannot unmarshal ${jsonWord(object)} into Go value of type struct`)
}

function checkKind(object: JsonObject, sent: ReviewKind): void {
  const apiVersion = textAt(object, 'apiVersion') || sent.apiVersion
  const kind = textAt(object, 'kind') || sent.kind
  if (apiVersion === sent.apiVersion && kind === sent.kind) return
  const [group, version = group, ...more] = apiVersion.split('/')
  if (more.length > 0) throw new WebhookFailure(`unexpected GroupVersion string: ${apiVersion}`)
  if (!isRegistered({ apiVersion, kind }, sent)) throw unregistered({ apiVersion, kind })
  const wanted = sent.apiVersion.slice(sent.apiVersion.indexOf('/') + 1)
  throw new WebhookFailure(`converting (${version}.${kind}) to (${wanted}.${sent.kind}): unknown conversion`)
}

/** Reviews of either version, and Status. */
function isRegistered({ apiVersion, kind }: ReviewKind, sent: ReviewKind): boolean {
  if (kind === 'Status' && apiVersion === 'v1') return true
  return kind === sent.kind && reviewVersions.some((version) => apiVersion === `${groupOf(sent.apiVersion)}/${version}`)
}

function unregistered({ apiVersion, kind }: ReviewKind): WebhookFailure {
  const [type, version, place] = [kind, apiVersion, scheme].map((text) => JSON.stringify(text))
  return new WebhookFailure(`no kind ${type} is registered for version ${version} in scheme ${place}`)
}
