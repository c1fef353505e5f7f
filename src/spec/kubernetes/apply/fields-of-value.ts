/** The paths that an applied configuration speaks about. */
import { type FieldSet, SetBuilder } from './field-set.ts'
import { isAtomic, kindOf, memberType, type MergeType } from './merge-type.ts'
import { elementOfItem } from './path-element.ts'

/** The field set of a value: leaves, whole atomic values, list items, and members of maps. */
export function fieldsOfValue(value: unknown, type: MergeType): FieldSet {
  const root = new SetBuilder()
  collect(root, value, type)
  return root.build()
}

function collect(node: SetBuilder, value: unknown, type: MergeType): void {
  const kind = kindOf(type, value)
  if (isAtomic(type, kind)) node.insert()
  else if (kind === 'list') collectItems(node, Array.isArray(value) ? value : [], type)
  else if (typeof value === 'object' && value !== null)
    collectMembers(node, value as Readonly<Record<string, unknown>>, type)
}

function collectMembers(node: SetBuilder, members: Readonly<Record<string, unknown>>, type: MergeType): void {
  for (const [key, value] of Object.entries(members)) {
    const child = node.child(`f:${key}`)
    collect(child, value, memberType(type, key))
    const bare =
      value === null ||
      (typeof value === 'object' && !Array.isArray(value) && Object.keys(value as object).length === 0)
    if (bare || type.field(key) === undefined) child.insert()
  }
}

function collectItems(node: SetBuilder, items: readonly unknown[], type: MergeType): void {
  const names = items.map((item) => elementOfItem(item, type))
  const seen = new Map<string, number>()
  for (const name of names) if ('element' in name) seen.set(name.element, (seen.get(name.element) ?? 0) + 1)
  for (const [i, name] of names.entries()) {
    if (!('element' in name)) continue
    const child = node.child(name.element)
    // Items that share a name are owned as a whole.
    if (seen.get(name.element) === 1) collect(child, items[i], type.element ?? type)
    child.insert()
  }
}

/** The set with every declared struct member on the way to a path made a path of its own. */
export function withNamedFields(set: FieldSet, type: MergeType | undefined): FieldSet {
  const out: Record<string, FieldSet> = {}
  for (const [element, node] of Object.entries(set)) {
    if (element === '.') {
      out[element] = node
      continue
    }
    const isField = element.startsWith('f:')
    const declared = isField ? type?.field(element.slice(2)) : undefined
    const below = withNamedFields(node, isField ? (declared ?? type?.element) : type?.element)
    const open = Object.keys(below).length > 0 && below['.'] === undefined
    out[element] = declared !== undefined && open ? { '.': {}, ...below } : below
  }
  return out
}
