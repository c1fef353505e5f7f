/**
 * Objects against validation rules: transition rules see what was there before, rules of unchanged parts only warn, and all
 * rules of one object share one budget (apiextensions schema/cel validation, v1.36).
 */
import { goQuote } from '#base/data/go-quote.ts'
import { messageBytesMax, objectBudget, perCallLimit } from '../cel/cel-limits.ts'
import { celNone } from '../cel/cel-value.ts'
import type { CelProgram } from '../cel/compile-cel.ts'
import type { ValidationRule } from '../objects/apiextensions-v1.generated.ts'
import { isJsonObject } from '../objects/objects.ts'
import { byteLength } from '../validation/checks.ts'
import {
  duplicate,
  type FieldError,
  fieldErrorText,
  forbidden,
  invalid,
  invalidWithoutValue,
  required,
} from '../validation/field-errors.ts'
import type { Path } from '../validation/field-path.ts'
import type { CompiledRule } from './compile-rules.ts'
import { type Correlation, itemKey } from './correlation.ts'
import { nilPath } from './nil-path.ts'
import type { RuleTree } from './rule-tree.ts'

/** A new value and what it is compared with. */
export interface RuleSubject {
  readonly at: Path
  readonly value: unknown
  /** Undefined or null when there is nothing to compare with. */
  readonly old: unknown
  readonly correlation: Correlation | undefined
}

/** What the rules say. */
export interface RuleVerdict {
  readonly errors: readonly FieldError[]
  /** Broken rules of parts that did not change. */
  readonly warnings: readonly string[]
  /** What is left of the budget; below zero when it ran out. */
  readonly budget: number
}

/** Evaluates every rule that applies. */
export function checkRules(
  tree: RuleTree | undefined,
  subject: RuleSubject,
  budget: number = objectBudget,
): RuleVerdict {
  const check = new RuleCheck(budget)
  if (tree !== undefined) check.walk(tree, subject, undefined)
  return check
}

interface Broken {
  readonly compiled: CompiledRule
  readonly subject: RuleSubject
  readonly tree: RuleTree
  readonly ratchets: boolean
}

class RuleCheck implements RuleVerdict {
  readonly errors: FieldError[] = []
  readonly warnings: string[] = []
  budget: number

  constructor(budget: number) {
    this.budget = budget
  }

  /** `above` is the nearest part above that can be compared, where this one cannot. */
  walk(tree: RuleTree, subject: RuleSubject, above: Correlation | undefined): void {
    const { value, correlation } = subject
    if (value === null || value === undefined || this.budget < 0) return
    const ratchets = (correlation ?? above)?.isEqual === true
    for (const compiled of tree.rules) {
      if (this.budget < 0) return
      this.#rule({ compiled, subject, tree, ratchets })
    }
    if (Array.isArray(value)) this.#items(tree, { ...subject, value }, correlation ?? above)
    else if (isJsonObject(value)) this.#members(tree, { ...subject, value }, correlation ?? above)
  }

