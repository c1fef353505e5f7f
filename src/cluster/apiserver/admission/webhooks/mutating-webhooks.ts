/** MutatingAdmissionWebhook: webhooks that may change an object, one after the other, each seeing what those before it did. */
import { applyJsonPatch, parseJsonPatch } from '#base/data/json-patch.ts'
import type { JsonValue } from '#base/data/json-value.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { jsonWord } from '#spec/kubernetes/decode/decode-error.ts'
import { parseJson } from '#spec/kubernetes/decode/parse-json.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, equalJson } from '../../api-object.ts'
import { recanonical } from '../../wire/decode-body.ts'
import type { ServedResource } from '../../served-resource.ts'
import { internalError } from '../../status-errors.ts'
import type { AdmissionRequest, AdmissionStep, ObjectKind } from '../admission.ts'
import { convertAhead, inVersion, isAdmissible } from '../match-request.ts'
import type { MutationDeps } from '../mutation-deps.ts'
import { askWebhook, WebhookUnavailable } from './ask-webhook.ts'
import { failedCalling } from './webhook-failures.ts'
import { type WebhookClient } from './webhook-call.ts'
import { type Webhook, WebhookTable } from './webhook-table.ts'

const name = 'MutatingAdmissionWebhook'

/** The step of a server. */
export function mutatingWebhooks(deps: MutationDeps, client: WebhookClient): AdmissionStep {
  const table = new WebhookTable('admissionregistration.k8s.io/mutatingwebhookconfigurations', deps.authorizer)
  return {
    name,
    applies: isAdmissible,
    // Without webhooks nothing is waited for.
    mutate: (request, object) => {
      const webhooks = table.all(request)
      if (webhooks.length === 0) return object
      return askAll({ ...request, object }, { webhooks, table, client, deps }).then((asked) => asked ?? object)
    },
    announce: async (request) => {
      const webhooks = table.all(request)
      if (webhooks.length > 0) await askAll(request, { webhooks, table, client, deps })
    },
  }
}

interface Asking {
  readonly webhooks: readonly Webhook[]
  readonly table: WebhookTable
  readonly client: WebhookClient
  readonly deps: MutationDeps
}

async function askAll(request: AdmissionRequest, asking: Asking): Promise<ApiObject | undefined> {
  const { rounds } = request
  const state = rounds.stateOf(name)
  if (rounds.isSecond && !equalJson(state.last, request.object)) state.changed()
  let { object } = request
  for (const [index, webhook] of asking.webhooks.entries()) {
    const now = { ...request, object }
    // Each webhook sees what the one before it did.
    const as = await asking.table.matches(webhook, now)
    if (as === undefined || (rounds.isSecond && !state.isAskedAgain(webhook.id))) continue
    const next = await askOne(now, { webhook, index, as, ...asking })
    if (!equalJson(object, next)) {
      state.changed()
      rounds.wanted = true
      object = next
    }
    if (webhook.spec['reinvocationPolicy'] === 'IfNeeded') state.addSeen(webhook.id)
  }
  state.last = object
  return object
}

interface AskingOne extends Asking {
  readonly webhook: Webhook
  readonly index: number
  readonly as: ServedResource
}

async function askOne(request: AdmissionRequest, one: AskingOne): Promise<ApiObject | undefined> {
  const { webhook, index, as, client } = one
  const note = `round_${request.rounds.isSecond ? 1 : 0}_index_${index}`
  try {
    const { patch } = await askWebhook(request, { webhook, as, client, mayPatch: true })
    const next = patch === undefined ? request.object : await patched(request, patch, one)
    const mutated = !equalJson(next, request.object)
    const { configuration } = webhook
    request.annotate?.(
      `mutation.webhook.admission.k8s.io/${note}`,
      JSON.stringify({ configuration, webhook: webhook.name, mutated }),
    )
    return next
  } catch (error) {
    if (!(error instanceof WebhookUnavailable)) throw error
    if (webhook.failurePolicy !== 'Ignore') throw error.refusal
    request.annotate?.(`failed-open.mutation.webhook.admission.k8s.io/${note}`, webhook.name)
    return request.object
  }
}

/** The object after a webhook's patch, which is in the version that the webhook was shown. */
async function patched(
  request: AdmissionRequest,
  patch: string,
  { webhook, as, deps }: AskingOne,
): Promise<ApiObject | undefined> {
  const operations = operationsOf(patch, webhook)
  if (operations.length === 0) return request.object
  if (request.object === undefined) {
    throw internalError(
      `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
    )
  }
  const shown = inVersion(request.object, request.resource, as)
  const tree = treeAfter(shown, operations)
  const { object } = recanonicalOrRefuse(tree, request.own ?? as)
  if (request.own !== undefined) return object
  const whole = deps.withDefaults(as, object)
  await convertAhead(whole, as, request.resource)
  return inVersion(whole, as, request.resource)
}

/** The operations of a patch. @throws WebhookUnavailable for what is no list of objects, a Status for objects that are no operations. */
function operationsOf(patch: string, { name: webhook }: Webhook): ReturnType<typeof parseJsonPatch> {
  const entries = patchEntries(patch, webhook)
  try {
    // Upstream sets no bound to what a webhook does; that of its answer is bound enough.
    return parseJsonPatch(entries as JsonValue, { operationsMax: Number.POSITIVE_INFINITY })
  } catch (error) {
    throw internalError(messageOf(error))
  }
}

function patchEntries(patch: string, webhook: string): readonly unknown[] {
  try {
    const entries = parseJson(patch).value ?? []
    const wrong = (value: unknown, type: string): Error =>
      new Error(`json: cannot unmarshal ${jsonWord(value)} into Go value of type jsonpatch.${type}`)
    if (!Array.isArray(entries)) throw wrong(entries, 'Patch')
    const odd = entries.findIndex((entry) => entry !== null && !isJsonObject(entry))
    if (odd !== -1) throw wrong(entries[odd], 'Operation')
    return entries
  } catch (error) {
    const reason = `received undecodable patch in webhook response: ${messageOf(error)}`
    throw new WebhookUnavailable(failedCalling(webhook, reason), error)
  }
}

function treeAfter(object: ApiObject, operations: ReturnType<typeof parseJsonPatch>): JsonObject {
  try {
    return applyJsonPatch(object as unknown as JsonValue, operations) as unknown as JsonObject
  } catch (error) {
    throw internalError(messageOf(error))
  }
}

function recanonicalOrRefuse(tree: JsonObject, as: ServedResource | ObjectKind): { readonly object: ApiObject } {
  try {
    return recanonical(tree, as, {})
  } catch (error) {
    throw internalError(messageOf(error).replace(/^\S+ in version "[^"]*" cannot be handled as an? \S+: /, ''))
  }
}
