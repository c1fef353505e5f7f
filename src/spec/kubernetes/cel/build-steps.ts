/**
 * Checked trees to closures: each node becomes a function from a frame to its value that charges what upstream charges.
 * Failures are thrown; the logical operators and the quantifiers absorb those that do not matter.
 */
import type { CheckedCel, ResolvedCall } from './check-types.ts'
import { isArgument, type CelOverload } from './cel-function.ts'
import { runtimeTypeName, type CelType, type ObjectType } from './cel-type.ts'
import {
  BuiltMap,
  CelFailure,
  CelList,
  CelOptional,
  CelTypeValue,
  isCelMap,
  typeNameOfValue,
  type CelValue,
} from './cel-value.ts'
import { callCostOf, type CallCost } from './call-cost.ts'
import { buildLoop } from './build-loop.ts'
import { outcome, putEntry, type NodeBuilder, type Scope, type Step } from './step.ts'
import { selectOptional } from './libraries/optionals.ts'
import type { CallNode, CelNode, IdentNode, ListNode, MapNode, SelectNode, StructNode } from './syntax-tree.ts'

const createListCost = 10
const createMapCost = 30
const createObjectCost = 40

/** Builds steps and counts the slots that they need. */
export class StepBuilder implements NodeBuilder {
  readonly checked: CheckedCel
  #slots = 0

  constructor(checked: CheckedCel) {
    this.checked = checked
  }

  get slots(): number {
    return this.#slots
  }

  slot(): number {
    this.#slots += 1
    return this.#slots - 1
  }

  build(node: CelNode, scope: Scope): Step {
    switch (node.kind) {
      case 'literal': {
        const { value } = node
        return () => value
      }
      case 'ident':
        return this.#ident(node, scope)
      case 'select':
        return this.#named(node) ?? this.#select(node, scope)
      case 'call':
        return this.#call(node, scope)
      case 'list':
        return this.#list(node, scope)
      case 'map':
        return this.#map(node, scope)
      case 'struct':
        return this.#struct(node, scope)
      default:
        return buildLoop(this, node, scope)
    }
  }

