/**
 * What makes a schema structural: types everywhere, nothing but validations in junctors, every validation about something
 * that is specified (apiextensions schema/validation, v1.36).
 */
import { RE2JS } from 're2js'
import type { JSONSchemaProps } from '../../objects/apiextensions-v1.generated.ts'
import { isJsonObject } from '../../objects/objects.ts'
import { type FieldError, fieldErrorText, forbidden, invalid, required } from '../field-errors.ts'
import type { Path } from '../field-path.ts'

type Level = 'root' | 'item' | 'field'

/** The failures of a schema, sorted by their text. */
export function validateStructural(at: Path, schema: JSONSchemaProps): readonly FieldError[] {
  const errors = [...invariants(at, schema, 'root'), ...completeness(schema, { at, schema, from: at })]
  return errors
    .map((error) => ({ error, text: fieldErrorText(error) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ error }) => error)
}

function itemsOf(schema: JSONSchemaProps): JSONSchemaProps | undefined {
  return isJsonObject(schema.items) ? (schema.items as JSONSchemaProps) : undefined
}

function othersOf(schema: JSONSchemaProps): JSONSchemaProps | undefined {
  return isJsonObject(schema.additionalProperties) ? (schema.additionalProperties as JSONSchemaProps) : undefined
}

function invariants(at: Path, schema: JSONSchemaProps, level: Level): FieldError[] {
  const items = itemsOf(schema)
  const others = othersOf(schema)
  const properties = Object.entries(schema.properties ?? {})
  const isMissing = schema.type === 'array' && schema.items === undefined
  return [
    ...(isMissing ? [required(at.child('items'), 'must be specified')] : []),
    ...(items === undefined ? [] : invariants(at.child('items'), items, 'item')),
    ...properties.flatMap(([name, inner]) => invariants(at.child('properties').key(name), inner, 'field')),
    ...(schema.additionalProperties !== undefined && level === 'root'
      ? [forbidden(at.child('additionalProperties'), 'must not be used at the root')]
      : []),
    ...(others === undefined ? [] : invariants(at.child('additionalProperties'), others, 'field')),
    ...extensions(at, schema),
    ...validations(at, schema),
    ...typeErrors(at, schema, level),
    ...embeddedErrors(at, schema, level),
  ]
}

function extensions(at: Path, schema: JSONSchemaProps): FieldError[] {
  if (schema['x-kubernetes-int-or-string'] !== true) return []
  const names = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const
  return names
    .filter((name) => schema[name] === true)
    .map((name) => invalid(at.child(name), true, 'must be false if x-kubernetes-int-or-string is true'))
}

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

function typeErrors(at: Path, schema: JSONSchemaProps, level: Level): FieldError[] {
  const type = schema.type ?? ''
  const typeAt = at.child('type')
  const errors: FieldError[] = []
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? required(typeAt, text) : invalid(typeAt, type, text))
  } else if (type === '' && !isFree(schema)) errors.push(required(typeAt, missingType[level]))
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalid(typeAt, type, 'must be object at the root'))
  return errors
}

function isFree(schema: JSONSchemaProps): boolean {
  return schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true
}

type Properties = Readonly<Record<string, JSONSchemaProps>>

/** What tells one object from another keeps its form: kind, apiVersion and metadata. */
function identityErrors(at: Path, properties: Properties, level: Level): FieldError[] {
  const errors: FieldError[] = []
  for (const name of ['kind', 'apiVersion']) {
    const property = properties[name]
    const type = property?.type ?? ''
    if (property !== undefined && type !== 'string')
      errors.push(invalid(at.key(name).child('type'), type, 'must be string'))
  }
  return [...errors, ...metadataErrors(at.key('metadata'), properties['metadata'], level)]
}

function embeddedErrors(at: Path, schema: JSONSchemaProps, level: Level): FieldError[] {
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const { properties = {} } = schema
  const errors: FieldError[] = []
  if (isEmbedded && schema.additionalProperties !== undefined) {
    const text = 'must not be used if x-kubernetes-embedded-resource is set'
    errors.push(forbidden(at.child('additionalProperties'), text))
  }
  if (isEmbedded || level === 'root') {
    errors.push(...identityErrors(at.child('properties'), properties, level))
  }
  if (isEmbedded && !isFree(schema) && Object.keys(properties).length === 0) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(at.child('properties'), text))
  }
  return errors
}

/** At the root metadata may be restricted by name only. */
function metadataErrors(at: Path, metadata: JSONSchemaProps | undefined, level: Level): FieldError[] {
  if (metadata === undefined) return []
  const type = metadata.type ?? ''
  const errors = type === 'object' ? [] : [invalid(at.child('type'), type, 'must be object')]
  if (level !== 'root') return errors
  const { type: _, default: __, properties = {}, ...rest } = metadata
  const isNamesOnly = Object.keys(properties).every((name) => name === 'name' || name === 'generateName')
  if (isNamesOnly && Object.keys(rest).length === 0) return errors
  const text = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
  return [...errors, forbidden(at, text)]
}

