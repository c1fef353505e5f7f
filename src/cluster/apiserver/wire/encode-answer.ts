/**
 * Answers as bytes: stored objects as they are kept, lists put together from them in pieces, and the other forms (Table,
 * metadata only, YAML, protobuf) made from the values.
 */
import { stringify as stringifyYaml } from 'yaml'
import { encodeObject } from '#spec/kubernetes/protobuf/envelope.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from '../api-object.ts'
import type { ApiAnswer, ListAnswer } from '../api-request.ts'
import { inMetadataOrder } from '../cache/object-bytes.ts'
import { concatenateList } from './list-bytes.ts'
import type { Format } from './negotiate.ts'
import type { ServedResource } from '../served-resource.ts'
import type { StoredObject } from '../cache/stored-object.ts'
import { type TableOptions, tableOf } from './table.ts'

/** A stored object in the version that a resource serves. */
export function valueOf(resource: ServedResource, object: StoredObject): ApiObject {
  return resource.conversion?.fromStored(object.value) ?? object.value
}

/** True when an object is served with the very bytes that are kept. */
export function isAsStored(resource: ServedResource, object: StoredObject): boolean {
  return resource.conversion === undefined || valueOf(resource, object) === object.value
}

/** As Go writes YAML: by name, lists no deeper than what holds them. */
const yamlForm = { aliasDuplicateObjects: false, lineWidth: 0, sortMapEntries: true, indentSeq: false } as const

/** An object or list as one value in a text or binary form. */
export function encodeValue(value: JsonObject, format: Format): Buffer {
  if (format.encoding === 'protobuf') return encodeObject(value)
  if (format.encoding === 'yaml') return Buffer.from(stringifyYaml(value, yamlForm))
  return Buffer.from(format.pretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`)
}

/** The body of an answer, in pieces of bounded size; those of a list are made as they are asked for. */
export function encodeAnswer(answer: ApiAnswer, format: Format, table: TableOptions): Iterable<Buffer> {
  if (answer.form === 'list') return encodeList(answer, format, table)
  if (answer.form === 'value') {
    if (answer.resource === undefined) return [encodeValue(answer.object, format)]
    return [encodeValue(shown(answer.resource, answer.object, { format, table }), format)]
  }
  const { object, resource } = answer
  if (format.encoding === 'json' && format.as === 'object' && !format.pretty && isAsStored(resource, object))
    return [object.served({ after: '\n' })]
  return [encodeValue(shown(resource, valueOf(resource, object), { format, table }), format)]
}

interface Showing {
  readonly format: Format
  readonly table: TableOptions
}

/** One object in the representation asked for. */
export function shown(resource: ServedResource, object: ApiObject, { format, table }: Showing): JsonObject {
  if (format.as === 'object') return inServedOrder(object)
  if (format.as === 'Table') {
    const { resourceVersion } = object.metadata
    return tableOf(resource, [object], { ...table, metadata: resourceVersion === undefined ? {} : { resourceVersion } })
  }
  return metadataOnly(object, format.metaVersion)
}

function metadataOnly({ metadata }: ApiObject, version: string): ApiObject {
  return inServedOrder({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata })
}

/** An object that was put together in memory reads as one from the store. */
function inServedOrder(object: ApiObject): ApiObject {
  return { ...object, metadata: inMetadataOrder(object.metadata) } as ApiObject
}

function listMetadata({ resourceVersion, continueToken, remaining }: ListAnswer): JsonObject {
  return {
    resourceVersion,
    ...(continueToken === '' ? {} : { continue: continueToken }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  }
}

function encodeList(answer: ListAnswer, format: Format, table: TableOptions): Iterable<Buffer> {
  const { resource, items } = answer
  const metadata = listMetadata(answer)
  const isPlain = format.as === 'object' && format.encoding === 'json' && !format.pretty
  if (isPlain && items.every((item) => isAsStored(resource, item))) return concatenateList(resource, metadata, items)
  const values = items.map((item) => valueOf(resource, item))
  if (format.as === 'Table') return [encodeValue(tableOf(resource, values, { ...table, metadata }), format)]
  if (format.as !== 'object') {
    const apiVersion = `meta.k8s.io/${format.metaVersion}`
    const kind = 'PartialObjectMetadataList'
    return [
      encodeValue(
        { kind, apiVersion, metadata, items: values.map((value) => metadataOnly(value, format.metaVersion)) },
        format,
      ),
    ]
  }
  const { apiVersion, listKind: kind } = resource
  return [encodeValue({ kind, apiVersion, metadata, items: values.map(inServedOrder).map(asItem(resource)) }, format)]
}

/** Items of typed lists go without kind and version; those of custom resources keep them. */
function asItem(resource: ServedResource): (value: ApiObject) => JsonObject {
  if (resource.type === undefined) return (value) => value
  return (value) => {
    const { kind: _, apiVersion: __, ...item } = value
    return item
  }
}

/** The object of a bookmark. */
export function bookmarkObject(resource: ServedResource, revision: number, endsInitial: boolean): ApiObject {
  const metadata = {
    resourceVersion: String(revision),
    ...(endsInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  }
  return { kind: resource.kind, apiVersion: resource.apiVersion, metadata } as unknown as ApiObject
}
