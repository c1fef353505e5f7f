/** ValidatingAdmissionWebhook: webhooks that may refuse a request, all asked at once. */
import type { Authorizer } from '../../authorization/access.ts'
import type { ServedResource } from '../../served-resource.ts'
import type { AdmissionRequest, AdmissionStep } from '../admission.ts'
import { isAdmissible } from '../match-request.ts'
import { askWebhook, WebhookUnavailable } from './ask-webhook.ts'
import type { WebhookClient } from './webhook-call.ts'
import { type Webhook, WebhookTable } from './webhook-table.ts'

/** The step of a server. */
export function validatingWebhooks(authorizer: Authorizer, client: WebhookClient): AdmissionStep {
  const table = new WebhookTable('admissionregistration.k8s.io/validatingwebhookconfigurations', authorizer)
  return {
    name: 'ValidatingAdmissionWebhook',
    applies: isAdmissible,
    // Without webhooks nothing is waited for.
    validate: (request) => {
      const webhooks = table.all(request)
      return webhooks.length === 0 ? undefined : askAll(request, { webhooks, table, client })
    },
  }
}

interface Asking {
  readonly webhooks: readonly Webhook[]
  readonly table: WebhookTable
  readonly client: WebhookClient
}

async function askAll(request: AdmissionRequest, { webhooks, table, client }: Asking): Promise<void> {
  const asked: { webhook: Webhook; as: ServedResource }[] = []
  for (const webhook of webhooks) {
    const as = await table.matches(webhook, request)
    if (as !== undefined) asked.push({ webhook, as })
  }
  const answers = asked.map((one, index) => refusalOf(request, { ...one, index, client }))
  // The first refusal in the webhooks' order, not the first to arrive: the same request gets the same answer.
  const refusals = (await Promise.all(answers)).filter((refusal) => refusal !== undefined)
  if (refusals.length > 0) throw refusals[0] as Error
}

interface Asked {
  readonly webhook: Webhook
  readonly as: ServedResource
  readonly index: number
  readonly client: WebhookClient
}

async function refusalOf(request: AdmissionRequest, { webhook, as, index, client }: Asked): Promise<unknown> {
  try {
    await askWebhook(request, { webhook, as, client, mayPatch: false })
    return undefined
  } catch (error) {
    if (!(error instanceof WebhookUnavailable)) return error
    if (webhook.failurePolicy !== 'Ignore') return error.refusal
    request.annotate?.(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, webhook.name)
    return undefined
  }
}
