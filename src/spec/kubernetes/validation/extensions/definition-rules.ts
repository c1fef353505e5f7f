/** Custom resource definitions (apiextensions/validation, v1.36). */
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
} from '../../objects/apiextensions-v1.generated.ts'
import { byteLength, each, ifSet, immutableText, isEmpty, requiredOneOf, requiredText } from '../checks.ts'
import { duplicate, forbidden, invalid, required, tooMany, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dns1035Label, dnsSubdomain, type Format } from '../formats.ts'
import { internalList } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { sameValue } from '../same-value.ts'
import { hasDefaults } from '../../structural/schemas-in.ts'
import { schemaAt } from './schema-path.ts'
import { type DefinitionParts, hoistCommonParts, type HoistedVersions } from './common-parts.ts'
import { validateDefinitionSchema } from './definition-schema.ts'
import { caBundleProblem, validateReviewVersions, validateWebhookClient } from './webhook-client.ts'

const specPath = path('spec')

function joined(
  at: Path,
  value: string | undefined,
  of: { readonly format: Format; readonly head?: string; readonly tested?: string },
): FieldError[] {
  const text = value ?? ''
  const problems = text === '' ? [] : of.format(of.tested ?? text)
  return problems.length === 0 ? [] : [invalid(at, text, `${of.head ?? ''}${problems.join(',')}`)]
}

const mixedText = 'may have mixed case, but should otherwise match: '

function names(at: Path, value: Partial<CustomResourceDefinitionNames> | undefined): FieldError[] {
  const { plural, singular, kind = '', listKind = '', shortNames, categories } = value ?? {}
  const format = dns1035Label
  const isSame = kind !== '' && kind === listKind
  return [
    ...joined(at.child('plural'), plural, { format }),
    ...joined(at.child('singular'), singular, { format }),
    ...joined(at.child('kind'), kind, { format, head: mixedText, tested: kind.toLowerCase() }),
    ...joined(at.child('listKind'), listKind, { format, head: mixedText, tested: listKind.toLowerCase() }),
    ...each(at.child('shortNames'), shortNames, (name, itemAt) => joined(itemAt, name, { format })),
    ...(isSame ? [invalid(at.child('listKind'), listKind, 'kind and listKind may not be the same')] : []),
    ...each(at.child('categories'), categories, (name, itemAt) => joined(itemAt, name, { format })),
  ]
}

