/** The types that expressions of mutating policies may build: `Object…` by field path, and `JSONPatch`. */
import { dynType, listType, stringType, type ObjectType } from '../cel-type.ts'
import { BuiltMap, CelList, type CelValue } from '../cel-value.ts'

const objectName = 'Object'

function dynamicObject(name: string): ObjectType {
  return { kind: 'object', name, fields: new Map(), constructible: true, otherFields: dynType }
}

/** What an ApplyConfiguration evaluates to. */
export const applyObjectType: ObjectType = dynamicObject(objectName)

const jsonPatchType: ObjectType = {
  kind: 'object',
  name: 'JSONPatch',
  constructible: true,
  fields: new Map([
    ['op', { name: 'op', type: stringType }],
    ['path', { name: 'path', type: stringType }],
    ['from', { name: 'from', type: stringType }],
    ['value', { name: 'value', type: dynType }],
  ]),
}

/** What a JSONPatch expression evaluates to. */
export const jsonPatchListType: ReturnType<typeof listType> = listType(jsonPatchType)

/** A type by the name that an expression gives it. */
export function findMutationType(name: string): ObjectType | undefined {
  if (name === jsonPatchType.name) return jsonPatchType
  return name === objectName || name.startsWith(`${objectName}.`) ? dynamicObject(name) : undefined
}

/** Objects must be named by the path at which they stand; answers what is wrong, or undefined. */
export function typeNameProblem(value: CelValue, path: string = objectName): string | undefined {
  if (value instanceof CelList) return firstProblem([...value].map((item) => [item, path]))
  if (!(value instanceof BuiltMap) || value.objectType === undefined) return undefined
  const { name } = value.objectType
  if (name !== path) {
    return `unexpected type name ${JSON.stringify(name)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`
  }
  // Fields of an object have names that are text.
  const fields = [...value.keys()].filter((key) => typeof key === 'string')
  return firstProblem(fields.map((key) => [value.find(key) ?? null, `${path}.${key}`]))
}

function firstProblem(values: readonly (readonly [CelValue, string])[]): string | undefined {
  for (const [value, path] of values) {
    const problem = typeNameProblem(value, path)
    if (problem !== undefined) return problem
  }
  return undefined
}
