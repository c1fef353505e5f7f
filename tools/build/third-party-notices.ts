/** The licences of the packages that are inside the bundle: they ask to be passed on with copies. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The notices of the packages among a bundle's inputs (paths below the root), one after the other by name. */
export function noticesOf(root: string, inputs: readonly string[]): string {
  const folders = inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(folders)]
    .toSorted()
    .map((folder) => noticeOf(join(root, folder)))
    .join('\n')
}

function noticeOf(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly version: string
    readonly license?: string
  }
  const texts = globSync('{LICEN[SC]E,license,NOTICE}*', { cwd: folder }).toSorted()
  const words = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`== ${about.name} ${about.version} (${about.license ?? 'see its licence'})`, ...words, ''].join('\n\n')
}