function simplePath(at: Path, text: string): FieldError[] {
  return text.startsWith('.') ? [] : [invalid(at, text, 'must be a simple json path starting with .')]
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

function column(value: CustomResourceColumnDefinition, at: Path): FieldError[] {
  const { type, format = '', jsonPath } = value
  const typeText = `must be one of ${columnTypes.join(',')}`
  const errors = requiredText(at.child('name'), value.name)
  if (type === '') errors.push(required(at.child('type'), typeText))
  else if (!columnTypes.includes(type)) errors.push(invalid(at.child('type'), type, typeText))
  if (format !== '' && !columnFormats.includes(format)) {
    errors.push(invalid(at.child('format'), format, `must be one of ${columnFormats.join(',')}`))
  }
  return [
    ...errors,
    ...(jsonPath === '' ? [required(at.child('JSONPath'))] : simplePath(at.child('JSONPath'), jsonPath)),
  ]
}

function scalePath(at: Path, text: string, under: readonly string[]): FieldError[] {
  const errors = simplePath(at, text)
  if (errors.length > 0 || under.some((prefix) => text.startsWith(`${prefix}.`))) return errors
  const where = under.length > 1 ? 'either .spec or .status' : under[0]
  return [invalid(at, text, `should be a json path under ${where}`)]
}

function subresources(at: Path, value: CustomResourceSubresources): FieldError[] {
  return [
    ...ifSet(value.scale, ({ specReplicasPath, statusReplicasPath, labelSelectorPath = '' }) => {
      const specAt = at.child('scale.specReplicasPath')
      const statusAt = at.child('scale.statusReplicasPath')
      const selectorAt = at.child('scale.labelSelectorPath')
      return [
        ...(specReplicasPath === '' ? [required(specAt)] : scalePath(specAt, specReplicasPath, ['.spec'])),
        ...(statusReplicasPath === '' ? [required(statusAt)] : scalePath(statusAt, statusReplicasPath, ['.status'])),
        ...(labelSelectorPath === '' ? [] : scalePath(selectorAt, labelSelectorPath, ['.spec', '.status'])),
      ]
    }),
  ]
}

function deprecation(
  at: Path,
  { deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion,
): FieldError[] {
  if (text === undefined) return []
  if (deprecated !== true) return [invalid(at, text, 'can only be set for deprecated versions')]
  const errors: FieldError[] = []
  if (byteLength(text) > 256) errors.push(invalid(at, text, 'must be <= 256 characters long'))
  if (text === '') errors.push(invalid(at, text, 'must not be an empty string'))
  const index = Array.from(text).findIndex((character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character))
  if (index < 0) return errors
  const problem = `must only contain printable UTF-8 characters; non-printable character found at index ${index}`
  return [...errors, invalid(at, text, problem)]
}

function selectableFields(
  at: Path,
  fields: DefinitionParts['selectableFields'],
  schema: JSONSchemaProps,
): FieldError[] {
  const seen = new Set<string>()
  const errors = each(at, fields, ({ jsonPath }, itemAt) => {
    const pathAt = itemAt.child('jsonPath')
    if (jsonPath === '') return [required(pathAt)]
    const found = schemaAt(schema, jsonPath)
    if (typeof found === 'string') return [invalid(pathAt, jsonPath, `is an invalid path: ${found}`)]
    const problems: FieldError[] = []
    if (/^\.metadata\b/.test(jsonPath)) {
      problems.push(invalid(pathAt, jsonPath, 'must not point to fields in metadata'))
    }
    if (!['string', 'boolean', 'integer'].includes(found.type ?? '')) {
      const text =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
      problems.push(invalid(pathAt, jsonPath, text))
    }
    if (seen.has(jsonPath)) problems.push(duplicate(pathAt, jsonPath))
    seen.add(jsonPath)
    return problems
  })
  return seen.size > 8 ? [...errors, tooMany(at, seen.size, 8)] : errors
}

const noSchemaText = 'may only be set when `version.schema.openAPIV3Schema` is not included'

interface PartsContext {
  readonly schemaAt: Path
  /** Whether a status may be written by itself. */
  readonly hasStatus: boolean
  readonly isUnchanged: boolean
  /** What is wrong with selectable fields where no schema stands. */
  readonly noSchema: string
}

/** What one version has, or all of them together. */
function parts(at: Path, value: DefinitionParts, context: PartsContext): FieldError[] {
  const schema = value.schema?.openAPIV3Schema
  const fieldsAt = at.child('selectableFields')
  return [
    ...ifSet(schema, (props) => validateDefinitionSchema(context.schemaAt, props, context)),
    ...ifSet(value.subresources, (some) => subresources(at.child('subresources'), some)),
    ...each(at.child('additionalPrinterColumns'), value.additionalPrinterColumns, column),
    ...(isEmpty(value.selectableFields)
      ? []
      : schema === undefined
        ? [invalid(fieldsAt, '', context.noSchema)]
        : selectableFields(fieldsAt, value.selectableFields, schema)),
  ]
}

type Versions = readonly CustomResourceDefinitionVersion[]

/** A version of before has the schema that the version of its name has now. */
function hasOldSchema(
  value: CustomResourceDefinitionVersion,
  before: CustomResourceDefinitionSpec | undefined,
): boolean {
  const old = before?.versions.find(({ name }) => name === value.name)?.schema
  return old !== undefined && sameValue(old, value.schema)
}

/** Versions by themselves: what they have in common is told of by `commonParts`. */
function versionErrors(
  { common, versions }: HoistedVersions,
  whole: Versions,
  before: CustomResourceDefinitionSpec | undefined,
): FieldError[] {
  return each(specPath.child('versions'), versions, (value, at, index) => {
    const hasStatus = (common.subresources ?? value.subresources)?.status !== undefined
    const isUnchanged = hasOldSchema(whole[index] ?? value, before)
    return [
      ...joined(at.child('name'), value.name, { format: dns1035Label }),
      ...deprecation(at.child('deprecationWarning'), value),
      ...parts(at, value, { schemaAt: at.child('schema'), hasStatus, isUnchanged, noSchema: noSchemaText }),
    ]
  })
}

function commonParts(
  { common }: HoistedVersions,
  whole: Versions,
  before: CustomResourceDefinitionSpec | undefined,
): FieldError[] {
  const [first] = whole
  if (first === undefined) return []
  return parts(specPath, common, {
    schemaAt: specPath.child('validation'),
    hasStatus: whole.some(({ subresources: some }) => some?.status !== undefined),
    isUnchanged: hasOldSchema(first, before),
    noSchema: 'may only be set when validations.schema is included',
  })
}

function conversion(at: Path, spec: CustomResourceDefinitionSpec): FieldError[] {
  const value = spec.conversion
  if (value === undefined) return []
  const errors = requiredOneOf(at.child('strategy'), value.strategy, ['None', 'Webhook'])
  const clientAt = at.child('webhookClientConfig')
  const versionsAt = at.child('conversionReviewVersions')
  const client = value.webhook?.clientConfig
  const versions = value.webhook?.conversionReviewVersions ?? []
  if (value.strategy === 'Webhook') {
    const missing = required(clientAt, 'required when strategy is set to Webhook')
    return [
      ...errors,
      ...(client === undefined ? [missing] : validateWebhookClient(clientAt, client)),
      ...validateReviewVersions(versionsAt, versions, ''),
    ]
  }
  const text = 'should not be set when strategy is not set to Webhook'
  if (client !== undefined) errors.push(forbidden(clientAt, text))
  if (versions.length > 0) errors.push(forbidden(versionsAt, text))
  return errors
}

function group(at: Path, text: string): FieldError[] {
  if (text === '') return [required(at)]
  const errors = joined(at, text, { format: dnsSubdomain })
  if (errors.length > 0 || text.includes('.')) return errors
  return [invalid(at, text, 'should be a domain with at least one dot')]
}

function versionSet(at: Path, versions: Versions): FieldError[] {
  const value = internalList('apiextensions.CustomResourceDefinitionVersion', versions)
  const errors: FieldError[] = []
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.push(invalid(at, value, 'must contain unique version names'))
  }
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalid(at, value, 'must have exactly one version marked as storage version'))
  return [...errors, ...joined(specPath.child('version'), versions[0]?.name, { format: dns1035Label })]
}

