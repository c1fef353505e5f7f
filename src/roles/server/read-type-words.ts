/**
 * Reads what the API's types mean from declarations that other packages carry: hundreds of small files, once, when asked
 * for. The JavaScript client is of the release that is served, but leaves fields without words whose type has a name of
 * its own, and runs paragraphs together; the older kubernetes-types has those.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { joinWords } from '#spec/kubernetes/openapi/join-words.ts'
import {
  classNamesOf,
  type DescribeType,
  readDeclaration,
  readInterfaces,
  type TypeWords,
} from '#spec/kubernetes/openapi/type-words.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import type { Files } from '#world/ports/files.ts'

const filesAtOnce = 32

/** The words of all types. @throws when a package's folder cannot be found or read. */
export async function readTypeWords(files: Files): Promise<DescribeType> {
  const client = dirname(fileURLToPath(import.meta.resolve('@kubernetes/client-node')))
  const types = dirname(fileURLToPath(import.meta.resolve('kubernetes-types/package.json')))
  const newer = await readClasses(files, join(client, 'gen/models'))
  const older = await readGroups(files, types)
  const ofTypes = builtInTypes.names().flatMap((type) => [newer(type)?.text ?? '', older(type)?.text ?? ''])
  return joinWords(newer, older, new Set(ofTypes))
}

async function readClasses(files: Files, folder: string): Promise<DescribeType> {
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
      // Several of these loops run side by side.
      words.set(next.type, readDeclaration(await files.readText(join(folder, next.file))))
    }
  }
  await Promise.all(Array.from({ length: filesAtOnce }, readNext))
  return (type) => words.get(type)
}

/** One file for each group version: `apps/v1.d.ts`. A group version that has none is without words. */
async function readGroups(files: Files, folder: string): Promise<DescribeType> {
  const versions = new Set(builtInTypes.names().map(groupVersionOf))
  const groups = new Map<string, ReadonlyMap<string, TypeWords>>()
  await Promise.all(
    [...versions].map(async (of) => {
      const source = await files.readText(join(folder, `${of}.d.ts`)).catch(() => '')
      groups.set(of, readInterfaces(source))
    }),
  )
  return (type) => groups.get(groupVersionOf(type))?.get(type.slice(type.lastIndexOf('.') + 1))
}

/** `apps/v1` of `io.k8s.api.apps.v1.Deployment`. */
function groupVersionOf(type: string): string {
  return type.split('.').slice(-3, -1).join('/')
}
