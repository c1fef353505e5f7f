/** Schemas of custom resources: what is supported at all, the structural rules, list and map types, validation rules. */
import type { JSONSchemaProps, ValidationRule } from '../../objects/apiextensions-v1.generated.ts'
import { each, ifSet, oneOfIfSet } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { internal } from '../internal-value.ts'
import { type SchemaNode, schemaNode } from '../../structural/schema-node.ts'
import { fieldPathOf } from '../../structural/field-path-of.ts'
import { validateDefaults } from '../../structural/validate-defaults.ts'
import { validateExpressions } from './definition-expressions.ts'
import { validateStructural } from './structural-schema.ts'

/** Where in the whole a schema stands. */
interface Place {
  readonly isRoot: boolean
  /** Inside metadata, apiVersion or kind of the root or of an embedded resource. */
  readonly inMetadata: boolean
  /** Why there may be no default. */
  readonly noDefault?: string | undefined
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const

/** What a schema may not say of a member that is supported otherwise, in the order in which upstream looks. */
const misuses: readonly {
  readonly member: string
  readonly text: string
  readonly isMade: (schema: JSONSchemaProps, place: Place) => boolean
}[] = [
  {
    member: 'type',
    text: 'type cannot be set to null, use nullable as an alternative',
    isMade: ({ type }) => type === 'null',
  },
  {
    member: 'items',
    text: 'items must be a schema object and not an array',
    isMade: ({ items }) => Array.isArray(items),
  },
  {
    member: 'x-kubernetes-embedded-resource',
    text: 'must not be used inside of resource meta',
    isMade: (schema, place) => place.inMetadata && schema['x-kubernetes-embedded-resource'] === true,
  },
  {
    member: 'uniqueItems',
    text: 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    isMade: ({ uniqueItems }) => uniqueItems === true,
  },
  {
    member: 'additionalProperties',
    text: 'additionalProperties and properties are mutual exclusive',
    isMade: hasBothProperties,
  },
]

function keywords(at: Path, schema: JSONSchemaProps, place: Place): FieldError[] {
  const type = schema.type ?? ''
  const errors: FieldError[] = []
  if (type !== '' && !types.includes(type)) errors.push(notSupported(at.child('type'), type, types))
  if (schema.default !== undefined && place.noDefault !== undefined) {
    errors.push(forbidden(at.child('default'), `must not be set ${place.noDefault}`))
  }
  const members = schema as Readonly<Record<string, unknown>>
  for (const name of unsupported) {
    if (members[name] !== undefined) errors.push(forbidden(at.child(name), `${name} is not supported`))
  }
  for (const { member, text, isMade } of misuses) {
    if (isMade(schema, place)) errors.push(forbidden(at.child(member), text))
  }
  return errors
}

function hasBothProperties({ properties, additionalProperties: additional }: JSONSchemaProps): boolean {
  return Object.keys(properties ?? {}).length > 0 && additional !== undefined && additional !== true
}

function typeFor(at: Path, schema: JSONSchemaProps, of: readonly [member: string, type: string]): FieldError[] {
  const [member, wanted] = of
  const text = `must be ${wanted} if ${member} is specified`
  const type = schema.type ?? ''
  if ((schema as Readonly<Record<string, unknown>>)[member] === undefined || type === wanted) return []
  return type === '' ? [required(at.child('type'), text)] : [invalid(at.child('type'), type, text)]
}

function itemSchema(schema: JSONSchemaProps): JSONSchemaProps | undefined {
  return schema.items === undefined || Array.isArray(schema.items) ? undefined : (schema.items as JSONSchemaProps)
}

function setItems(at: Path, schema: JSONSchemaProps): FieldError[] {
  const items = itemSchema(schema)
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  if (schema['x-kubernetes-list-type'] !== 'set' || schema.type !== 'array') return []
  const listType = items?.['x-kubernetes-list-type']
  if (items?.type === 'array' && listType !== undefined && listType !== 'atomic') {
    return [invalid(at.child('items', 'x-kubernetes-list-type'), listType, text)]
  }
  if (items?.type !== 'object' || items['x-kubernetes-map-type'] === 'atomic') return []
  return [invalid(at.child('items', 'x-kubernetes-map-type'), listType ?? null, text)]
}

function mapKey(at: Path, schema: JSONSchemaProps, key: string): FieldError[] {
  const items = itemSchema(schema)
  const property = items?.properties?.[key]
  const keyAt = at.child('items', 'properties').key(key)
  if (property === undefined) {
    const text = 'entries must all be names of item properties'
    return [invalid(at.child('x-kubernetes-list-map-keys'), schema['x-kubernetes-list-map-keys'], text)]
  }
  const errors: FieldError[] = []
  if (property.type === 'array' || property.type === 'object') {
    const text = "must be a scalar type if parent array's x-kubernetes-list-type is map"
    errors.push(invalid(keyAt.child('type'), items?.type, text))
  }
  if (items?.required?.includes(key) !== true && property.default === undefined) {
    const text = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
    errors.push(required(keyAt.child('default'), text))
  }
  if (property.nullable !== true) return errors
  const text = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'
  return [...errors, forbidden(keyAt.child('nullable'), text)]
}

function listMap(at: Path, schema: JSONSchemaProps): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const listType = schema['x-kubernetes-list-type']
  const typeAt = at.child('x-kubernetes-list-type')
  const keysAt = at.child('x-kubernetes-list-map-keys')
  const items = itemSchema(schema)
  if (listType !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty'
    if (keys.length === 0) return []
    return [listType === undefined ? required(typeAt, text) : invalid(typeAt, listType, text)]
  }
  const errors: FieldError[] = []
  if (keys.length === 0) errors.push(required(keysAt, 'must not be empty if x-kubernetes-list-type is map'))
  if (schema.items === undefined) {
    errors.push(required(at.child('items'), 'must have a schema if x-kubernetes-list-type is map'))
  }
  if (items === undefined) return errors
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map"
    return [...errors, invalid(at.child('items', 'type'), items.type ?? '', text)]
  }
  const isRepeated = new Set(keys).size < keys.length
  return [
    ...errors,
    ...keys.flatMap((key) => mapKey(at, schema, key)),
    ...(isRepeated ? [invalid(keysAt, keys, 'must not contain duplicate entries')] : []),
  ]
}