function definitionSpec(
  spec: CustomResourceDefinitionSpec,
  before: CustomResourceDefinitionSpec | undefined,
): FieldError[] {
  const versionsAt = specPath.child('versions')
  const versions = spec.versions ?? []
  const hoisted = hoistCommonParts(versions)
  const namesAt = specPath.child('names')
  const preserveAt = specPath.child('preserveUnknownFields')
  const hasAnyDefault = versions.some(({ schema }) => hasDefaults(schema?.openAPIV3Schema ?? {}))
  return [
    ...group(specPath.child('group'), spec.group ?? ''),
    ...requiredOneOf(specPath.child('scope'), spec.scope, ['Cluster', 'Namespaced']),
    ...each(versionsAt, versions, (value, at) =>
      value.schema?.openAPIV3Schema === undefined ? [required(at.child('schema', 'openAPIV3Schema'))] : [],
    ),
    ...(spec.preserveUnknownFields === true && hasAnyDefault
      ? [invalid(preserveAt, true, 'must be false in order to use defaults in the schema')]
      : []),
    ...versionErrors(hoisted, versions, before),
    ...versionSet(versionsAt, hoisted.versions),
    ...(['plural', 'singular', 'kind', 'listKind'] as const).flatMap((member) =>
      requiredText(namesAt.child(member), spec.names?.[member]),
    ),
    ...names(namesAt, spec.names),
    ...commonParts(hoisted, versions, before),
    ...conversion(specPath.child('conversion'), spec),
  ]
}

function storedVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const at = path('status', 'storedVersions')
  const stored = status?.storedVersions ?? []
  if (stored.length === 0) return [invalid(at, status?.storedVersions ?? null, 'must have at least one stored version')]
  const versions = spec?.versions ?? []
  const missing = versions.filter(({ name, storage }) => storage && !stored.includes(name))
  return [
    ...missing.map(({ name }) => invalid(at, stored, `must have the storage version ${name}`)),
    ...each(at, stored, (name, itemAt) => {
      if (versions.some((value) => value.name === name)) return []
      const text = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
      return [invalid(itemAt, name, text)]
    }),
  ]
}

const approval = 'api-approved.kubernetes.io'

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid'

