/** Reads what the API's types mean from the JavaScript client's declarations: hundreds of small files, once, when asked for. */
import { join } from 'node:path'
import {
  classNamesOf,
  type DescribeType,
  readDeclaration,
  type TypeWords,
} from '#spec/kubernetes/openapi/type-words.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import type { Files } from '#world/ports/files.ts'

/** Where the declarations lie below the project's folder. */
export const declarationsFolder = 'node_modules/@kubernetes/client-node/dist/gen/models'
const filesAtOnce = 32

/** The words of all types whose declarations are in `folder`. @throws when the folder cannot be read. */
export async function readTypeWords(files: Files, folder: string): Promise<DescribeType> {
  const present = new Set((await files.list(folder)).map(({ name }) => name))
  const wanted = builtInTypes.names().flatMap((type) => {
    const file = classNamesOf(type)
      .map((name) => `${name}.d.ts`)
      .find((name) => present.has(name))
    return file === undefined ? [] : [{ type, file }]
  })
  const words = new Map<string, TypeWords>()
  const readNext = async (): Promise<void> => {
    for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
      // oxlint-disable-next-line no-await-in-loop -- several of these loops run side by side
      words.set(next.type, readDeclaration(await files.readText(join(folder, next.file))))
    }
  }
  await Promise.all(Array.from({ length: filesAtOnce }, readNext))
  return (type) => words.get(type)
}