function extensions(at: Path, schema: JSONSchemaProps): FieldError[] {
  const preserve = schema['x-kubernetes-preserve-unknown-fields']
  const preserveAt = at.child('x-kubernetes-preserve-unknown-fields')
  const isNullable = itemSchema(schema)?.nullable === true
  const listType = schema['x-kubernetes-list-type']
  const isAssociative = listType === 'set' || listType === 'map'
  return [
    ...(preserve === false ? [invalid(preserveAt, false, 'must be true or undefined')] : []),
    ...typeFor(at, schema, ['x-kubernetes-map-type', 'object']),
    ...oneOfIfSet(at.child('x-kubernetes-map-type'), schema['x-kubernetes-map-type'], ['atomic', 'granular']),
    ...typeFor(at, schema, ['x-kubernetes-list-type', 'array']),
    ...setItems(at, schema),
    ...oneOfIfSet(at.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']),
    ...listMap(at, schema),
    ...(isAssociative && isNullable
      ? [forbidden(at.child('items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`)]
      : []),
  ]
}

function messageErrors(at: Path, rule: ValidationRule): FieldError[] {
  const message = rule.message ?? ''
  const messageAt = at.child('message')
  const hasLines = (text: string): boolean => /[\n\r]/.test(text.trim())
  if (rule.rule.trim() === '') return [required(at.child('rule'), 'rule is not specified')]
  if (message !== '' && message.trim() === '') return [invalid(messageAt, message, 'must be non-empty if specified')]
  if (hasLines(message)) return [invalid(messageAt, message, 'must not contain line breaks')]
  if (!hasLines(rule.rule) || message.trim() !== '') return []
  return [required(messageAt, 'message must be specified if rule contains line breaks')]
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

function ruleText(at: Path, rule: ValidationRule, node: () => SchemaNode): FieldError[] {
  const { fieldPath = '', messageExpression = '' } = rule
  const pathAt = at.child('fieldPath')
  const errors = messageErrors(at, rule)
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(at.child('messageExpression'), 'messageExpression must be non-empty if specified'))
  }
  errors.push(...oneOfIfSet(at.child('reason'), rule.reason, reasons))
  if (fieldPath === '') return errors
  if (fieldPath.trim() === '') errors.push(invalid(pathAt, fieldPath, 'must be non-empty if specified'))
  if (/[\n\r]/.test(fieldPath)) errors.push(invalid(pathAt, fieldPath, 'must not contain line breaks'))
  const isPath = fieldPathOf(node(), fieldPath) !== undefined
  return isPath ? errors : [...errors, invalid(pathAt, fieldPath, 'must be a valid path')]
}

function rules(at: Path, schema: JSONSchemaProps): FieldError[] {
  const list = schema['x-kubernetes-validations']
  let read: SchemaNode | undefined
  const node = () => (read ??= schemaNode(schema))
  return each(at.child('x-kubernetes-validations'), list, (rule, itemAt) => ruleText(itemAt, rule, node))
}

const metaNames: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion'])

function propertyPlace(schema: JSONSchemaProps, place: Place, name: string): Place {
  const isResource = place.isRoot || schema['x-kubernetes-embedded-resource'] === true
  const isMeta = isResource && metaNames.has(name)
  return {
    ...place,
    isRoot: false,
    inMetadata: place.inMetadata || isMeta,
    noDefault: isMeta && place.isRoot ? `in top-level ${name}` : place.noDefault,
  }
}

function inner(at: Path, schema: JSONSchemaProps, place: Place): FieldError[] {
  const below = { ...place, isRoot: false }
  const additional = schema.additionalProperties
  const additionalPlace = place.inMetadata
    ? { ...below, noDefault: 'inside additionalProperties applying to object metadata' }
    : below
  return [
    ...(typeof additional === 'object'
      ? walk(at.child('additionalProperties'), additional as JSONSchemaProps, additionalPlace)
      : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      walk(at.child('properties').key(name), property, propertyPlace(schema, place, name)),
    ),
    ...ifSet(schema.not, (value) => walk(at.child('not'), value, below)),
    ...(['allOf', 'oneOf', 'anyOf'] as const).flatMap((member) =>
      each(at.child(member), schema[member], (value, itemAt) => walk(itemAt, value, below)),
    ),
    ...ifSet(itemSchema(schema), (value) => walk(at.child('items'), value, below)),
  ]
}

function walk(at: Path, schema: JSONSchemaProps, place: Place): FieldError[] {
  return [...keywords(at, schema, place), ...inner(at, schema, place), ...extensions(at, schema), ...rules(at, schema)]
}

/** Members of a root schema whose meaning is not lost when only the status is validated. */
const allowedAtRoot: ReadonlySet<string> = new Set([
  'description',
  'type',
  'format',
  'title',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'required',
  'items',
  'properties',
  'externalDocs',
  'example',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
])
const allowedText =
  'only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled'

function statusRoot(at: Path, schema: JSONSchemaProps): FieldError[] {
  const { type = '' } = schema
  const typeText = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
  if (type !== '' && type !== 'object') return [invalid(at.child('openAPIV3Schema.type'), type, typeText)]
  const other = Object.entries(schema).find(([name, value]) => value !== undefined && !allowedAtRoot.has(name))
  if (other === undefined || other[1] === false) return []
  return [invalid(at.child('openAPIV3Schema'), internal('apiextensions.JSONSchemaProps', schema), allowedText)]
}

export interface DefinitionSchemaOptions {
  readonly hasStatus: boolean
  /** The version had this very schema before: what its rules cost was told then. */
  readonly isUnchanged: boolean
}

/** The schema of one version of a custom resource; `at` is the path of its `schema` member. */
export function validateDefinitionSchema(
  at: Path,
  schema: JSONSchemaProps,
  { hasStatus, isUnchanged }: DefinitionSchemaOptions,
): FieldError[] {
  const schemaAt = at.child('openAPIV3Schema')
  const nullable =
    schema.nullable === true
      ? [forbidden(at.child('openAPIV3Schema.nullable'), 'nullable cannot be true at the root')]
      : []
  const structural = validateStructural(schemaAt, schema)
  const errors = [
    ...(hasStatus ? statusRoot(at, schema) : []),
    ...nullable,
    ...structural,
    ...(structural.length > 0 ? [] : validateDefaults(schemaAt, schemaNode(schema))),
    ...walk(schemaAt, schema, { isRoot: true, inMetadata: false }),
  ]
  // What is wrong with the schema would be told once more, and less clearly, of its rules.
  return errors.length > 0 ? errors : [...validateExpressions(schemaAt, schema, { isUnchanged })]
}
