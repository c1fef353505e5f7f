/** Bodies of custom resources as the server keeps them: pruned, without forbidden nulls, metadata as everywhere. */
import { untypedStrictErrors } from '../decode/decode-object.ts'
import type { JsonNotes } from '../decode/parse-json.ts'
import type { JsonObject } from '../objects/objects.ts'
import { path } from '../validation/field-path.ts'
import { coerceEmbedded, coerceMetadata } from './coerce-metadata.ts'
import { dropNulls, prune } from './prune.ts'
import type { SchemaNode } from './schema-node.ts'

/** An object and what strict validation objects to in it. */
export interface DecodedResource {
  readonly value: JsonObject
  readonly strictErrors: readonly string[]
}

/**
 * The tree of a body as an object of a custom kind, without defaults.
 * @throws `KUBERNETES_DECODE` for metadata that cannot be read.
 */
export function decodeResource(tree: JsonObject, node: SchemaNode | undefined, notes?: JsonNotes): DecodedResource {
  const { metadata } = tree
  const meta = metadata === undefined ? undefined : coerceMetadata(metadata)
  const { pruned, unknown } = prunedResource(tree, node)
  const value = meta === undefined ? pruned : { ...pruned, metadata: meta.value }
  const told = [...(meta?.unknown ?? []).map((name) => `metadata.${name}`), ...unknown]
  return {
    value,
    strictErrors: [...untypedStrictErrors(tree, notes), ...told.map((name) => `unknown field "${name}"`)],
  }
}

/** The object as a version's schema has it; the same object when there is nothing to change. */
export function prunedResource(
  object: JsonObject,
  node: SchemaNode | undefined,
): { readonly pruned: JsonObject; readonly unknown: readonly string[] } {
  // A version without a schema keeps everything.
  if (node === undefined) return { pruned: object, unknown: [] }
  const { value, unknown } = prune(object, node, true)
  const coerced = coerceEmbedded(dropNulls(value, node), node, path())
  return { pruned: coerced.value as JsonObject, unknown: [...unknown, ...coerced.unknown] }
}
