/** All rules of a schema by where they stand, compiled once for many objects. */
import type { CelType } from '../cel/cel-type.ts'
import { type CompiledRule, compileRules, typeOfNode } from './compile-rules.ts'
import type { SchemaNode } from './schema-node.ts'

/** A schema that has rules, or something below it that has. */
export interface RuleTree {
  readonly node: SchemaNode
  readonly rules: readonly CompiledRule[]
  readonly properties: ReadonlyMap<string, RuleTree>
  readonly items: RuleTree | undefined
  readonly others: RuleTree | undefined
}

function hasRules(node: SchemaNode | undefined): boolean {
  if (node === undefined) return false
  if ((node.props['x-kubernetes-validations'] ?? []).length > 0) return true
  if (hasRules(node.items) || hasRules(node.others?.schema)) return true
  for (const property of node.properties.values()) if (hasRules(property)) return true
  return false
}

/** The rules of a schema; undefined when it has none. */
export function ruleTree(node: SchemaNode | undefined, isResource: boolean): RuleTree | undefined {
  if (node === undefined || !hasRules(node)) return undefined
  const own = node.props['x-kubernetes-validations'] ?? []
  const type: CelType | undefined = own.length === 0 ? undefined : typeOfNode(node, isResource)
  const properties = new Map<string, RuleTree>()
  for (const [name, property] of node.properties) {
    const tree = ruleTree(property, property.embedded)
    if (tree !== undefined) properties.set(name, tree)
  }
  const inner = node.others?.schema
  return {
    node,
    rules: type === undefined ? [] : compileRules(node, type),
    properties,
    items: ruleTree(node.items, node.items?.embedded === true),
    others: ruleTree(inner, inner?.embedded === true),
  }
}
