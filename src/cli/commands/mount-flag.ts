/** The value of `--mount`: comma-separated fields, as the Engine API's Mount. */
import { failure } from '#cli/docker/exit.ts'
import { readGoBool } from '#base/data/go-bool.ts'
import { parseMemory } from '#cli/output/human-units.ts'

export interface MountRequest {
  Type: string
  Source?: string
  Target?: string
  ReadOnly?: boolean
  Consistency?: string
  BindOptions?: Record<string, unknown>
  VolumeOptions?: {
    NoCopy?: boolean
    Labels?: Record<string, string>
    DriverConfig?: { Name?: string; Options?: Record<string, string> }
    Subpath?: string
  }
  ImageOptions?: { Subpath?: string }
  TmpfsOptions?: { SizeBytes?: number; Mode?: number }
}

/** The fields of one CSV record; a quoted field may hold commas, `""` is a quote. */
export function csvFields(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((match) =>
    match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'),
  )
}

const dropped: ReadonlySet<string> = new Set(['bind-nonrecursive'])

/** Reads one `--mount`. `cwd` completes relative bind sources. Throws with the docker client's words. */
export function parseMount(text: string, cwd = '/'): MountRequest {
  const mount: MountRequest = { Type: 'volume' }
  if (text === '') throw failure('value is empty')
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase()
    if (field !== field.trim())
      throw failure(`invalid option '${key.trim()}' in '${field}': option should not have whitespace`)
    readField(mount, { key, value: equals < 0 ? undefined : field.slice(equals + 1), field, cwd })
  }
  if (mount.Type === '') throw failure('type is required')
  if ((mount.Target ?? '') === '') throw failure('target is required')
  checkOptions(mount)
  return mount
}

interface Field {
  readonly key: string
  readonly value: string | undefined
  readonly field: string
  readonly cwd: string
}

function readField(mount: MountRequest, field: Field): void {
  if (field.value === undefined && !flagKeys.has(field.key))
    throw failure(`invalid field '${field.field}' must be a key=value pair`)
  if (readPlace(mount, field)) return
  if (readOptions(mount, field)) return
  if (!dropped.has(field.key)) throw failure(`unknown option '${field.key}' in '${field.field}'`)
}

const flagKeys: ReadonlySet<string> = new Set([
  'readonly',
  'ro',
  'volume-nocopy',
  'bind-nonrecursive',
  'bind-create-src',
])

function truth({ key, value }: Field): boolean {
  if (value === undefined) return true
  const parsed = readGoBool(value)
  if (parsed === undefined) throw failure(`invalid value for ${key}: ${value}`)
  return parsed
}

const synonyms: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
}

function readPlace(mount: MountRequest, field: Field): boolean {
  const { value = '' } = field
  switch (synonyms[field.key] ?? field.key) {
    case 'type':
      mount.Type = value.toLowerCase()
      return true
    case 'source':
      mount.Source = /^\.\.?(\/|$)/.test(value) ? absolute(field.cwd, value) : value
      return true
    case 'target':
      mount.Target = value
      return true
    case 'readonly':
      if (truth(field)) mount.ReadOnly = true
      return true
    case 'consistency':
      mount.Consistency = value.toLowerCase()
      return true
    default:
      return false
  }
}

/** A path completed from the working folder, `.` and `..` resolved. */
export function absolute(cwd: string, path: string): string {
  const parts: string[] = []
  for (const part of `${path.startsWith('/') ? '' : cwd}/${path}`.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

function readOptions(mount: MountRequest, field: Field): boolean {
  const { key, value = '' } = field
  if (key.startsWith('bind-')) return readBindOption(mount, field)
  if (key.startsWith('volume-')) return readVolumeOption(mount, field)
  if (key === 'image-subpath') mount.ImageOptions = { Subpath: value }
  else if (key === 'tmpfs-size') {
    const size = parseMemory(value)
    if (size === undefined) throw failure(`invalid value for ${key}: ${value}`)
    mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: size }
  } else if (key === 'tmpfs-mode') {
    if (!/^[0-7]+$/.test(value)) throw failure(`invalid value for ${key}: ${value}`)
    mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: Number.parseInt(value, 8) }
  } else return false
  return true
}

function readBindOption(mount: MountRequest, field: Field): boolean {
  const { key, value = '' } = field
  const options = (mount.BindOptions ??= {})
  if (key === 'bind-propagation') options['Propagation'] = value.toLowerCase()
  else if (key === 'bind-nonrecursive') options['NonRecursive'] = truth(field)
  else if (key === 'bind-create-src') options['CreateMountpoint'] = truth(field)
  else if (key === 'bind-recursive') {
    if (value === 'disabled') options['NonRecursive'] = true
    else if (value === 'writable') options['ReadOnlyNonRecursive'] = true
    else if (value === 'readonly') options['ReadOnlyForceRecursive'] = true
    else if (value !== 'enabled')
      throw failure(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`)
  } else return false
  return true
}

function readVolumeOption(mount: MountRequest, field: Field): boolean {
  const { key, value = '' } = field
  const options = (mount.VolumeOptions ??= {})
  const pair = (): [string, string] => {
    const equals = value.indexOf('=')
    return equals < 0 ? [value, ''] : [value.slice(0, equals), value.slice(equals + 1)]
  }
  if (key === 'volume-nocopy') options.NoCopy = truth(field)
  else if (key === 'volume-subpath') options.Subpath = value
  else if (key === 'volume-label') options.Labels = { ...options.Labels, ...Object.fromEntries([pair()]) }
  else if (key === 'volume-driver') options.DriverConfig = { ...options.DriverConfig, Name: value }
  else if (key === 'volume-opt')
    options.DriverConfig = {
      ...options.DriverConfig,
      Options: { ...options.DriverConfig?.Options, ...Object.fromEntries([pair()]) },
    }
  else return false
  return true
}

function checkOptions(mount: MountRequest): void {
  const { Type: type } = mount
  if (mount.BindOptions !== undefined && type !== 'bind')
    throw failure(`cannot mix 'bind-*' options with mount type '${type}'`)
  if (mount.VolumeOptions !== undefined && type !== 'volume')
    throw failure(`cannot mix 'volume-*' options with mount type '${type}'`)
  if (mount.ImageOptions !== undefined && type !== 'image')
    throw failure(`cannot mix 'image-*' options with mount type '${type}'`)
  if (mount.TmpfsOptions !== undefined && type !== 'tmpfs')
    throw failure(`cannot mix 'tmpfs-*' options with mount type '${type}'`)
}
