/** `--chown`: names and numbers, looked up in the filesystem that is copied into. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Owner, RootedTree } from '../context/rooted-tree.ts'
import { stepFailed } from '../errors.ts'

const tableBytesMax = 1024 * 1024

/** `user[:group]`; a user alone names the group too. Throws `invalid` in Docker's words for names that are not there. */
export async function lookupOwner(text: string, tree: RootedTree, files: Files): Promise<Owner> {
  const parts = text.split(':')
  const [user = '', group = user] = parts
  if (parts.length > 2 || user === '') throw cannotConvert(`invalid chown string format: ${text}`)
  return {
    uid: await lookup({ name: user, file: '/etc/passwd', what: ['uid', 'user'] }, tree, files),
    gid: await lookup({ name: group, file: '/etc/group', what: ['gid', 'group'] }, tree, files),
  }
}

interface Wanted {
  readonly name: string
  readonly file: string
  readonly what: readonly [string, string]
}

async function lookup({ name, file, what }: Wanted, tree: RootedTree, files: Files): Promise<number> {
  if (/^\d{1,10}$/.test(name)) return Number(name)
  const id = findId(await readTable(file, tree, files), name)
  if (id !== undefined) return id
  throw cannotConvert(`can't find ${what[0]} for ${what[1]} ${name}: no such ${what[1]}: ${name}`)
}

/** The third field of the line that begins with a name. Pure. */
export function findId(table: string, name: string): number | undefined {
  for (const line of table.split('\n')) {
    const [entry, , id = ''] = line.split(':')
    if (entry === name && /^\d{1,10}$/.test(id)) return Number(id)
  }
  return undefined
}

async function readTable(file: string, tree: RootedTree, files: Files): Promise<string> {
  try {
    const found = await tree.stat(file)
    if (found?.stat.type !== 'file' || found.stat.sizeBytes > tableBytesMax) return ''
    return await tree.at(found.resolved, (path) => files.readText(path, { maxBytes: tableBytesMax }))
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return ''
    throw error
  }
}

function cannotConvert(why: string): Error {
  return stepFailed(`unable to convert uid/gid chown string to host mapping: ${why}`)
}
