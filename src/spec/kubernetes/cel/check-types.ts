/** The type checker: gives every node its type and every call its overloads, or says what is wrong (cel-go, checker). */
import type { CelOverload } from './cel-function.ts'
import type { CelIssue } from './cel-issue.ts'
import {
  boolType,
  celTypeName,
  dynType,
  errorType,
  fieldType,
  insideOptional,
  intType,
  isDynamic,
  listType,
  mapType,
  optionalType,
  stringType,
  typeParts,
  type CelType,
} from './cel-type.ts'
import { typeOfValue } from './cel-value.ts'
import type { CelEnvironment } from './environment.ts'
import { qualifiedName } from './parse-cel.ts'
import type { CallNode, CelNode, ComprehensionNode, ListNode, MapNode, SelectNode, StructNode } from './syntax-tree.ts'
import { mapParts, moreGeneral, TypeMapping } from './type-mapping.ts'

/** What a call turned out to be. */
export interface ResolvedCall {
  readonly overloads: readonly CelOverload[]
  /** The receiver, unless it was only the first part of the function's name (`optional.of`). */
  readonly target: CelNode | undefined
}

/** A checked expression. */
export interface CheckedCel {
  readonly root: CelNode
  readonly issues: readonly CelIssue[]
  readonly resultType: CelType
  readonly calls: ReadonlyMap<CallNode, ResolvedCall>
  /** Variables and types that identifiers and dotted names stand for. */
  readonly names: ReadonlyMap<
    CelNode,
    { readonly variable: string } | { readonly type: CelType; readonly name: string }
  >
  /** The variables that the expression names. */
  readonly variables: ReadonlySet<string>
  typeOf(node: CelNode): CelType
}

/** Checks a tree in an environment. */
export function checkTypes(root: CelNode, environment: CelEnvironment): CheckedCel {
  const checker = new TypeChecker(environment)
  checker.check(root)
  return checker.result(root)
}

type Meaning = { readonly variable: string } | { readonly type: CelType; readonly name: string }

class TypeChecker {
  readonly #environment: CelEnvironment
  readonly #mapping = new TypeMapping()
  readonly #types = new Map<CelNode, CelType>()
  readonly #calls = new Map<CallNode, ResolvedCall>()
  readonly #names = new Map<CelNode, Meaning>()
  readonly #variables = new Set<string>()
  readonly #issues: CelIssue[] = []
  #scopes: readonly ReadonlyMap<string, CelType>[] = []

  constructor(environment: CelEnvironment) {
    this.#environment = environment
  }

  result(root: CelNode): CheckedCel {
    return {
      root,
      issues: this.#issues,
      resultType: this.#mapping.substitute(this.#typeOf(root), true),
      calls: this.#calls,
      names: this.#names,
      variables: this.#variables,
      typeOf: (node) => this.#mapping.substitute(this.#typeOf(node), true),
    }
  }

