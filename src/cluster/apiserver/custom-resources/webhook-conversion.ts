/**
 * Objects of custom resources between versions by a webhook. It is asked ahead, for many objects at once; what it answered is
 * kept for as long as the object is.
 */
import { messageOf } from '#base/errors/gantry-error.ts'
import { statusError } from '#clients/kubernetes/status-error.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { JsonObject, Status } from '#spec/kubernetes/objects/objects.ts'
import { randomUuid } from '#world/ports/random.ts'
import { type WebhookClient, WebhookFailure } from '../admission/webhooks/webhook-call.ts'
import type { ApiObject } from '../api-object.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Conversion } from '../resource-versions.ts'
import { internalError } from '../status-errors.ts'
import { conversionReview, conversionReviewVersion, ConversionRefused, convertedObjects } from './conversion-review.ts'
import { type CustomVersions, type DefinitionConversion, fitted, refreshed } from './convert-custom.ts'

/** How long a webhook may take for one review (upstream's client). */
const timeoutMs = 30_000
/** Objects in one review. */
const batchMax = 500

export interface WebhookConversionParts {
  readonly webhooks: WebhookClient
  readonly view: ClusterView
}

/** A failure as upstream tells it: its words, without a reason. */
function conversionFailed(message: string): Error {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 }
  return statusError(status as unknown as Status)
}

type Ask = (objects: readonly ApiObject[], desired: string) => Promise<readonly ApiObject[]>

/** The conversion of a definition that names a webhook. */
export function webhookConversion(
  parts: WebhookConversionParts,
  definition: CustomResourceDefinition,
  versions: CustomVersions,
): DefinitionConversion {
  const ask: Ask = (objects, desired) => review(parts, definition, { objects, desired })
  return {
    of: (apiVersion) => askedVersion(ask, versions, apiVersion),
    convert: async (object, apiVersion) => {
      const [answer] = await ask([object], apiVersion)
      return answer as ApiObject
    },
  }
}

function askedVersion(ask: Ask, versions: CustomVersions, apiVersion: string): Conversion {
  const { storedVersion } = versions
  const served = new WeakMap<ApiObject, ApiObject>()
  const stored = new WeakMap<ApiObject, ApiObject>()
  const known = (answers: WeakMap<ApiObject, ApiObject>, object: ApiObject): ApiObject => {
    const answer = answers.get(object)
    if (answer === undefined) throw internalError('an object is wanted in another version before its webhook was asked')
    return answer
  }
  return {
    storedVersion,
    fromStored: (object) => known(served, object),
    toStored: (object) => (object.apiVersion === storedVersion ? object : known(stored, object)),
    ahead: {
      fromStored: async (objects) => {
        const open: { readonly object: ApiObject; readonly fresh: ApiObject }[] = []
        for (const object of objects) {
          if (served.has(object)) continue
          const fresh = refreshed(versions, object)
          if (fresh.apiVersion === apiVersion) served.set(object, fresh)
          else open.push({ object, fresh })
        }
        for (let at = 0; at < open.length; at += batchMax) {
          const batch = open.slice(at, at + batchMax)
          // One review at a time is load enough for a webhook.
          const answers = await ask(
            batch.map(({ fresh }) => fresh),
            apiVersion,
          )
          for (const [index, { object }] of batch.entries())
            served.set(object, fitted(versions, answers[index] as ApiObject))
        }
      },
      toStored: async (object) => {
        if (object.apiVersion === storedVersion || stored.has(object)) return
        const [answer] = await ask([object], storedVersion)
        stored.set(object, fitted(versions, answer as ApiObject))
      },
    },
  }
}

async function review(
  { webhooks, view }: WebhookConversionParts,
  { spec }: CustomResourceDefinition,
  { objects, desired }: { readonly objects: readonly ApiObject[]; readonly desired: string },
): Promise<readonly ApiObject[]> {
  const webhook = spec.conversion?.webhook
  const reviewVersion = conversionReviewVersion(webhook?.conversionReviewVersions)
  if (reviewVersion === undefined) throw conversionFailed('no supported conversion review versions')
  const question = { objects, desired, uid: randomUuid(view.random), reviewVersion }
  try {
    const client = (webhook?.clientConfig ?? {}) as JsonObject
    const asked = { client, timeoutMs, body: conversionReview(question), signal: undefined }
    return convertedObjects(await webhooks.ask(asked, view), question)
  } catch (error) {
    throw told(error, objects[0])
  }
}

function told(error: unknown, first: ApiObject | undefined): unknown {
  const head = `conversion webhook for ${first?.apiVersion ?? ''}, Kind=${first?.kind ?? ''}`
  if (error instanceof ConversionRefused) return conversionFailed(`${head} ${error.message}`)
  return error instanceof WebhookFailure ? conversionFailed(`${head} failed: ${messageOf(error)}`) : error
}
