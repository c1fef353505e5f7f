/** Conversion reviews: what a webhook is sent, and what of its answer is taken (apiextensions conversion, v1.36). */
import { fieldErrorText } from '#spec/kubernetes/validation/field-errors.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { validateAnnotations, validateLabels } from '#spec/kubernetes/validation/labels.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ReviewKind } from '../admission/webhooks/webhook-answer.ts'
import { type ApiObject, objectAt, textAt } from '../api-object.ts'

const group = 'apiextensions.k8s.io'

/** Objects to convert, and the `GROUP/VERSION` that is wanted. */
export interface ConversionQuestion {
  readonly objects: readonly ApiObject[]
  readonly desired: string
  readonly uid: string
  /** `v1` or `v1beta1`. */
  readonly reviewVersion: string
}

/** The first review version that this server speaks too. */
export function conversionReviewVersion(versions: readonly string[] | undefined): string | undefined {
  return versions?.find((version) => version === 'v1' || version === 'v1beta1')
}

/** The body of a review. */
export function conversionReview({
  objects,
  desired,
  uid,
  reviewVersion,
}: ConversionQuestion): ReviewKind & JsonObject {
  return {
    kind: 'ConversionReview',
    apiVersion: `${group}/${reviewVersion}`,
    request: { uid, desiredAPIVersion: desired, objects },
  }
}

/** A webhook's answer that cannot be used; the message is what follows `conversion webhook for KIND `. */
export class ConversionRefused extends Error {}

function failed(why: string): ConversionRefused {
  return new ConversionRefused(`failed: ${why}`)
}

/** The converted objects of an answer, in order, with the metadata that they had. @throws ConversionRefused */
export function convertedObjects(answer: JsonObject, question: ConversionQuestion): readonly ApiObject[] {
  const { objects, desired } = question
  const converted = objectsIn(answer, question)
  if (converted.length !== objects.length)
    throw new ConversionRefused(`returned ${converted.length} objects, expected ${objects.length}`)
  return objects.map((original, index) => checked(original, converted[index], { desired, index, of: objects.length }))
}

function objectsIn(answer: JsonObject, { uid, reviewVersion }: ConversionQuestion): readonly unknown[] {
  const { response } = answer
  if (reviewVersion === 'v1') {
    const [kind, apiVersion] = [textAt(answer, 'kind'), textAt(answer, 'apiVersion')]
    if (kind !== 'ConversionReview' || apiVersion !== `${group}/v1`)
      throw failed(`expected webhook response of ${group}/v1, Kind=ConversionReview, got ${apiVersion}, Kind=${kind}`)
  }
  if (!isJsonObject(response)) throw failed('no response provided')
  const said = textAt(response, 'uid')
  if (reviewVersion === 'v1' && said !== uid)
    throw failed(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(said)}`)
  const status = textAt(response, 'result', 'status')
  if (status !== 'Success') {
    const message = textAt(response, 'result', 'message')
    throw failed(message === '' ? `response.result.status was '${status}', not 'Success'` : message)
  }
  const list = response['convertedObjects']
  return Array.isArray(list) ? (list as readonly unknown[]) : []
}

interface Position {
  readonly desired: string
  readonly index: number
  readonly of: number
}

function checked(original: ApiObject, converted: unknown, { desired, index, of }: Position): ApiObject {
  const where = of === 1 ? 'object at index 0' : `converted object at index ${index}`
  const refuse = (why: string): ConversionRefused => new ConversionRefused(`returned invalid ${where}: ${why}`)
  if (!isJsonObject(converted)) throw refuse("Object 'Kind' is missing")
  const { kind, apiVersion } = converted
  if (apiVersion !== desired)
    throw refuse(`invalid groupVersion (expected ${desired}, received ${textAt(converted, 'apiVersion')})`)
  if (kind !== original.kind)
    throw refuse(`invalid kind (expected ${original.kind}, received ${textAt(converted, 'kind')})`)
  const same = of === 1 ? 'object' : where
  for (const [member, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, after] = [textAt(original, 'metadata', member), textAt(converted, 'metadata', member)]
    if (before !== after)
      throw new ConversionRefused(`returned invalid ${same}: must have the same ${name}: ${before} != ${after}`)
  }
  const place = of === 1 ? 'metadata' : `metadata in object at index ${index}`
  return { ...converted, metadata: restoredMetadata(original, converted, place) } as ApiObject
}

/** The original's metadata with the converted object's labels and annotations: a webhook decides about nothing else. */
function restoredMetadata(original: ApiObject, converted: JsonObject, place: string): ApiObject['metadata'] {
  const refuse = (why: string): ConversionRefused => new ConversionRefused(`returned invalid ${place}: ${why}`)
  if (!isJsonObject(converted['metadata'])) throw refuse('missing metadata in converted object')
  const out: Record<string, unknown> = { ...original.metadata }
  for (const member of ['labels', 'annotations'] as const) {
    const said = converted['metadata'][member]
    if (said === undefined || said === null) {
      Reflect.deleteProperty(out, member)
      continue
    }
    if (!isJsonObject(said)) throw refuse(`invalid metadata.${member} of type ${typeof said} in converted object`)
    const odd = Object.entries(said).find(([, value]) => typeof value !== 'string')
    if (odd !== undefined)
      throw refuse(`metadata.${member}[${odd[0]}] must be a string, but is ${typeof odd[1]} in converted object`)
    const texts = said as Readonly<Record<string, string>>
    const at = path('metadata', member)
    const errors = member === 'labels' ? validateLabels(at, texts) : validateAnnotations(at, texts)
    if (errors.length > 0 && JSON.stringify(objectAt(original, 'metadata', member)) !== JSON.stringify(said))
      throw refuse(errors.map(fieldErrorText).join(', '))
    out[member] = said
  }
  return out as ApiObject['metadata']
}