  #typeOf(node: CelNode): CelType {
    return this.#types.get(node) ?? errorType
  }

  #issue(at: number, message: string): void {
    this.#issues.push({ at, message })
  }

  check(node: CelNode): CelType {
    const known = this.#types.get(node)
    // Macros put one node at several places: each is checked where it stands first.
    const type = known !== undefined && node.kind === 'literal' ? known : this.#check(node)
    this.#types.set(node, type)
    return type
  }

  #check(node: CelNode): CelType {
    switch (node.kind) {
      case 'literal':
        return typeOfValue(node.value)
      case 'ident':
        return this.#checkName(node, node.name)
      case 'select':
        return this.#checkSelect(node)
      case 'call':
        return this.#checkCall(node)
      case 'list':
        return this.#checkList(node)
      case 'map':
        return this.#checkMap(node)
      case 'struct':
        return this.#checkStruct(node)
      default:
        return this.#checkComprehension(node)
    }
  }

  #lookUp(node: CelNode, name: string): CelType | undefined {
    for (const scope of this.#scopes.toReversed()) {
      const local = scope.get(name)
      if (local !== undefined) return local
    }
    const variable = this.#environment.variables.get(name)
    if (variable !== undefined) {
      this.#variables.add(name)
      this.#names.set(node, { variable: name })
      return variable
    }
    const type = this.#namedType(name)
    if (type === undefined) return undefined
    this.#names.set(node, { type, name })
    return { kind: 'type', of: type }
  }

  #namedType(name: string): CelType | undefined {
    return this.#environment.types.get(name) ?? this.#environment.findType?.(name)
  }

  #checkName(node: CelNode, name: string): CelType {
    const type = this.#lookUp(node, name)
    if (type !== undefined) return type
    this.#issue(node.at, `undeclared reference to '${name}' (in container '')`)
    return errorType
  }

  #checkSelect(node: SelectNode): CelType {
    const name = qualifiedName(node)
    const qualified = name === undefined ? undefined : this.#lookUp(node, name)
    if (qualified !== undefined) return qualified
    const type = this.#checkField(node, node.operand, { field: node.field, optional: false })
    return node.testOnly ? boolType : this.#mapping.substitute(type, false)
  }

  #checkField(at: CelNode, operand: CelNode, { field, optional }: { field: string; optional: boolean }): CelType {
    const operandType = this.#mapping.substitute(this.check(operand), false)
    const inside = insideOptional(operandType)
    const target = inside ?? operandType
    const type = this.#fieldType(at, target, field)
    return inside !== undefined || optional ? optionalType(type) : type
  }

  #fieldType(node: CelNode, target: CelType, field: string): CelType {
    if (target.kind === 'map') return target.value
    if (target.kind === 'object') {
      const found = fieldType(target, field)
      if (found !== undefined) return found
      this.#issue(node.at, `undefined field '${field}'`)
      return errorType
    }
    if (target.kind === 'parameter') this.#mapping.assignable(dynType, target)
    else if (!isDynamic(target)) {
      this.#issue(node.at, `type '${celTypeName(target)}' does not support field selection`)
    }
    return dynType
  }

  #checkCall(node: CallNode): CelType {
    if (node.name === '_?._') return this.#checkOptionalSelect(node)
    const argumentTypes = node.args.map((arg) => this.check(arg))
    const { functions } = this.#environment
    if (node.target === undefined) {
      const overloads = functions.get(node.name)
      if (overloads !== undefined) return this.#resolve(node, { overloads, target: undefined }, argumentTypes)
      return this.#undeclared(node)
    }
    const prefix = qualifiedName(node.target)
    const namespaced = prefix === undefined ? undefined : functions.get(`${prefix}.${node.name}`)
    if (namespaced !== undefined)
      return this.#resolve(node, { overloads: namespaced, target: undefined }, argumentTypes)
    const targetType = this.check(node.target)
    const overloads = functions.get(node.name)
    if (overloads === undefined) return this.#undeclared(node)
    return this.#resolve(node, { overloads, target: node.target }, [targetType, ...argumentTypes])
  }

  #undeclared(node: CallNode): CelType {
    this.#issue(node.at, `undeclared reference to '${node.name}' (in container '')`)
    return errorType
  }

  #checkOptionalSelect(node: CallNode): CelType {
    const [operand, field] = node.args as readonly [CelNode, CelNode]
    this.#types.set(field, stringType)
    const name = field.kind === 'literal' && typeof field.value === 'string' ? field.value : ''
    const type = this.#checkField(node, operand, { field: name, optional: true })
    const overloads = this.#environment.functions.get('_?._') ?? []
    this.#calls.set(node, { overloads, target: undefined })
    return this.#mapping.substitute(type, false)
  }

  #resolve(node: CallNode, call: ResolvedCall, types: readonly CelType[]): CelType {
    const isMember = call.target !== undefined
    let result: CelType | undefined
    const fitting: CelOverload[] = []
    if (node.name === '_&&_' || node.name === '_||_') return this.#logical(node, call, types)
    for (const overload of call.overloads) {
      if (overload.isMember !== isMember) continue
      const answer = this.#tryOverload(overload, types)
      if (answer === undefined) continue
      fitting.push(overload)
      result = result === undefined || isSame(result, answer) ? answer : dynType
    }
    if (result === undefined) {
      this.#noOverload(node, call.overloads[0]?.name ?? node.name, { types, isMember })
      return errorType
    }
    this.#calls.set(node, { overloads: fitting, target: call.target })
    return result
  }

  #logical(node: CallNode, call: ResolvedCall, types: readonly CelType[]): CelType {
    let isWell = true
    for (const [index, type] of types.entries()) {
      if (this.#mapping.assignable(type, boolType)) continue
      isWell = false
      this.#mismatch(node.args[index] as CelNode, boolType, type)
    }
    this.#calls.set(node, call)
    return isWell ? boolType : errorType
  }

  #tryOverload(overload: CelOverload, types: readonly CelType[]): CelType | undefined {
    const fresh = new Map(overload.generics.map((name) => [name, this.#mapping.fresh()]))
    const instance = (type: CelType): CelType =>
      type.kind === 'parameter' ? (fresh.get(type.name) ?? type) : mapParts(type, instance)
    const parameters = fresh.size === 0 ? overload.parameters : overload.parameters.map(instance)
    if (!this.#mapping.assignableAll(types, parameters)) return undefined
    return this.#mapping.substitute(fresh.size === 0 ? overload.result : instance(overload.result), false)
  }

  #noOverload(node: CallNode, name: string, call: { types: readonly CelType[]; isMember: boolean }): void {
    const shown = call.types.map((type) => celTypeName(this.#mapping.substitute(type, true)))
    const signature = call.isMember ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`
    this.#issue(node.at, `found no matching overload for '${name}' applied to '${signature}'`)
  }

  #mismatch(node: CelNode, expected: CelType, found: CelType): void {
    const shown = (type: CelType): string => celTypeName(this.#mapping.substitute(type, false))
    this.#issue(node.at, `expected type '${shown(expected)}' but found '${shown(found)}'`)
  }

  /** The type of an element written with a question mark is what its optional holds. */
  #elementType(node: CelNode, type: CelType, isOptional: boolean): CelType {
    if (!isOptional) return type
    const inside = insideOptional(this.#mapping.substitute(type, false))
    if (inside === undefined && !isDynamic(type)) this.#mismatch(node, optionalType(type), type)
    return inside ?? type
  }

  #join(node: CelNode, previous: CelType | undefined, next: CelType): CelType {
    if (previous === undefined) return next
    if (this.#mapping.assignable(previous, next)) return moreGeneral(previous, next)
    this.#mismatch(node, previous, next)
    return errorType
  }

  #checkList(node: ListNode): CelType {
    let element: CelType | undefined
    for (const [index, item] of node.elements.entries()) {
      const type = this.#elementType(item, this.check(item), node.optional.has(index))
      element = this.#join(item, element, type)
    }
    return listType(element ?? this.#mapping.fresh())
  }

  #checkMap(node: MapNode): CelType {
    let key: CelType | undefined
    let value: CelType | undefined
    for (const entry of node.entries) {
      key = this.#join(entry.key, key, this.check(entry.key))
      const type = this.#elementType(entry.value, this.check(entry.value), entry.optional)
      value = this.#join(entry.value, value, type)
    }
    return mapType(key ?? this.#mapping.fresh(), value ?? this.#mapping.fresh())
  }

  #checkStruct(node: StructNode): CelType {
    const type = this.#namedType(node.name)
    for (const { value } of node.fields) this.check(value)
    if (type === undefined) {
      this.#issue(node.at, `undeclared reference to '${node.name}' (in container '')`)
      return errorType
    }
    if (type.kind !== 'object' || type.constructible !== true) {
      this.#issue(node.at, `'${celTypeName(type)}' is not a message type`)
      return errorType
    }
    for (const { at, name, value, optional } of node.fields) {
      const field = fieldType(type, name)
      if (field === undefined) this.#issue(at, `undefined field '${name}'`)
      const given = this.#elementType(value, this.#typeOf(value), optional)
      if (field === undefined || this.#mapping.assignable(field, given)) continue
      const provided = celTypeName(this.#mapping.substitute(given, false))
      this.#issue(at, `expected type of field '${name}' is '${celTypeName(field)}' but provided type is '${provided}'`)
    }
    return type
  }

  #checkComprehension(node: ComprehensionNode): CelType {
    const range = this.#mapping.substitute(this.check(node.range), false)
    const accumulator = this.check(node.initial)
    const outside = this.#scopes
    const [first, second] = this.#rangeTypes(node, range)
    const gathered = new Map([[node.accumulator, accumulator]])
    const inside = new Map([[node.variable, first]])
    if (node.variable2 !== undefined) inside.set(node.variable2, second)
    this.#scopes = [...outside, gathered, inside]
    this.#expect(node.condition, boolType)
    this.#expect(node.step, accumulator)
    this.#scopes = [...outside, gathered]
    const result = this.check(node.result)
    this.#scopes = outside
    return this.#mapping.substitute(result, false)
  }

  #expect(node: CelNode, type: CelType): void {
    const found = this.check(node)
    if (!this.#mapping.assignable(type, found)) this.#mismatch(node, type, found)
  }

  #rangeTypes(node: ComprehensionNode, range: CelType): readonly [CelType, CelType] {
    const isDouble = node.variable2 !== undefined
    switch (range.kind) {
      case 'list':
        return isDouble ? [intType, range.element] : [range.element, errorType]
      case 'map':
        return [range.key, range.value]
      case 'dyn':
      case 'error':
      case 'parameter':
        this.#mapping.assignable(dynType, range)
        return [dynType, dynType]
      default:
        this.#issue(
          node.range.at,
          `expression of type '${celTypeName(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        )
        return [errorType, errorType]
    }
  }
}

function isSame(left: CelType, right: CelType): boolean {
  if (left.kind === 'dyn') return true
  return celTypeName(left) === celTypeName(right) && typeParts(left).length === typeParts(right).length
}