  #ident(node: IdentNode, scope: Scope): Step {
    const slot = scope.get(node.name)
    if (slot === undefined) return this.#named(node) ?? unknownName(node.name)
    return (frame) => {
      frame.charge(1)
      const value = frame.slots[slot] as CelValue | CelFailure
      if (value instanceof CelFailure) throw value
      return value
    }
  }

  /** Steps for names of variables and types; undefined for what is neither. */
  #named(node: CelNode): Step | undefined {
    const meaning = this.checked.names.get(node)
    if (meaning === undefined) return undefined
    if ('variable' in meaning) {
      const { variable } = meaning
      return (frame) => {
        frame.charge(1)
        return frame.variable(variable)
      }
    }
    const type = new CelTypeValue(runtimeTypeName(meaning.type))
    return (frame) => {
      frame.charge(1)
      return type
    }
  }

  #select(node: SelectNode, scope: Scope): Step {
    const operand = this.build(node.operand, scope)
    const { field } = node
    if (node.testOnly) return (frame) => hasField(operand(frame), field)
    return (frame) => {
      const holder = operand(frame)
      frame.charge(1)
      if (holder instanceof CelOptional) return selectOptional(holder, field)
      // What has no fields has not this one either: cel-go makes no difference.
      const value = isCelMap(holder) ? holder.find(field) : undefined
      if (value === undefined) throw new CelFailure(`no such key: ${field}`)
      return value
    }
  }

  #call(node: CallNode, scope: Scope): Step {
    const args = node.args.map((arg) => this.build(arg, scope))
    const [first, second, third] = args as [Step, Step, Step]
    switch (node.name) {
      case '_&&_':
        return logical(first, second, false)
      case '_||_':
        return logical(first, second, true)
      case '_?_:_':
        return conditional(first, second, third)
      case '@not_strictly_false':
        return notStrictlyFalse(first)
      default:
        return this.#overloaded(node, args, scope)
    }
  }

  #overloaded(node: CallNode, args: readonly Step[], scope: Scope): Step {
    const call = this.checked.calls.get(node) as ResolvedCall
    const steps = call.target === undefined ? args : [this.build(call.target, scope), ...args]
    const choices = call.overloads.map((overload) => ({ overload, cost: callCostOf(overload.name, overload.id) }))
    const [first] = choices as [Choice]
    return (frame) => {
      const values: CelValue[] = []
      for (const step of steps) values.push(step(frame))
      // Nearly always there is one overload, and it fits.
      const chosen = fits(first.overload, values) ? first : choices.find(({ overload }) => fits(overload, values))
      if (chosen === undefined) {
        throw new CelFailure(`no such overload: ${node.name}(${values.map(typeNameOfValue).join(', ')})`)
      }
      const result = chosen.overload.run(values, frame)
      frame.charge(chosen.cost(values, result))
      return result
    }
  }

  #list(node: ListNode, scope: Scope): Step {
    const steps = node.elements.map((element) => this.build(element, scope))
    const { optional } = node
    return (frame) => {
      const items: CelValue[] = []
      for (const [index, step] of steps.entries()) {
        const value = optional.has(index) ? optionalElement(step(frame)) : step(frame)
        if (value !== undefined) items.push(value)
      }
      frame.charge(createListCost)
      return new CelList(items)
    }
  }

  #map(node: MapNode, scope: Scope): Step {
    const entries = node.entries.map(({ key, value, optional }) => ({
      key: this.build(key, scope),
      value: this.build(value, scope),
      optional,
    }))
    return (frame) => {
      const built = new Map<string, readonly [CelValue, CelValue]>()
      for (const entry of entries) {
        const key = entry.key(frame)
        const value = entry.optional ? optionalElement(entry.value(frame)) : entry.value(frame)
        if (value !== undefined) putEntry(built, key, value)
      }
      frame.charge(createMapCost)
      return new BuiltMap(built)
    }
  }

  #struct(node: StructNode, scope: Scope): Step {
    const type = this.checked.typeOf(node) as ObjectType
    const fields = node.fields.map(({ name, value, optional }) => ({ name, value: this.build(value, scope), optional }))
    return (frame) => {
      const built = new Map<string, readonly [CelValue, CelValue]>()
      for (const field of fields) {
        const value = field.optional ? optionalElement(field.value(frame)) : field.value(frame)
        if (value !== undefined) built.set(`s${field.name}`, [field.name, value])
      }
      frame.charge(createObjectCost)
      return new BuiltMap(built, type)
    }
  }
}

interface Choice {
  readonly overload: CelOverload
  readonly cost: CallCost
}

function fits({ parameters }: CelOverload, values: readonly CelValue[]): boolean {
  for (let index = 0; index < parameters.length; index += 1) {
    if (!isArgument(values[index] as CelValue, parameters[index] as CelType)) return false
  }
  return true
}

function unknownName(name: string): Step {
  return () => {
    throw new CelFailure(`no such attribute(s): ${name}`)
  }
}

function hasField(holder: CelValue, field: string): boolean {
  if (holder instanceof CelOptional) return holder.value !== undefined && hasField(holder.value, field)
  const value = isCelMap(holder) ? holder.find(field) : undefined
  return value !== undefined && !(value instanceof CelOptional && value.value === undefined)
}

function optionalElement(value: CelValue): CelValue | undefined {
  if (value instanceof CelOptional) return value.value
  throw new CelFailure(`cannot initialize optional list element from non-optional value ${typeNameOfValue(value)}`)
}

/** `&&` ends at false and `||` at true, whichever side says so and even when the other side fails. */
function logical(left: Step, right: Step, end: boolean): Step {
  return (frame) => {
    const first = outcome(left, frame)
    if (first === end) return end
    const second = outcome(right, frame)
    if (second === end) return end
    if (first instanceof CelFailure) throw first
    if (second instanceof CelFailure) throw second
    if (typeof first !== 'boolean' || typeof second !== 'boolean') throw new CelFailure('no such overload')
    return !end
  }
}

function conditional(condition: Step, yes: Step, no: Step): Step {
  return (frame) => {
    const chosen = condition(frame)
    if (typeof chosen !== 'boolean') throw new CelFailure('no such overload')
    return chosen ? yes(frame) : no(frame)
  }
}

function notStrictlyFalse(step: Step): Step {
  return (frame) => {
    const value = outcome(step, frame)
    frame.charge(1)
    return value !== false
  }
}
