/** Files of `key=value` lines and lists of the same, as `--env-file`, `--label-file` and `--label` take them. */
import { errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { CliIo } from '#cli/docker/cli-io.ts'
import { failure } from '#cli/docker/exit.ts'
import { absolute } from './mount-flag.ts'

/** `a=b` entries as a map; an entry without `=` has the value ''. */
export function keyValues(entries: readonly string[]): Readonly<Record<string, string>> {
  const map: Record<string, string> = {}
  for (const entry of entries) {
    const equals = entry.indexOf('=')
    map[equals < 0 ? entry : entry.slice(0, equals)] = equals < 0 ? '' : entry.slice(equals + 1)
  }
  return map
}

async function readLines(io: CliIo, path: string): Promise<readonly string[]> {
  let text: string
  try {
    text = await io.files.readText(absolute(io.cwd, path), { maxBytes: 64 * 1024 * 1024 })
  } catch (cause) {
    throw failure(`open ${path}: ${goError(cause)}`, cause)
  }
  if (text.includes('\0') || text.includes('\uFFFD')) throw failure(`invalid utf8 bytes in file ${path}`)
  return text.replace(/^\uFEFF/, '').split('\n')
}

/** A system error in Go's words. */
export function goError(cause: unknown): string {
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'is a directory',
    ENOTDIR: 'not a directory',
    EEXIST: 'file exists',
  }
  return words[errnoOf(cause) ?? ''] ?? messageOf(cause)
}

/** Variables of a file: comments and blank lines dropped, bare names taken from the environment when they are there. */
export async function readEnvFile(io: CliIo, path: string): Promise<readonly string[]> {
  return parse(await readLines(io, path), path, (name) => {
    const value = io.env[name]
    return value === undefined ? undefined : `${name}=${value}`
  })
}

/** Labels of a file; a bare name has an empty value. */
export async function readLabelFile(io: CliIo, path: string): Promise<readonly string[]> {
  return parse(await readLines(io, path), path, (name) => name)
}

function parse(lines: readonly string[], path: string, bare: (name: string) => string | undefined): readonly string[] {
  const out: string[] = []
  for (const raw of lines) {
    const line = raw.replace(/\r$/, '').trimStart()
    if (line === '' || line.startsWith('#')) continue
    const equals = line.indexOf('=')
    const name = equals < 0 ? line.trimEnd() : line.slice(0, equals)
    if (/\s/.test(name)) throw failure(`invalid env file (${path}): variable '${name}' contains whitespaces`)
    if (name === '') throw failure(`invalid env file (${path}): no variable name on line '${line}'`)
    const entry = equals < 0 ? bare(name) : line
    if (entry !== undefined) out.push(entry)
  }
  return out
}
