/** Paths as words, the way Go's path package treats them. Nothing here looks at a filesystem. */

/** Shortest equivalent of a slash path (path.Clean): no `.`, no inner `..`, no double slashes; empty becomes `.`. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!rooted) parts.push('..')
  }
  const joined = parts.join('/')
  if (rooted) return `/${joined}`
  return joined === '' ? '.' : joined
}

/** Joins and cleans (path.Join): empty parts are left out. */
export function joinPath(...parts: readonly string[]): string {
  const present = parts.filter((part) => part !== '')
  return present.length === 0 ? '' : cleanPath(present.join('/'))
}

/** Last element (path.Base): `.` for nothing, `/` for the root. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  if (trimmed === '') return path === '' ? '.' : '/'
  return trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

/** All but the last element (path.Dir), cleaned. */
export function directoryName(path: string): string {
  const slash = path.lastIndexOf('/')
  return cleanPath(path.slice(0, slash + 1))
}
