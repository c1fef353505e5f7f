/** AdmissionReview: what a webhook is asked, and what of its answer may be believed (admission.k8s.io/v1). */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { isJsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, textAt } from '../../api-object.ts'
import type { ServedResource } from '../../served-resource.ts'
import type { AdmissionRequest } from '../admission.ts'
import { inVersion } from '../match-request.ts'
import { requestView } from '../expressions/request-variables.ts'
import type { ReviewKind } from './webhook-answer.ts'
import { WebhookFailure } from './webhook-failure.ts'

/** The versions of reviews that this server speaks, as a webhook lists what it understands. */
export function reviewVersion(accepted: unknown): 'v1' | 'v1beta1' | undefined {
  const versions = Array.isArray(accepted) ? (accepted as readonly unknown[]) : []
  return versions.find((version): version is 'v1' | 'v1beta1' => version === 'v1' || version === 'v1beta1')
}

/** A review that asks about a request, shown as the resource that a rule matched. */
export function admissionReview(
  request: AdmissionRequest,
  as: ServedResource,
  { uid, version }: { readonly uid: string; readonly version: 'v1' | 'v1beta1' },
): ReviewKind & JsonObject {
  const versioned = (object: ApiObject | undefined): ApiObject | null =>
    object === undefined ? null : inVersion(object, request.resource, as)
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      ...requestView(request, as),
      object: versioned(request.object),
      oldObject: versioned(request.old),
      options: request.options ?? null,
    },
  }
}

/** What a webhook decided. */
export interface ReviewVerdict {
  readonly allowed: boolean
  /** The Status that says why not. */
  readonly result: JsonObject
  readonly warnings: readonly string[]
  readonly annotations: Readonly<Record<string, string>>
  /** JSON Patch as text. */
  readonly patch: string | undefined
}

/** Reads an answer. @throws WebhookFailure for one that is not to be believed. */
export function verdictOf(
  answer: JsonObject,
  { uid, version, mayPatch }: { readonly uid: string; readonly version: 'v1' | 'v1beta1'; readonly mayPatch: boolean },
): ReviewVerdict {
  const { response } = answer
  if (!isJsonObject(response)) throw invalid('webhook response was absent')
  if (version === 'v1') checkEnvelope(answer, response, uid)
  const patch = typeof response['patch'] === 'string' && response['patch'] !== '' ? response['patch'] : undefined
  checkPatch(patch, response['patchType'], mayPatch)
  return {
    allowed: response['allowed'] === true,
    result: isJsonObject(response['status']) ? response['status'] : {},
    warnings: textList(response['warnings']),
    annotations: isJsonObject(response['auditAnnotations'])
      ? (response['auditAnnotations'] as Record<string, string>)
      : {},
    patch: mayPatch && patch !== undefined ? Buffer.from(patch, 'base64').toString() : undefined,
  }
}

function invalid(reason: string): WebhookFailure {
  return new WebhookFailure(`received invalid webhook response: ${reason}`)
}

function checkEnvelope(answer: JsonObject, response: JsonObject, uid: string): void {
  const given = typeof response['uid'] === 'string' ? response['uid'] : ''
  if (given !== uid) throw invalid(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given)}`)
  const [group = '', version = ''] = textAt(answer, 'apiVersion').split('/')
  const kind = textAt(answer, 'kind')
  if (group === 'admission.k8s.io' && version === 'v1' && kind === 'AdmissionReview') return
  const shown = `${group}/${version}, Kind=${kind}`
  throw invalid(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${shown}`)
}

function checkPatch(patch: string | undefined, type: unknown, mayPatch: boolean): void {
  if (!mayPatch) {
    if (patch !== undefined) throw invalid('validating webhook may not return response.patch')
    if (type !== undefined) throw invalid('validating webhook may not return response.patchType')
    return
  }
  if (patch !== undefined && type === undefined)
    throw invalid('webhook returned response.patch but not response.patchType')
  if (patch === undefined && type !== undefined)
    throw invalid('webhook returned response.patchType but not response.patch')
  if (type === '') throw invalid('webhook returned invalid response.patchType of ""')
  if (type !== undefined && type !== 'JSONPatch')
    throw new WebhookFailure(`unsupported patch type ${JSON.stringify(type)}`)
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? (value as readonly unknown[]).filter((one): one is string => typeof one === 'string')
    : []
}