  #items(
    tree: RuleTree,
    subject: RuleSubject & { readonly value: readonly unknown[] },
    above: Correlation | undefined,
  ): void {
    const { items, node } = tree
    if (items === undefined) return
    const { at, value, old, correlation } = subject
    const before = oldItems(old, node.listType === 'map' ? node.listKeys : [])
    for (const [index, item] of value.entries()) {
      if (this.budget < 0) return
      const key = node.listType === 'map' ? itemKey(item, node.listKeys) : undefined
      const inner = { at: at.index(index), value: item, old: key === undefined ? undefined : before.get(key) }
      this.walk(items, { ...inner, correlation: correlation?.item(index) }, above)
    }
  }

  #members(
    tree: RuleTree,
    subject: RuleSubject & { readonly value: Readonly<Record<string, unknown>> },
    above: Correlation | undefined,
  ): void {
    const { at, value, old, correlation } = subject
    for (const name of Object.keys(value)) {
      if (this.budget < 0) return
      const property = tree.properties.get(name)
      const inner = property ?? (tree.node.properties.has(name) ? undefined : tree.others)
      if (inner === undefined) continue
      const before = isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined
      const place = { at: property === undefined ? at.key(name) : at.child(name), value: value[name], old: before }
      this.walk(inner, { ...place, correlation: correlation?.member(name) }, above)
    }
  }

  #rule(broken: Broken): void {
    const { compiled, subject, tree } = broken
    const { rule, program, problem } = compiled
    const at = nilPath(subject.at)
    const type = tree.node.type
    if (problem !== undefined) this.errors.push(invalid(at, type, `rule compile error: ${problem}`))
    if (program === undefined) return
    const hasOld = subject.old !== undefined && subject.old !== null
    if (compiled.usesOldSelf && !hasOld && rule.optionalOldSelf !== true) return
    if (this.budget <= 0) {
      this.#end(invalid(at, type, outOfBudget))
      return
    }
    const outcome = this.#evaluate(program, rule, subject)
    if (outcome.cost > this.budget) {
      this.#end(invalid(at, type, outOfBudget))
      return
    }
    this.budget -= outcome.cost
    if ('failure' in outcome) this.#failed(at, { type, rule, failure: outcome.failure })
    else if (outcome.value !== true) this.#tell(broken)
  }

  #evaluate(
    program: CelProgram,
    rule: ValidationRule,
    { value, old }: RuleSubject,
  ): ReturnType<CelProgram['evaluate']> {
    const before = old ?? undefined
    const oldSelf = rule.optionalOldSelf === true ? (before ?? celNone) : before
    return program.evaluate({ self: value, oldSelf }, { costLimit: perCallLimit })
  }

  #failed(
    at: Path,
    {
      type,
      rule,
      failure,
    }: {
      readonly type: string
      readonly rule: ValidationRule
      readonly failure: { readonly kind: string; readonly message: string }
    },
  ): void {
    const text = ruleText(rule)
    if (failure.kind === 'cost-limit') {
      const why = `'${failure.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`
      this.#end(invalid(at, type, why))
    } else if (failure.message.startsWith('no such overload')) {
      const why = `'${failure.message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
      this.errors.push(invalid(at, type, why))
    } else this.errors.push(invalid(at, type, `${failure.message} evaluating rule: ${text}`))
  }

  #end(error: FieldError): void {
    this.errors.push(error)
    this.budget = -1
  }

  #tell({ compiled, subject, tree, ratchets }: Broken): void {
    const { rule, fieldPath } = compiled
    const at = nilPath(fieldPath === '' ? subject.at : subject.at.child(fieldPath))
    const detail = this.#detail(compiled, subject)
    const add = (error: FieldError): void => {
      if (ratchets && !compiled.usesOldSelf) this.warnings.push(fieldErrorText(error))
      else this.errors.push(error)
    }
    if (typeof detail === 'object') {
      add(invalid(at, tree.node.type, detail.end))
      this.budget = -1
      return
    }
    const isWhole = tree.node.type === 'object' || tree.node.type === 'array'
    add(errorOf(at, { rule, detail, value: subject.value, isWhole }))
  }

  /** The message of a broken rule, or why nothing more is evaluated. */
  #detail({ rule, message }: CompiledRule, subject: RuleSubject): string | { readonly end: string } {
    const fallback = (rule.message ?? '') === '' ? `failed rule: ${ruleText(rule)}` : ruleText(rule)
    if (message === undefined) return fallback
    const outcome = this.#evaluate(message, { ...rule, rule: rule.messageExpression ?? '' }, subject)
    if (outcome.cost > this.budget)
      return {
        end: 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
      }
    this.budget -= outcome.cost
    if ('failure' in outcome) {
      if (outcome.failure.kind !== 'cost-limit') return fallback
      const quoted = goQuote(rule.messageExpression ?? '')
      return {
        end: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${quoted}`,
      }
    }
    const text = typeof outcome.value === 'string' ? outcome.value.trim() : ''
    return isMessage(text) ? text : fallback
  }
}

function isMessage(text: string): boolean {
  return text !== '' && !text.includes('\n') && byteLength(text) <= messageBytesMax
}

const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run'

/** A rule as failures name it. */
function ruleText({ rule, message = '' }: ValidationRule): string {
  return (message === '' ? rule : message).trim()
}

function errorOf(
  at: Path,
  of: { readonly rule: ValidationRule; readonly detail: string; readonly value: unknown; readonly isWhole: boolean },
): FieldError {
  const { rule, detail, value, isWhole } = of
  if (rule.reason === 'FieldValueForbidden') return forbidden(at, detail)
  if (rule.reason === 'FieldValueRequired') return required(at, detail)
  if (rule.reason === 'FieldValueDuplicate')
    return isWhole ? { ...duplicate(at, ''), message: 'Duplicate value' } : duplicate(at, value)
  return isWhole ? invalidWithoutValue(at, detail) : invalid(at, value, detail)
}

function oldItems(old: unknown, keys: readonly string[]): ReadonlyMap<string, unknown> {
  const out = new Map<string, unknown>()
  if (!Array.isArray(old) || keys.length === 0) return out
  for (const item of old) {
    const key = itemKey(item, keys)
    if (key !== undefined) out.set(key, item)
  }
  return out
}