function approvalOf({ metadata }: CustomResourceDefinition): Approval {
  const text = metadata.annotations?.[approval] ?? ''
  if (text === '') return 'missing'
  if (text.startsWith('unapproved')) return 'bypassed'
  return URL.canParse(text) ? 'approved' : 'invalid'
}

/** Groups of the Kubernetes community need an approval; one that was let in without may stay so. */
function protectedGroup(object: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const at = path('metadata', 'annotations').key(approval)
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(object.spec?.group ?? '')) return []
  const state = approvalOf(object)
  if (old !== undefined && approvalOf(old) === state) return []
  const need = `protected groups must have approval annotation ${JSON.stringify(approval)}`
  const proposal = 'see https://github.com/kubernetes/enhancements/pull/1111'
  if (state === 'missing') return [required(at, `${need}, ${proposal}`)]
  if (state !== 'invalid') return []
  const text = `${need} with either a URL or a reason starting with "unapproved", ${proposal}`
  return [invalid(at, object.metadata.annotations?.[approval], text)]
}

/** Definitions of old may still keep all fields; new ones say so in their schemas. */
function preserveErrors({ spec }: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (spec?.preserveUnknownFields !== true || old?.spec?.preserveUnknownFields === true) return []
  const text = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  return [invalid(specPath.child('preserveUnknownFields'), true, text)]
}

function definition(object: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  const spec = object.spec ?? ({} as CustomResourceDefinitionSpec)
  return [
    ...definitionSpec(spec, old?.spec),
    ...names(path('status', 'acceptedNames'), object.status?.acceptedNames),
    ...storedVersions(object),
  ]
}

function bundleOf({ spec }: CustomResourceDefinition): string | undefined {
  return spec?.conversion?.webhook?.clientConfig?.caBundle
}

/** A bundle that was never right may stay so; a right one may not be made wrong while it is in use. */
function bundleErrors(object: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const [bundle, before] = [bundleOf(object), bundleOf(old)]
  if (bundle === undefined || !isEstablished(old)) return []
  if (before !== undefined && caBundleProblem(before) !== undefined) return []
  const problem = caBundleProblem(bundle)
  const at = specPath.child('conversion', 'webhookClientConfig', 'caBundle')
  return problem === undefined ? [] : [invalid(at, bundle, problem)]
}

function isEstablished(object: CustomResourceDefinition): boolean {
  return (object.status?.conditions ?? []).some(({ type, status }) => type === 'Established' && status === 'True')
}

/** What never changes once a definition is made, and what does not while it is served. */
const frozenMembers: readonly {
  readonly at: Path
  readonly read: (object: CustomResourceDefinition) => string | undefined
  readonly whileServed?: true
}[] = [
  { at: specPath.child('scope'), read: ({ spec }) => spec?.scope, whileServed: true },
  { at: specPath.child('names', 'kind'), read: ({ spec }) => spec?.names?.kind, whileServed: true },
  { at: specPath.child('group'), read: ({ spec }) => spec?.group },
  { at: specPath.child('names', 'plural'), read: ({ spec }) => spec?.names?.plural },
]

function definitionChange(object: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const isServed = isEstablished(old)
  return frozenMembers
    .filter(({ read, whileServed }) => (isServed || whileServed === undefined) && read(object) !== read(old))
    .map(({ at, read }) => invalid(at, read(object) ?? '', immutableText))
}

/** The rules of custom resource definitions. */
export const definitionRules: AnyKindRules = kindRules<CustomResourceDefinition>({
  name: dnsSubdomain,
  anyFinalizer: true,
  create: (object) => {
    const wanted = `${object.spec?.names?.plural ?? ''}.${object.spec?.group ?? ''}`
    const { name } = object.metadata
    const text = 'must be spec.names.plural+"."+spec.group'
    return [
      ...(name === wanted ? [] : [invalid(path('metadata', 'name'), name, text)]),
      ...definition(object, undefined),
      ...protectedGroup(object),
      ...preserveErrors(object, undefined),
    ]
  },
  update: ({ object, old }) => [
    ...definition(object, old),
    ...definitionChange(object, old),
    ...protectedGroup(object, old),
    ...preserveErrors(object, old),
    ...bundleErrors(object, old),
  ],
  status: ({ object }) => names(path('status', 'acceptedNames'), object.status?.acceptedNames),
})
