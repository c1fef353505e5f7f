/** What an expression may name: variables, types that it may build, functions. */

import { standardFunctions, type CelFunctionTable } from './function-table.ts'
import { namedTypes } from './named-types.ts'
import type { CelWriting } from './parse-cel.ts'
import type { CelType, ObjectType } from './cel-type.ts'

/** An environment, made once and used for many expressions. */
export interface CelEnvironment {
  readonly variables: ReadonlyMap<string, CelType>
  /** Types by the names under which expressions mention them. */
  readonly types: ReadonlyMap<string, CelType>
  /** Types that are named only once somebody asks (`Object.spec.template`). */
  readonly findType: ((name: string) => ObjectType | undefined) | undefined
  readonly functions: CelFunctionTable
  readonly writing: CelWriting
}

export interface CelEnvironmentOptions {
  /** Types of variables by name; those that are undefined are left out. */
  readonly variables?: Readonly<Record<string, CelType | undefined>>
  readonly findType?: (name: string) => ObjectType | undefined
  readonly writing?: CelWriting
}

/** An environment with all of Kubernetes' libraries. */
export function celEnvironment({ variables = {}, findType, writing = {} }: CelEnvironmentOptions = {}): CelEnvironment {
  const declared = new Map<string, CelType>()
  for (const [name, type] of Object.entries(variables)) if (type !== undefined) declared.set(name, type)
  return { variables: declared, types: namedTypes, findType, functions: standardFunctions, writing }
}
