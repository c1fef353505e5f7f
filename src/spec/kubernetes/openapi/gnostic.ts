/**
 * The v2 document as protobuf (gnostic `openapi.v2.Document`), which old kubectl versions insist on. Field numbers are those
 * of gnostic's published OpenAPIv2.proto.
 */
import { WireWriter } from '../protobuf/wire-writer.ts'
import type { Schema } from './type-schema.ts'

type Write = (writer: WireWriter) => void

const text =
  (field: number, value: unknown): Write =>
  (writer) => {
    if (typeof value !== 'string' || value === '') return
    const before = writer.sizeBytes
    writer.text(value)
    writer.close(field, before)
  }
const flag =
  (field: number, value: unknown): Write =>
  (writer) => {
    if (value !== true) return
    writer.varint(1)
    writer.tag(field, 0)
  }
/** The writer works backwards, so parts are written from the last to the first. */
const message =
  (field: number, parts: readonly Write[]): Write =>
  (writer) => {
    const before = writer.sizeBytes
    writeAll(writer, parts)
    writer.close(field, before)
  }
function writeAll(writer: WireWriter, parts: readonly Write[]): void {
  for (let i = parts.length - 1; i >= 0; i--) parts[i]?.(writer)
}
const when = (value: unknown, write: () => Write): readonly Write[] => (value === undefined ? [] : [write()])
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const members = (value: unknown): readonly (readonly [string, Schema])[] =>
  Object.entries((value ?? {}) as Record<string, Schema>)

/** Any: JSON is YAML, which is what the message holds. */
const any = (field: number, value: unknown): Write => message(field, [text(2, `${JSON.stringify(value)}\n`)])
const named = (field: number, value: unknown, write: (item: Schema) => readonly Write[]): readonly Write[] =>
  members(value).map(([name, item]) => message(field, [text(1, name), message(2, write(item))]))
const extensions = (field: number, value: Schema): readonly Write[] =>
  Object.keys(value)
    .filter((key) => key.startsWith('x-'))
    .map((key) => message(field, [text(1, key), any(2, value[key])]))

function schemaParts(schema: Schema): readonly Write[] {
  const additional = schema['additionalProperties']
  const types = typeof schema['type'] === 'string' ? [schema['type']] : list(schema['type'])
  return [
    text(1, schema['$ref']),
    text(2, schema['format']),
    text(3, schema['title']),
    text(4, schema['description']),
    ...when(schema['default'], () => any(5, schema['default'])),
    ...list(schema['required']).map((name) => text(19, name)),
    ...list(schema['enum']).map((value) => any(20, value)),
    ...when(additional, () =>
      message(
        21,
        typeof additional === 'boolean' ? [flag(2, additional)] : [message(1, schemaParts(additional as Schema))],
      ),
    ),
    ...(types.length === 0
      ? []
      : [
          message(
            22,
            types.map((type) => text(1, type)),
          ),
        ]),
    ...when(schema['items'], () => message(23, [message(1, schemaParts(schema['items'] as Schema))])),
    ...list(schema['allOf']).map((item) => message(24, schemaParts(item as Schema))),
    ...when(schema['properties'], () => message(25, named(1, schema['properties'], schemaParts))),
    ...extensions(31, schema),
  ]
}

/** A parameter: body parameters and the others are different messages. */
function parameterParts(parameter: Schema): readonly Write[] {
  const { in: where, name, description, required, type } = parameter
  if (where === 'body') {
    return [
      message(1, [
        message(1, [
          text(1, description),
          text(2, name),
          text(3, 'body'),
          flag(4, required),
          message(5, schemaParts(parameter['schema'] as Schema)),
          ...extensions(6, parameter),
        ]),
      ]),
    ]
  }
  const common = [flag(1, required), text(2, where), text(3, description), text(4, name)]
  const inPath = where === 'path'
  const rest = inPath ? [text(5, type), ...extensions(22, parameter)] : [text(6, type), ...extensions(23, parameter)]
  return [message(1, [message(2, [message(inPath ? 4 : 3, [...common, ...rest])])])]
}

function responseParts(response: Schema): readonly Write[] {
  const schema = response['schema']
  return [
    message(1, [
      text(1, response['description']),
      ...when(schema, () => message(2, [message(1, schemaParts(schema as Schema))])),
    ]),
  ]
}

function operationParts(operation: Schema): readonly Write[] {
  return [
    ...list(operation['tags']).map((tag) => text(1, tag)),
    text(3, operation['description']),
    text(5, operation['operationId']),
    ...list(operation['produces']).map((type) => text(6, type)),
    ...list(operation['consumes']).map((type) => text(7, type)),
    ...list(operation['parameters']).map((parameter) => message(8, parameterParts(parameter as Schema))),
    message(9, named(1, operation['responses'], responseParts)),
    ...list(operation['schemes']).map((scheme) => text(10, scheme)),
    ...extensions(13, operation),
  ]
}

const methods: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 }

function pathParts(item: Schema): readonly Write[] {
  return [
    ...Object.entries(methods).flatMap(([method, field]) =>
      when(item[method], () => message(field, operationParts(item[method] as Schema))),
    ),
    ...list(item['parameters']).map((parameter) => message(9, parameterParts(parameter as Schema))),
    ...extensions(10, item),
  ]
}

/** The document's bytes. `document` is what `openApiV2` returns. */
export function gnosticDocument(document: Schema): Buffer {
  const info = (document['info'] ?? {}) as Schema
  const writer = new WireWriter()
  writeAll(writer, [
    text(1, '2.0'),
    message(2, [text(1, info['title']), text(2, info['version'])]),
    message(8, named(2, document['paths'], pathParts)),
    message(9, named(1, document['definitions'], schemaParts)),
    ...extensions(16, document),
  ])
  return writer.finish()
}
