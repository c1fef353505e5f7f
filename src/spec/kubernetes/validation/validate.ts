/**
 * The entry to validation: what is wrong with an object that is created or updated, as kube-apiserver v1.36 says it.
 * Objects are decoded and defaulted; nothing here changes them. Errors have the shape of causes of a Status.
 */
import { builtInKinds, groupVersionText, typeOfKind } from '../schema/kinds.ts'
import type { KubernetesObject } from '../objects/objects.ts'
import { joined } from './checks.ts'
import type { FieldError } from './field-errors.ts'
import { dnsSubdomain } from './formats.ts'
import type { AnyKindRules, UpdateInput, ValidationContext } from './kind-rules.ts'
import { kindTable } from './kind-table.ts'
import { validateMetadata, validateMetadataUpdate } from './metadata.ts'
import { validateBySchema } from './schema-rules.ts'
import { bothWithoutNulls, withoutNulls } from './without-nulls.ts'

export type { FieldError } from './field-errors.ts'
export type { ValidationContext } from './kind-rules.ts'

/** A kind by its API names; `group` is `''` for the core group. */
export interface KindName {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface UpdateOptions {
  /** The subresource that is written, `''` or absent for the object itself. */
  readonly subresource?: string
  readonly context?: ValidationContext
}

// In these null is a value of its own somewhere: free-form data, defaults of schemas.
const kindsWithNulls: ReadonlySet<string> = new Set([
  'apps/ControllerRevision',
  'apiextensions.k8s.io/CustomResourceDefinition',
])

function hasNulls(kind: KindName): boolean {
  return kindsWithNulls.has(`${kind.group}/${kind.kind}`)
}

const defaultContext: ValidationContext = { nowMs: 0 }

function rulesOf(kind: KindName): AnyKindRules | undefined {
  return kindTable[`${kind.group}/${kind.kind}`]
}

function isNamespaced(kind: KindName, object: KubernetesObject): boolean {
  const found = builtInKinds.findKind(groupVersionText(kind), kind.kind)
  return found?.namespaced ?? (object.metadata?.namespace ?? '') !== ''
}

function fallbackErrors(kind: KindName, object: KubernetesObject): readonly FieldError[] {
  const type = typeOfKind(groupVersionText(kind), kind.kind)
  return type === undefined ? [] : validateBySchema(type, object)
}

/** Custom resources, and kinds whose rules say so. */
function takesAnyFinalizer(kind: KindName, rules: AnyKindRules | undefined): boolean {
  if (rules !== undefined) return rules.anyFinalizer === true
  return typeOfKind(groupVersionText(kind), kind.kind) === undefined
}

/**
 * What is wrong with a new object, none when it is valid. A kind without rules of its own is checked by its metadata and
 * by what its schema says.
 */
export function validateCreate(
  kind: KindName,
  object: KubernetesObject,
  context: ValidationContext = defaultContext,
): readonly FieldError[] {
  const rules = rulesOf(kind)
  const namespaced = isNamespaced(kind, object)
  const value = hasNulls(kind) ? object : withoutNulls(object)
  const anyFinalizer = takesAnyFinalizer(kind, rules)
  const named = { namespaced, name: rules?.name ?? dnsSubdomain, anyFinalizer }
  const metadata = rules?.isRequest === true ? [] : validateMetadata(value.metadata, named)
  const own = rules === undefined ? fallbackErrors(kind, value) : rules.create(value, context)
  if (rules?.metadataLast === true && own.length > 0) return own
  return joined(metadata, own)
}

function updateErrors(
  rules: AnyKindRules,
  input: UpdateInput<KubernetesObject>,
  subresource: string,
): readonly FieldError[] {
  if (subresource === '') return (rules.update ?? (({ object, context }) => rules.create(object, context)))(input)
  if (subresource === 'status') return rules.status?.(input) ?? []
  return rules.subresources?.[subresource]?.(input) ?? []
}

/**
 * What is wrong with a changed object, none when the change is valid.
 * @param old the stored object.
 */
// oxlint-disable-next-line max-params -- new and old side by side, as every caller has them
export function validateUpdate(
  kind: KindName,
  object: KubernetesObject,
  old: KubernetesObject,
  { subresource = '', context = defaultContext }: UpdateOptions = {},
): readonly FieldError[] {
  const rules = rulesOf(kind)
  const [now, before] = hasNulls(kind) ? [object, old] : bothWithoutNulls(object, old)
  const input = { object: now, old: before, context }
  const anyFinalizer = takesAnyFinalizer(kind, rules)
  const metadata = validateMetadataUpdate(input.object.metadata, input.old.metadata, { anyFinalizer })
  if (rules !== undefined) return joined(metadata, updateErrors(rules, input, subresource))
  return subresource === '' ? joined(metadata, fallbackErrors(kind, input.object)) : metadata
}
