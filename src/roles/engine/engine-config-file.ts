/**
 * The engine's configuration file: JSON with the keys of dockerd's daemon.json, so that an existing file can be handed
 * over. Each key says what a flag says; saying it twice is a mistake, and so is a key that there is not. Pure but for
 * the reading.
 */
import { GantryError, errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { CommandFlags } from '#roles/commands/command-flags.ts'

/** Of the machine's main engine, unless told otherwise. */
export const defaultConfigFile = '/etc/gantry/daemon.json'

const fileBytesMax = 1 << 20

/** A value of the file as the flag's values; undefined when it has another form. */
type Reader = (value: unknown) => readonly string[] | undefined

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const text: Reader = (value) => (typeof value === 'string' ? [value] : undefined)
const texts: Reader = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
const number: Reader = (value) => (typeof value === 'number' ? [String(value)] : undefined)
const flag: Reader = (value) => (typeof value === 'boolean' ? [String(value)] : undefined)

const pairs: Reader = (value) =>
  isRecord(value) && Object.values(value).every((item) => typeof item === 'string')
    ? Object.entries(value).map(([key, item]) => `${key}=${String(item)}`)
    : undefined

const pools: Reader = (value) => {
  if (!Array.isArray(value)) return undefined
  const rows = value.map((item: unknown) =>
    isRecord(item) && typeof item['base'] === 'string' && typeof item['size'] === 'number'
      ? `base=${item['base']},size=${item['size']}`
      : undefined,
  )
  return rows.every((row) => row !== undefined) ? rows : undefined
}

const programs: Reader = (value) => {
  if (!isRecord(value)) return undefined
  const rows = Object.entries(value).map(([name, item]) =>
    isRecord(item) && typeof item['path'] === 'string' && Object.keys(item).every((key) => key === 'path')
      ? `${name}=${item['path']}`
      : undefined,
  )
  return rows.every((row) => row !== undefined) ? rows : undefined
}

/** Keys of the file: the flag that says the same, and how its values are written. */
const keys: Readonly<Record<string, readonly [flag: string, read: Reader]>> = {
  'add-runtimes': ['add-runtime', programs],
  bip: ['bip', text],
  'default-address-pools': ['default-address-pool', pools],
  'default-runtime': ['default-runtime', text],
  dns: ['dns', texts],
  'dns-opts': ['dns-opt', texts],
  'dns-search': ['dns-search', texts],
  group: ['group', text],
  hosts: ['host', texts],
  icc: ['icc', flag],
  'insecure-registries': ['insecure-registry', texts],
  'log-driver': ['log-driver', text],
  'log-level': ['log-level', text],
  'log-opts': ['log-opt', pairs],
  mtu: ['mtu', number],
  'registry-mirrors': ['registry-mirror', texts],
  runtimes: ['add-runtime', programs],
  tls: ['tls', flag],
  tlscacert: ['tlscacert', text],
  tlscert: ['tlscert', text],
  tlskey: ['tlskey', text],
  tlsverify: ['tlsverify', flag],
}

function wrong(path: string, complaint: string, cause?: unknown): GantryError {
  return new GantryError(
    'ROLES_CONFIG_FILE',
    'invalid',
    `unable to configure the engine with file ${path}: ${complaint}`,
    {
      cause,
      remedy: `Correct ${path}; its keys are those of dockerd's daemon.json.`,
    },
  )
}

function parse(path: string, content: string): Readonly<Record<string, unknown>> {
  let document: unknown
  try {
    document = content.trim() === '' ? {} : JSON.parse(content)
  } catch (cause) {
    throw wrong(path, messageOf(cause), cause)
  }
  if (!isRecord(document)) throw wrong(path, 'it is not an object')
  return document
}

function isGiven(flags: CommandFlags, name: string): boolean {
  return flags.values.has(name) || flags.switches.has(name)
}

/** `switches` are flags without a value: they are set by `true` alone. */
function addTo(
  merged: { readonly values: Map<string, readonly string[]>; readonly switches: Set<string> },
  [name, values]: readonly [string, readonly string[]],
  switches: readonly string[],
): void {
  if (!switches.includes(name)) merged.values.set(name, [...(merged.values.get(name) ?? []), ...values])
  else if (values[0] === 'true') merged.switches.add(name)
}

/**
 * The flags with what the file says added.
 * @throws GantryError ROLES_CONFIG_FILE for JSON that is none, unknown keys, values of another form, and what a flag says too.
 */
export function mergeConfigFile(
  flags: CommandFlags,
  {
    path,
    content,
    switches,
  }: { readonly path: string; readonly content: string; readonly switches: readonly string[] },
): CommandFlags {
  const document = parse(path, content)
  const unknown = Object.keys(document).filter((key) => !Object.hasOwn(keys, key))
  if (unknown.length > 0)
    throw wrong(path, `the following directives don't match any configuration option: ${unknown.join(', ')}`)
  const merged = { values: new Map(flags.values), switches: new Set(flags.switches), words: flags.words }
  const twice: string[] = []
  for (const [key, value] of Object.entries(document)) {
    const [name, read] = keys[key] ?? [key, text]
    const values = read(value)
    if (values === undefined) throw wrong(path, `${key} has a value of the wrong form: ${JSON.stringify(value)}`)
    // Of the flags that name a list, dockerd adds up nothing either: one place says it.
    if (isGiven(flags, name)) twice.push(`${key}: (from flag: ${shown(flags, name)}, from file: ${values.join(', ')})`)
    else addTo(merged, [name, values], switches)
  }
  if (twice.length > 0)
    throw wrong(
      path,
      `the following directives are specified both as a flag and in the configuration file: ${twice.join(', ')}`,
    )
  return merged
}

function shown(flags: CommandFlags, name: string): string {
  return flags.values.get(name)?.join(', ') ?? 'true'
}

/** The file's text; undefined when nobody asked for it and it is not there. @throws GantryError when it cannot be read. */
export async function readConfigFile(files: Files, path: string, asked: boolean): Promise<string | undefined> {
  try {
    return await files.readText(path, { maxBytes: fileBytesMax })
  } catch (cause) {
    if (!asked && errnoOf(cause) === 'ENOENT') return undefined
    throw wrong(path, messageOf(cause), cause)
  }
}
