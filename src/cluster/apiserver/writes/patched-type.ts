/** Kind and version of a patched object: upstream reads it as whatever it says that it is (apiserver handlers, v1.36). */
import { decodeTree } from '#spec/kubernetes/decode/decode-object.ts'
import { decodeError } from '#spec/kubernetes/decode/decode-error.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { typeOfKind } from '#spec/kubernetes/schema/kinds.ts'
import { textAt } from '../api-object.ts'
import type { Expected } from '../wire/decode-body.ts'
import { checkTypeTexts, groupOf, registrationProblem } from '../wire/registered-kinds.ts'
import { type Cause, internalError, invalid } from '../status-errors.ts'

/** A patched tree that can be read as what it is, and what of it upstream does not know then. */
export interface PatchedTree {
  readonly tree: JsonObject
  readonly strictErrors: readonly string[]
}

/**
 * The tree with the kind and version of its resource.
 * @param isStrategic such a patch changes neither. @throws `KUBERNETES_DECODE`, 422 and 500 for another kind or version.
 */
export function withPatchedType(tree: JsonObject, expected: Expected, isStrategic: boolean): PatchedTree {
  const { apiVersion, kind } = expected
  if (tree['apiVersion'] === apiVersion && tree['kind'] === kind) return { tree, strictErrors: [] }
  if (isStrategic) return { tree: restored(tree, expected), strictErrors: [] }
  checkTypeTexts(tree)
  const said = textAt(tree, 'apiVersion')
  if (said.split('/').length > 2) throw decodeError(`unexpected GroupVersion string: ${said}`)
  if (expected.custom !== undefined) checkCustom(tree, expected)
  // Without a version nothing is left of it but what every object has.
  if (said === '') return nothingOf(tree, expected)
  if (expected.custom === undefined) checkBuiltIn(tree, expected)
  return { tree: { ...tree, kind, apiVersion: said }, strictErrors: [] }
}

function restored(tree: JsonObject, { apiVersion, kind }: Expected): JsonObject {
  const isText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string'
  if (!isText(tree['apiVersion']) || !isText(tree['kind'])) return tree
  return { ...tree, apiVersion, kind }
}

function nothingOf(tree: JsonObject, { apiVersion, kind }: Expected): PatchedTree {
  const others = Object.keys(tree).filter((member) => member !== 'apiVersion' && member !== 'kind')
  return {
    tree: { apiVersion, kind, metadata: {} },
    strictErrors: others.toSorted().map((member) => `unknown field "${member}"`),
  }
}

function checkCustom(tree: JsonObject, { apiVersion, kind, group = '' }: Expected): void {
  const [saidVersion, saidKind] = [textAt(tree, 'apiVersion'), textAt(tree, 'kind')]
  if (saidKind === '') throw decodeError(`Object 'Kind' is missing in '${JSON.stringify(tree)}'`)
  if (saidVersion === '') throw internalError("Object 'apiVersion' is missing in 'object has no apiVersion field'")
  const wrong = (field: string, value: string, wanted: string): readonly Cause[] =>
    value === wanted
      ? []
      : [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: must be ${wanted}`, field }]
  const causes = [...wrong('kind', saidKind, kind), ...wrong('apiVersion', saidVersion, apiVersion)]
  if (causes.length === 0) return
  const ownGroup = saidVersion.startsWith(`${group}/`) ? group : groupOf(saidVersion)
  throw invalid({ group: ownGroup, resource: saidKind, name: textAt(tree, 'metadata', 'name') }, causes)
}

function checkBuiltIn(tree: JsonObject, { apiVersion, kind, takesVersion }: Expected): void {
  const said = textAt(tree, 'apiVersion')
  const saidKind = textAt(tree, 'kind') === '' ? kind : textAt(tree, 'kind')
  if (saidKind === kind && (said === apiVersion || takesVersion?.(said) === true)) return
  const group = groupOf(apiVersion)
  const problem = registrationProblem({ apiVersion: said, kind: saidKind }, group)
  if (problem !== undefined) throw decodeError(problem)
  const type = typeOfKind(said, saidKind)
  if (type !== undefined) decodeTree(tree, type)
  const version = said.slice(said.indexOf('/') + 1)
  const internal = group === '' ? 'core' : group.split('.', 1)[0]
  throw decodeError(`converting (${version}.${saidKind}) to (${internal}.${kind}): unknown conversion`)
}
