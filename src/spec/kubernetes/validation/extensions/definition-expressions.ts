/**
 * Rules in the schema of a definition: that they compile, compare only what can be compared, and are not estimated to cost
 * too much (apiextensions validation, v1.36).
 */
import { estimatedDefinitionLimit, estimatedRuleLimit, requestBytesMax } from '../../cel/cel-limits.ts'
import type { JSONSchemaProps, ValidationRule } from '../../objects/apiextensions-v1.generated.ts'
import { type CompiledRule, compileRules, typeOfNode } from '../../structural/compile-rules.ts'
import { type SchemaNode, schemaNode } from '../../structural/schema-node.ts'
import { type FieldError, forbidden, invalid } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { internal } from '../internal-value.ts'

interface Place {
  readonly at: Path
  readonly node: SchemaNode
  readonly isResource: boolean
  /** How often the value can occur in one object; undefined when nothing bounds it. */
  readonly occurs: number | undefined
  /** The list around it whose items have no identity. */
  readonly uncorrelated: Path | undefined
}

/** Costs are told once for a schema that did not change: it was accepted before. */
export interface ExpressionOptions {
  readonly isUnchanged: boolean
}

/** The failures of all rules of a schema whose other parts are valid. */
export function validateExpressions(
  at: Path,
  schema: JSONSchemaProps,
  { isUnchanged }: ExpressionOptions,
): readonly FieldError[] {
  const check = new ExpressionCheck(isUnchanged)
  check.walk({ at, node: schemaNode(schema), isResource: true, occurs: 1, uncorrelated: undefined })
  return [...check.errors, ...check.totalErrors(at)]
}

class ExpressionCheck {
  readonly errors: FieldError[] = []
  readonly #isUnchanged: boolean
  #total = 0
  #dearest: { readonly at: Path; readonly cost: number }[] = []

  constructor(isUnchanged: boolean) {
    this.#isUnchanged = isUnchanged
  }

  walk(place: Place): void {
    const { at, node } = place
    const { others, items } = node
    const occurs = timesInside(place)
    if (others?.schema !== undefined)
      this.walk(inner({ ...place, occurs }, others.schema, at.child('additionalProperties')))
    for (const [name, property] of node.properties)
      this.walk(inner({ ...place, occurs }, property, at.child('properties').key(name)))
    if (items !== undefined) {
      const uncorrelated = place.uncorrelated ?? (node.listType === 'map' ? undefined : at)
      this.walk(inner({ ...place, occurs, uncorrelated }, items, at.child('items')))
    }
    this.#rules(place)
  }

  totalErrors(at: Path): readonly FieldError[] {
    if (this.#total <= estimatedDefinitionLimit) return []
    const text = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
    return [
      ...this.#dearest.map((one) => forbidden(one.at, text)),
      forbidden(at, costText(what, this.#total, estimatedDefinitionLimit)),
    ]
  }

  #rules(place: Place): void {
    const { at, node } = place
    if ((node.props['x-kubernetes-validations'] ?? []).length === 0) return
    const type = typeOfNode(node, place.isResource || node.embedded)
    if (type === undefined) return
    const times = place.occurs ?? Math.trunc(requestBytesMax / ((type.jsonBytesMin ?? 0) + 1))
    for (const [index, compiled] of compileRules(node, type).entries()) {
      const ruleAt = at.child('x-kubernetes-validations').index(index)
      this.#rule(ruleAt, compiled, { times, uncorrelated: place.uncorrelated })
    }
  }

  #rule(
    at: Path,
    compiled: CompiledRule,
    { times, uncorrelated }: { readonly times: number; readonly uncorrelated: Path | undefined },
  ): void {
    const { rule, program, problem, message, messageProblem } = compiled
    if (program !== undefined) this.#cost(at.child('rule'), program.estimate().max * times, 'estimated rule cost')
    if (problem !== undefined) this.errors.push(invalid(at.child('rule'), shown(rule), problem))
    if (messageProblem !== undefined)
      this.errors.push(invalid(at.child('messageExpression'), shown(rule), messageProblem))
    else if (message !== undefined)
      this.#cost(at.child('messageExpression'), message.estimate().max, 'estimated messageExpression cost')
    if (compiled.usesOldSelf) {
      if (uncorrelated === undefined) return
      const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated.toString()}`
      this.errors.push(invalid(at.child('rule'), rule.rule, text))
    } else if (rule.optionalOldSelf !== undefined)
      this.errors.push(
        invalid(at.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
      )
  }

  #cost(at: Path, cost: number, what: string): void {
    if (!this.#isUnchanged && cost > estimatedRuleLimit)
      this.errors.push(forbidden(at, costText(what, cost, estimatedRuleLimit)))
    this.#total += cost
    if (cost < estimatedDefinitionLimit / 100) return
    this.#dearest = [...this.#dearest, { at, cost }].toSorted((a, b) => b.cost - a.cost).slice(0, 4)
  }
}

function shown(rule: ValidationRule): unknown {
  return internal('apiextensions.ValidationRule', rule)
}

function inner(place: Place, node: SchemaNode, at: Path): Place {
  return { ...place, at, node, isResource: node.embedded }
}

/** How often a part of a value can occur, when the value itself can so often. */
function timesInside({ node, occurs }: Place): number | undefined {
  const { maxItems, maxProperties } = node.props
  const most =
    node.type === 'array' ? maxItems : node.type === 'object' && node.others !== undefined ? maxProperties : 1
  return occurs === undefined || most === undefined ? undefined : occurs * Math.max(0, most)
}

function costText(what: string, cost: number, limit: number): string {
  const factor = cost / limit
  const times = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  const remedy =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared'
  return `${what} exceeds budget by factor of ${times} (${remedy})`
}
