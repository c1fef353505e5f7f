/** Secrets: `stringData` is a way of writing `data`. */
import type { ApiObject } from '../api-object.ts'
import { objectAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const secretStrategy: Partial<Strategy> = {
  internalize: foldStringData,
  prepareCreate: foldStringData,
  prepareUpdate: (next, old) => {
    const folded = foldStringData(next)
    return objectAt(folded)['type'] === undefined ? { ...folded, type: old['type'] } : folded
  },
}

/** Plain texts moved into `data`, base64-encoded. */
export function foldStringData(secret: ApiObject): ApiObject {
  const { stringData, ...rest } = secret
  if (stringData === undefined) return secret
  const texts = Object.entries(stringData as Readonly<Record<string, string>>)
  const added = texts.map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const)
  return { ...rest, data: { ...objectAt(secret, 'data'), ...Object.fromEntries(added) } } as ApiObject
}
