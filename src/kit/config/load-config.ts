/**
 * Configuration from a YAML file, the environment and flags as one checked object; later ones win. A mistake names
 * the place it was made in and the closest known key; all mistakes are told at once.
 */
import { YAMLParseError, parse as parseYaml } from 'yaml'
import { GantryError, errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import { closestMatch } from '#base/schema/closest-match.ts'
import type { Schema } from '#base/schema/schema.ts'
import { formatProblems, validate } from '#base/schema/validate.ts'
import type { Files } from '#world/ports/files.ts'
import { type SettingValues, type Settings, environmentNameOf, flagNameOf } from './setting.ts'

/** Where the file is unless told. */
export const defaultConfigPath = '/etc/gantry/config.yaml'

/** No sensible file is longer. */
const fileBytesMax = 1024 * 1024

export interface ConfigSources {
  /** The file's text, with its path for messages; undefined for none. */
  readonly file?: { readonly path: string; readonly text: string }
  /** The environment; only names with GANTRY_ count. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Flags by their names without dashes; lists for repeated ones. */
  readonly flags?: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  /** Environment variables with GANTRY_ that are somebody else's. */
  readonly otherVariables?: readonly string[]
}

/** Where a value came from. */
export type ConfigOrigin = 'default' | 'file' | 'environment' | 'flag'

export interface Config<S extends Settings> {
  readonly values: SettingValues<S>
  readonly origins: Readonly<Record<keyof S, ConfigOrigin>>
}

/**
 * Reads the configuration file; a missing one is no mistake unless it was asked for.
 * @throws GantryError CONFIG_UNREADABLE.
 */
export async function readConfigFile(files: Files, path: string | undefined): Promise<ConfigSources['file']> {
  const chosen = path ?? defaultConfigPath
  try {
    return { path: chosen, text: await files.readText(chosen, { maxBytes: fileBytesMax }) }
  } catch (cause) {
    if (path === undefined && errnoOf(cause) === 'ENOENT') return undefined
    throw new GantryError(
      'CONFIG_UNREADABLE',
      'invalid',
      `cannot read the configuration ${chosen}: ${messageOf(cause)}`,
      {
        cause,
        remedy: 'Check the path and its permissions.',
      },
    )
  }
}

interface Found {
  readonly value: unknown
  readonly origin: ConfigOrigin
  /** The name it was given under, for messages. */
  readonly source: string
}

/**
 * The checked configuration.
 * @throws GantryError CONFIG_INVALID naming every mistake.
 */
export function loadConfig<S extends Settings>(settings: S, sources: ConfigSources): Config<S> {
  const mistakes: string[] = []
  const found = new Map<string, Found>()
  fromFile(settings, sources.file, { found, mistakes })
  fromEnvironment(settings, sources, { found, mistakes })
  fromFlags(settings, sources.flags ?? {}, { found, mistakes })
  const values: Record<string, unknown> = {}
  const origins: Record<string, ConfigOrigin> = {}
  for (const [key, row] of Object.entries(settings)) {
    const given = found.get(key)
    origins[key] = given?.origin ?? 'default'
    values[key] = given === undefined ? row.default : checked(row.schema, given, mistakes)
  }
  if (mistakes.length > 0) {
    const text = mistakes.length === 1 ? ` ${mistakes[0]}` : `\n${mistakes.join('\n')}`
    throw new GantryError('CONFIG_INVALID', 'invalid', `invalid configuration:${text}`, {
      remedy: 'Correct the named settings.',
    })
  }
  return { values: values as SettingValues<S>, origins: origins as Record<keyof S, ConfigOrigin> }
}

interface Findings {
  readonly found: Map<string, Found>
  readonly mistakes: string[]
}

function checked(schema: Schema<unknown>, given: Found, mistakes: string[]): unknown {
  const result = validate(schema, given.value)
  if (result.ok) return result.value
  for (const problem of result.problems) {
    const joint = problem.path === '' || problem.path.startsWith('[') ? '' : '.'
    mistakes.push(formatProblems([{ path: `${given.source}${joint}${problem.path}`, message: problem.message }]))
  }
  return undefined
}

function fromFile(settings: Settings, file: ConfigSources['file'], into: Findings): void {
  if (file === undefined) return
  let document: unknown
  try {
    document = parseYaml(file.text, { maxAliasCount: 100, uniqueKeys: true })
  } catch (error) {
    if (!(error instanceof YAMLParseError) && !(error instanceof ReferenceError)) throw error
    into.mistakes.push(`${file.path}: ${messageOf(error)}`)
    return
  }
  if (document === null || document === undefined) return
  if (typeof document !== 'object' || Array.isArray(document))
    into.mistakes.push(`${file.path}: expected settings, one a line`)
  else walk(document as Record<string, unknown>, '', { settings, path: file.path, into })
}

interface Walk {
  readonly settings: Settings
  readonly path: string
  readonly into: Findings
}

/** Keys may be written nested or dotted. */
function walk(node: Readonly<Record<string, unknown>>, prefix: string, at: Walk): void {
  for (const [name, value] of Object.entries(node)) {
    const key = prefix === '' ? name : `${prefix}.${name}`
    if (Object.hasOwn(at.settings, key)) at.into.found.set(key, { value, origin: 'file', source: `${at.path}: ${key}` })
    else if (isGroup(at.settings, key) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
      walk(value as Record<string, unknown>, key, at)
    } else at.into.mistakes.push(`${at.path}: ${key} is not known${hint(key, Object.keys(at.settings))}`)
  }
}

function isGroup(settings: Settings, key: string): boolean {
  return Object.keys(settings).some((one) => one.startsWith(`${key}.`))
}

function hint(word: string, known: readonly string[]): string {
  const closest = closestMatch(word, known)
  return closest === undefined ? '' : `; did you mean ${closest}?`
}

function fromEnvironment(settings: Settings, sources: ConfigSources, into: Findings): void {
  const keys = new Map(Object.keys(settings).map((key) => [environmentNameOf(key), key]))
  for (const [name, text] of Object.entries(sources.environment ?? {})) {
    if (!name.startsWith('GANTRY_') || text === undefined || sources.otherVariables?.includes(name) === true) continue
    const key = keys.get(name)
    if (key === undefined) into.mistakes.push(`${name} is not known${hint(name, [...keys.keys()])}`)
    else into.found.set(key, { value: fromText(settings[key]?.schema, text), origin: 'environment', source: name })
  }
}

function fromFlags(settings: Settings, flags: NonNullable<ConfigSources['flags']>, into: Findings): void {
  const keys = new Map(Object.keys(settings).map((key) => [flagNameOf(key), key]))
  for (const [name, given] of Object.entries(flags)) {
    if (given === undefined) continue
    const key = keys.get(name)
    if (key === undefined) {
      into.mistakes.push(
        `--${name} is not known${hint(
          `--${name}`,
          [...keys.keys()].map((flag) => `--${flag}`),
        )}`,
      )
      continue
    }
    const value = typeof given === 'string' ? fromText(settings[key]?.schema, given) : given
    into.found.set(key, { value, origin: 'flag', source: `--${name}` })
  }
}

/** Text as the value that the schema most likely means: the text itself where that fits, else its YAML reading, else a list at commas. */
function fromText(schema: Schema<unknown> | undefined, text: string): unknown {
  if (schema === undefined || validate(schema, text).ok) return text
  let read: unknown
  try {
    read = parseYaml(text, { maxAliasCount: 0 })
  } catch {
    // Text that is no YAML is only text.
    return text
  }
  if (validate(schema, read).ok) return read
  const list = text.split(',').map((part) => part.trim())
  return validate(schema, list).ok ? list : read
}

/** The table as Markdown rows for the reference page, sorted by key. */
export function describeSettings(settings: Settings): string {
  const rows = Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const lines = rows.map(([key, row]) => {
    const value = row.secret === true ? '' : `\`${JSON.stringify(row.default)}\``
    return `| \`${key}\` | \`${environmentNameOf(key)}\` | \`--${flagNameOf(key)}\` | ${row.schema.expects} | ${value} | ${row.description} ${row.reason} |`
  })
  return [
    '| key | variable | flag | value | default | meaning |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}
