/** All functions by name, in the order in which overloads are tried. */
import type { CelOverload } from './cel-function.ts'
import { authorizerFunctions } from './libraries/authorizers.ts'
import { conversionFunctions } from './libraries/conversions.ts'
import { formatFunctions } from './libraries/formats.ts'
import { jsonPatchFunctions } from './libraries/json-patches.ts'
import { listFunctions } from './libraries/lists.ts'
import { networkFunctions } from './libraries/networks.ts'
import { operatorFunctions } from './libraries/operators.ts'
import { optionalFunctions } from './libraries/optionals.ts'
import { quantityFunctions } from './libraries/quantities.ts'
import { regexFunctions } from './libraries/regexes.ts'
import { semverFunctions } from './libraries/semvers.ts'
import { stringFunctions } from './libraries/strings.ts'
import { timeFunctions } from './libraries/times.ts'
import { urlFunctions } from './libraries/urls.ts'

/** Overloads by the function's name. */
export type CelFunctionTable = ReadonlyMap<string, readonly CelOverload[]>

/** A table of overloads. */
export function functionTable(overloads: readonly CelOverload[]): CelFunctionTable {
  const table = new Map<string, CelOverload[]>()
  for (const overload of overloads) {
    const list = table.get(overload.name)
    if (list === undefined) table.set(overload.name, [overload])
    else list.push(overload)
  }
  return table
}

/** The functions of kube-apiserver v1.36: CEL's own and Kubernetes' libraries. */
export const standardFunctions: CelFunctionTable = functionTable([
  ...operatorFunctions,
  ...conversionFunctions,
  ...stringFunctions,
  ...regexFunctions,
  ...timeFunctions,
  ...listFunctions,
  ...optionalFunctions,
  ...urlFunctions,
  ...quantityFunctions,
  ...networkFunctions,
  ...formatFunctions,
  ...semverFunctions,
  ...jsonPatchFunctions,
  ...authorizerFunctions,
])