const integerOrString = JSON.stringify([{ type: 'integer' }, { type: 'string' }])

function isIntegerOrString(list: readonly JSONSchemaProps[] | undefined): boolean {
  return list?.length === 2 && JSON.stringify(list) === integerOrString
}

interface Skips {
  /** This junctor says "integer or string", the one exception. */
  readonly anyOf: boolean
  readonly firstAllOf: boolean
}

/** Validations and junctors of a schema on the structural spine. */
function validations(at: Path, schema: JSONSchemaProps): FieldError[] {
  return junctors(at, schema, {
    anyOf: isIntegerOrString(schema.anyOf),
    firstAllOf: isIntegerOrString(schema.allOf?.[0]?.anyOf),
  })
}

function junctors(at: Path, schema: JSONSchemaProps, skips: Skips): FieldError[] {
  const nested = (list: readonly JSONSchemaProps[] | undefined, member: string): FieldError[] =>
    (list ?? []).flatMap((inner, index) => nestedErrors(at.child(member).index(index), inner))
  return [
    ...(skips.anyOf ? [] : nested(schema.anyOf, 'anyOf')),
    ...(schema.allOf ?? []).flatMap((inner, index) =>
      nestedErrors(at.child('allOf').index(index), inner, skips.firstAllOf && index === 0),
    ),
    ...nested(schema.oneOf, 'oneOf'),
    ...(schema.not === undefined ? [] : nestedErrors(at.child('not'), schema.not)),
    ...patternErrors(at, schema.pattern),
  ]
}

function patternErrors(at: Path, pattern: string | undefined): FieldError[] {
  if (pattern === undefined || pattern === '') return []
  try {
    RE2JS.compile(pattern)
    return []
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [invalid(at.child('pattern'), pattern, `must be a valid regular expression, but isn't: ${why}`)]
  }
}

/** Members that only the structural part may have, and how upstream says so. */
const forbiddenInside: readonly (readonly [name: keyof JSONSchemaProps, must: string])[] = [
  ['type', 'must be empty'],
  ['additionalProperties', 'must be undefined'],
  ['default', 'must be undefined'],
  ['title', 'must be empty'],
  ['description', 'must be empty'],
  ['nullable', 'must be false'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false'],
  ['x-kubernetes-embedded-resource', 'must be false'],
  ['x-kubernetes-int-or-string', 'must be false'],
  ['x-kubernetes-list-map-keys', 'must be empty'],
  ['x-kubernetes-list-type', 'must be undefined'],
  ['x-kubernetes-map-type', 'must be undefined'],
  ['x-kubernetes-validations', 'must be empty'],
]

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0)
}

function nestedErrors(at: Path, schema: JSONSchemaProps, skipsAnyOf: boolean = false): FieldError[] {
  const items = itemsOf(schema)
  const properties = Object.entries(schema.properties ?? {})
  const hasMetadata = schema.properties?.['metadata'] !== undefined
  return [
    ...junctors(at, schema, { anyOf: skipsAnyOf, firstAllOf: false }),
    ...(items === undefined ? [] : nestedErrors(at.child('items'), items)),
    ...properties.flatMap(([name, inner]) => nestedErrors(at.child('properties').key(name), inner)),
    ...forbiddenInside
      .filter(([name]) => isSet(schema[name]) || (name === 'additionalProperties' && schema[name] !== undefined))
      .map(([name, must]) => forbidden(at.child(name), `${must} to be structural`)),
    ...(hasMetadata
      ? [forbidden(at.child('properties').key('metadata'), 'must not be specified in a nested context')]
      : []),
  ]
}

interface Counterpart {
  /** Where the structural counterpart is, or should be. */
  readonly at: Path
  readonly schema: JSONSchemaProps | undefined
  /** Where the validation is. */
  readonly from: Path
}

/** What junctors speak of must be specified outside of them. */
function completeness(validation: JSONSchemaProps, of: Counterpart): FieldError[] {
  const below = (inner: JSONSchemaProps, from: Path): FieldError[] => nestedCompleteness(inner, { ...of, from })
  return [
    ...(validation.not === undefined ? [] : below(validation.not, of.from.child('not'))),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((member) =>
      (validation[member] ?? []).flatMap((inner, index) => below(inner, of.from.child(member).index(index))),
    ),
  ]
}

function nestedCompleteness(validation: JSONSchemaProps, of: Counterpart): FieldError[] {
  const { at, schema, from } = of
  if (schema === undefined) return [required(at, `because it is defined in ${from.toString()}`)]
  const items = itemsOf(validation)
  return [
    ...completeness(validation, of),
    ...(items === undefined
      ? []
      : nestedCompleteness(items, { at: at.child('items'), schema: itemsOf(schema), from: from.child('items') })),
    ...Object.entries(validation.properties ?? {}).flatMap(([name, inner]) =>
      nestedCompleteness(inner, {
        at: at.child('properties').key(name),
        schema: schema.properties?.[name],
        from: from.child('properties').key(name),
      }),
    ),
  ]
}
