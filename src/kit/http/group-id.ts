/** The group that may use a unix socket, by name (group(5)). */
import type { Files } from '#world/ports/files.ts'

/** The id of the first of `names` that this machine has, or undefined when it has none: the caller then warns and keeps the socket to its own group. */
export async function findGroupId(files: Files, names: readonly string[]): Promise<number | undefined> {
  if (!(await files.exists('/etc/group'))) return undefined
  const groups = parseGroups(await files.readText('/etc/group', { maxBytes: 4 * 1024 * 1024 }))
  for (const name of names) {
    const id = groups.get(name) ?? (/^\d{1,9}$/.test(name) ? Number(name) : undefined)
    if (id !== undefined) return id
  }
  return undefined
}

/** Ids by name; malformed lines are skipped, of two equal names the first counts. */
export function parseGroups(text: string): ReadonlyMap<string, number> {
  const groups = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':')
    if (name !== '' && /^\d{1,10}$/.test(id) && !groups.has(name)) groups.set(name, Number(id))
  }
  return groups
}
