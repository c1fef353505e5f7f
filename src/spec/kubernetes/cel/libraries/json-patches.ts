/** `jsonpatch.escapeKey()`: keys as parts of JSON pointers (Kubernetes' library for mutating policies). */
import { declare, type CelOverload } from '../cel-function.ts'

export const jsonPatchFunctions: readonly CelOverload[] = [
  declare('jsonpatch.escapeKey(string) string', 'string_jsonpatch_escapeKey_string', ([key]) =>
    (key as string).replaceAll('~', '~0').replaceAll('/', '~1'),
  ),
]
