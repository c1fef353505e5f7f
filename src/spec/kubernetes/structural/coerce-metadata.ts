/**
 * Metadata, kind and version of resources and of resources embedded in them: read as the types they have everywhere,
 * although no schema specifies them (apiextensions objectmeta, v1.36).
 */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { decodeError } from '../decode/decode-error.ts'
import { decodeTree } from '../decode/decode-object.ts'
import { isJsonObject, type JsonObject, type ObjectMeta } from '../objects/objects.ts'
import { parseGroupVersion } from '../schema/kinds.ts'
import { builtInTypes } from '../schema/type-rows.ts'
import { type FieldError, invalid, required } from '../validation/field-errors.ts'
import type { Path } from '../validation/field-path.ts'
import { dns1035Label, pathSegment } from '../validation/formats.ts'
import { validateMetadata } from '../validation/metadata.ts'
import { dropped, mapItems, mapMembers } from './map-members.ts'
import type { SchemaNode } from './schema-node.ts'

/** Metadata as the server keeps it, and the unknown members that were in it, as paths below it. */
export interface CoercedMetadata {
  readonly value: JsonObject
  readonly unknown: readonly string[]
}

/** Reads metadata. @throws `KUBERNETES_DECODE` with Go's words for members of wrong types. */
export function coerceMetadata(metadata: unknown): CoercedMetadata {
  const type = builtInTypes.find('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
  if (type === undefined) throw new TypeError('there is a type of metadata')
  const { value, strictErrors } = decodeTree(metadata, type)
  const { creationTimestamp, ...rest } = value
  const unknown = strictErrors.flatMap((text) => /^unknown field "(.*)"$/.exec(text)?.[1] ?? [])
  return { value: creationTimestamp === null || creationTimestamp === undefined ? rest : value, unknown }
}

/** A value with the embedded resources in it coerced, and what was unknown in them. */
export interface Coerced {
  readonly value: unknown
  readonly unknown: readonly string[]
}

/** Coerces embedded resources. @throws `KUBERNETES_DECODE` for what cannot be kind, version or metadata. */
export function coerceEmbedded(value: unknown, node: SchemaNode | undefined, at: Path): Coerced {
  const unknown: string[] = []
  const coerced = coerceAt(value, node, { at, unknown })
  return { value: coerced, unknown: unknown.toSorted() }
}

interface Place {
  readonly at: Path
  readonly unknown: string[]
}

function coerceAt(value: unknown, node: SchemaNode | undefined, { at, unknown }: Place): unknown {
  if (node === undefined) return value
  if (Array.isArray(value))
    return mapItems(value, (item, index) => coerceAt(item, node.items, { at: at.index(index), unknown }))
  if (!isJsonObject(value)) return value
  return mapMembers(value, (name, member) => {
    const own = node.embedded ? ownMember(name, member, { at, unknown }) : member
    if (own === dropped) return own
    const property = node.properties.get(name)
    if (property !== undefined) return coerceAt(own, property, { at: at.child(name), unknown })
    return coerceAt(own, node.others?.schema, { at: at.key(name), unknown })
  })
}

function ownMember(name: string, member: unknown, { at, unknown }: Place): unknown {
  const isType = name === 'apiVersion' || name === 'kind'
  if (isType && typeof member !== 'string')
    throw decodeError(`${at.child(name).toString()}: Invalid value: ${JSON.stringify(member)}: must be a string`)
  if (name !== 'metadata') return member
  try {
    const { value, unknown: found } = coerceMetadata(member)
    unknown.push(...found.map((path) => `${at.child('metadata').toString()}.${path}`))
    return value
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    const field = at.child('metadata').toString()
    throw decodeError(`${field}: Invalid value: ${JSON.stringify(member)}: ${messageOf(error)}`)
  }
}

/** What is wrong with resources embedded in a value. `isResource` looks at the root as one. */
export function validateEmbedded(
  at: Path,
  value: unknown,
  { node, isResource = false }: { readonly node: SchemaNode | undefined; readonly isResource?: boolean },
): FieldError[] {
  if (node === undefined) return []
  if (Array.isArray(value))
    return value.flatMap((item, index) => validateEmbedded(at.index(index), item, { node: node.items }))
  if (!isJsonObject(value)) return []
  const own = node.embedded || isResource ? embedded(at, value) : []
  const inner = Object.entries(value).flatMap(([name, member]) => {
    const property = node.properties.get(name)
    if (property !== undefined) return validateEmbedded(at.child(name), member, { node: property })
    return validateEmbedded(at.key(name), member, { node: node.others?.schema })
  })
  return [...own, ...inner]
}

function embedded(at: Path, object: JsonObject): FieldError[] {
  const missing = ['apiVersion', 'kind'].filter((name) => !Object.hasOwn(object, name))
  return [
    ...missing.map((name) => required(at.child(name))),
    ...(missing.includes('apiVersion') ? [] : versionErrors(at.child('apiVersion'), object['apiVersion'])),
    ...(missing.includes('kind') ? [] : kindErrors(at.child('kind'), object['kind'])),
    ...(Object.hasOwn(object, 'metadata') ? metadataErrors(at.child('metadata'), object['metadata']) : []),
  ]
}

function versionErrors(at: Path, value: unknown): FieldError[] {
  if (typeof value !== 'string') return [invalid(at, value, 'must be a string')]
  if (value === '') return [invalid(at, value, 'must not be empty')]
  if (value.split('/').length <= 2) return []
  return [invalid(at, value, `unexpected GroupVersion string: ${parseGroupVersion(value).version}`)]
}

function kindErrors(at: Path, value: unknown): FieldError[] {
  if (typeof value !== 'string') return [invalid(at, value, 'must be a string')]
  if (value === '') return [invalid(at, value, 'must not be empty')]
  const problems = dns1035Label(value.toLowerCase())
  if (problems.length === 0) return []
  return [invalid(at, value, `may have mixed case, but should otherwise match: ${problems.join(',')}`)]
}

function metadataErrors(at: Path, value: unknown): FieldError[] {
  try {
    const meta = coerceMetadata(value).value as unknown as ObjectMeta
    const named = (meta.name ?? '') === '' ? { ...meta, name: 'fakename' } : meta
    const namespaced = (meta.namespace ?? '') !== ''
    return validateMetadata(named, { namespaced, name: pathSegment, anyFinalizer: true }, at)
  } catch (error) {
    return [invalid(at, value, messageOf(error))]
  }
}
