/** Failures of strategic merge patches, with upstream's sentences (apimachinery mergepatch, v1.36). */
import { GantryError } from '#base/errors/gantry-error.ts'
import { goText } from './go-text.ts'

type Reason = 'invalid' | 'unprocessable' | 'internal'

function patchError(reason: Reason, message: string): GantryError {
  return new GantryError('KUBERNETES_PATCH', reason, message, {
    remedy: 'See the strategic merge patch rules of the field, or send a JSON merge patch.',
  })
}

/** 400: a directive is malformed. */
export const badRetainKeys = (): GantryError => patchError('invalid', 'invalid patch format of retainKeys')
export const badPrimitiveList = (): GantryError => patchError('invalid', 'invalid patch format of primitive list')
export const badElementOrder = (): GantryError => patchError('invalid', 'invalid patch format of setElementOrder list')
/** 422. */
export const listOfLists = (): GantryError => patchError('unprocessable', 'lists of lists are not supported')
/** 500, as upstream answers them: a patch that does not fit the type. */
export const noMergeKey = (item: unknown, key: string): GantryError =>
  patchError('internal', `map: ${goText(item)} does not contain declared merge key: ${key}`)
export const badPatchType = (directive: unknown, item: unknown): GantryError =>
  patchError('internal', `unknown patch type: ${goText(directive)} in map: ${goText(item)}`)
export const mergeInList = (): GantryError =>
  patchError('internal', 'merging lists cannot yet be specified in the patch')
export const noKeyForList = (): GantryError => patchError('internal', 'cannot merge lists without merge key for struct')
export const notAMap = (index: number): GantryError => patchError('internal', `value for key ${index} is not a map`)
export const unknownField = (structName: string, field: string): GantryError =>
  patchError('internal', `unable to find api field in struct ${structName} for the json field ${JSON.stringify(field)}`)
export const notAStruct = (what: string): GantryError =>
  patchError('internal', `merging an object in json but data type is not struct, instead is: ${what}`)
export const wrongOrder = (patch: unknown, order: unknown): GantryError =>
  patchError(
    'internal',
    `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
  )

export const mixedList = (lists: readonly (readonly unknown[])[]): GantryError =>
  patchError('internal', `list element types are not identical: ${goText(lists)}`)

const numberType = (value: number): string => (Number.isInteger(value) ? 'int64' : 'float64')

/** What Go calls the type of a value that was read without one. */
export const goTypes = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return value === null ? '<nil>' : 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? numberType(value) : 'string'
}
export const badArgument = (expected: unknown, actual: unknown): GantryError =>
  patchError('internal', `expected a ${goTypes(expected)}, but received a ${goTypes(actual)}`)
