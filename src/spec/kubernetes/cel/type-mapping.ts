/** What type parameters stand for: assignability with substitution, as cel-go's checker decides it. */
import { celTypeName, isDynamic, opaqueType, sameType, typeParts, dynType, type CelType } from './cel-type.ts'

const nullable: ReadonlySet<CelType['kind']> = new Set(['opaque', 'object', 'duration', 'timestamp', 'null'])

/** Type parameters and what they stand for so far. A failed question leaves it as it was. */
export class TypeMapping {
  #known: Map<string, CelType> = new Map()
  #fresh = 0

  /** A type not yet known. */
  fresh(): CelType {
    this.#fresh += 1
    return { kind: 'parameter', name: `_var${this.#fresh - 1}` }
  }

  /** Whether values of each type can be used where the other list's types are asked for; remembers what that says. */
  assignableAll(from: readonly CelType[], to: readonly CelType[]): boolean {
    if (from.length !== to.length) return false
    const before = new Map(this.#known)
    const fits = from.every((type, index) => this.#fits(type, to[index] as CelType))
    if (!fits) this.#known = before
    return fits
  }

  /** Whether a value of the first type can be used where the second is asked for; remembers what that says. */
  assignable(from: CelType, to: CelType): boolean {
    return this.assignableAll([from], [to])
  }

  /** A type with everything known put in; unknown parameters stay, or become dyn. */
  substitute(type: CelType, unknownIsDyn: boolean): CelType {
    if (type.kind === 'parameter') {
      const known = this.#known.get(type.name)
      if (known !== undefined) return this.substitute(known, unknownIsDyn)
      return unknownIsDyn ? dynType : type
    }
    if (typeParts(type).length === 0) return type
    return mapParts(type, (part) => this.substitute(part, unknownIsDyn))
  }

  #fits(from: CelType, to: CelType): boolean {
    if (to.kind === 'parameter') {
      const answer = this.#standsFor(from, to)
      if (answer.valid) return true
      if (answer.known) return false
    }
    if (from.kind === 'parameter') return this.#standsFor(to, from).valid
    return isDynamic(from) || isDynamic(to) || this.#fitsKind(from, to)
  }

  #fitsKind(from: CelType, to: CelType): boolean {
    if (from.kind === 'null') return nullable.has(to.kind)
    if (to.kind === 'null') return nullable.has(from.kind)
    if (from.kind !== to.kind) return false
    if (from.kind === 'type') return true
    if ('name' in from && from.name !== (to as { readonly name: string }).name) return false
    const parts = typeParts(from)
    const others = typeParts(to)
    return parts.length === others.length && parts.every((part, index) => this.#fits(part, others[index] as CelType))
  }

  #standsFor(type: CelType, parameter: CelType & { readonly kind: 'parameter' }): { valid: boolean; known: boolean } {
    if (sameType(type, parameter)) return { valid: true, known: true }
    const known = this.#known.get(parameter.name)
    if (known === undefined) {
      const valid = this.#isFreeOf(parameter, type)
      if (valid) this.#known.set(parameter.name, type)
      return { valid, known: false }
    }
    if (sameType(type, known)) return { valid: true, known: true }
    if (!this.#fits(type, known)) return { valid: false, known: true }
    const general = moreGeneral(type, known)
    if (this.#isFreeOf(parameter, general)) this.#known.set(parameter.name, general)
    return { valid: true, known: true }
  }

  #isFreeOf(parameter: CelType & { readonly kind: 'parameter' }, type: CelType): boolean {
    if (sameType(parameter, type)) return false
    if (type.kind === 'parameter') {
      const known = this.#known.get(type.name)
      return known === undefined || this.#isFreeOf(parameter, known)
    }
    return typeParts(type).every((part) => this.#isFreeOf(parameter, part))
  }
}

/** A type with its parts replaced. */
export function mapParts(type: CelType, change: (part: CelType) => CelType): CelType {
  switch (type.kind) {
    case 'list':
      return { ...type, element: change(type.element) }
    case 'map':
      return { ...type, key: change(type.key), value: change(type.value) }
    case 'opaque':
      return opaqueType(type.name, ...type.parameters.map(change))
    case 'type':
      return type.of === undefined ? type : { ...type, of: change(type.of) }
    default:
      return type
  }
}

/** The more general of two types that fit each other. */
export function moreGeneral(left: CelType, right: CelType): CelType {
  return isLessSpecific(left, right) ? left : right
}

function isLessSpecific(left: CelType, right: CelType): boolean {
  if (left.kind === 'dyn' || left.kind === 'parameter') return true
  if (right.kind === 'dyn' || right.kind === 'parameter' || left.kind !== right.kind) return false
  const parts = typeParts(left)
  const others = typeParts(right)
  if (left.kind === 'type') return true
  if (parts.length === 0 || parts.length !== others.length) return celTypeName(left) === celTypeName(right)
  return parts.every((part, index) => isLessSpecific(part, others[index] as CelType))
}
