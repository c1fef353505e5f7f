/** One question to one admission webhook. */
import { randomUuid } from '#world/ports/random.ts'
import { type GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { ServedResource } from '../../served-resource.ts'
import { badRequest, internalError } from '../../status-errors.ts'
import type { AdmissionRequest } from '../admission.ts'
import { admissionReview, reviewVersion, verdictOf, type ReviewVerdict } from './admission-review.ts'
import { type WebhookClient, WebhookFailure } from './webhook-call.ts'
import { denied, failedCalling } from './webhook-failures.ts'
import { allowsDryRun, clientOf, timeoutMsOf, type Webhook } from './webhook-table.ts'

/** A webhook that failed in a way that its failure policy decides about. */
export class WebhookUnavailable extends Error {
  /** What the client is told where failures count. */
  readonly refusal: GantryError

  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.refusal = internalError(message)
  }
}

export interface AskedWebhook {
  readonly webhook: Webhook
  readonly as: ServedResource
  readonly client: WebhookClient
  readonly mayPatch: boolean
}

/**
 * The verdict of a webhook that allows a request; its warnings and notes have been passed on.
 * @throws the Status of a denial; WebhookUnavailable when it gave no verdict.
 */
export async function askWebhook(request: AdmissionRequest, asked: AskedWebhook): Promise<ReviewVerdict> {
  const { webhook, client, as, mayPatch } = asked
  if (request.dryRun && !allowsDryRun(webhook))
    throw badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`)
  const verdict = await verdictFrom(request, { webhook, client, as, mayPatch })
  for (const text of verdict.warnings) request.warn(text)
  for (const [key, value] of Object.entries(verdict.annotations)) request.annotate?.(`${webhook.name}/${key}`, value)
  if (!verdict.allowed) throw denied(webhook.name, verdict.result)
  return verdict
}

async function verdictFrom(
  request: AdmissionRequest,
  { webhook, client, as, mayPatch }: AskedWebhook,
): Promise<ReviewVerdict> {
  const version = reviewVersion(webhook.spec['admissionReviewVersions'])
  const uid = randomUuid(request.view.random)
  try {
    if (version === undefined) {
      throw new WebhookFailure(
        'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
      )
    }
    const body = admissionReview(request, as, { uid, version })
    const question = { client: clientOf(webhook), timeoutMs: timeoutMsOf(webhook), body, signal: request.signal }
    const answer = await asking(client.ask(question, request.view))
    return verdictOf(answer, { uid, version, mayPatch })
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error
    throw new WebhookUnavailable(failedCalling(webhook.name, messageOf(error)), error)
  }
}

/** The answer, or that there is none in upstream's words. */
async function asking<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error
    throw new WebhookFailure(`failed to call webhook: ${error.message}`, { cause: error })
  }
}
