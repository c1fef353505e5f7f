/** What a node becomes when it is built, and what steps share. */
import { CelFailure, mapKeyText, typeNameOfValue, type CelValue } from './cel-value.ts'
import type { Frame } from './frame.ts'
import { keyText } from './libraries/operators.ts'
import type { CelNode } from './syntax-tree.ts'

/** A node ready to run. */
export type Step = (frame: Frame) => CelValue

/** The names of loops' variables that are in sight, and the slots that hold them. */
export type Scope = ReadonlyMap<string, number>

/** Builds what a node contains. */
export interface NodeBuilder {
  build(node: CelNode, scope: Scope): Step
  /** A slot for a variable of a loop. */
  slot(): number
}

/** A step's value, or the failure that may be absorbed. */
export function outcome(step: Step, frame: Frame): CelValue | CelFailure {
  try {
    return step(frame)
  } catch (error) {
    if (error instanceof CelFailure && error.kind === 'evaluation') return error
    throw error
  }
}

/** Puts an entry into a map that is being built. @throws CelFailure for a key twice or one that cannot be. */
export function putEntry(map: Map<string, readonly [CelValue, CelValue]>, key: CelValue, value: CelValue): void {
  const text = mapKeyText(key)
  if (text === undefined) throw new CelFailure(`unsupported key type: ${typeNameOfValue(key)}`)
  if (map.has(text)) throw new CelFailure(`insert failed: key ${keyText(key)} already exists`)
  map.set(text, [key, value])
}
