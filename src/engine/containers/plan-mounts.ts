/** What `-v`, `--mount`, `--tmpfs`, `--volumes-from` and an image's VOLUME lines ask for, as one list of mounts. Pure. */
import { posix } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HostConfig, MountRequest } from '#spec/docker/container-config.ts'
import type { ContainerMount } from './container-record.ts'

export interface PlannedMount {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image'
  /** Host path of a bind, name of a volume (empty: to be invented), reference of an image. */
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
  /** As given with `-v`; shown by inspect. */
  readonly mode: string
  readonly propagation: string
  readonly copyUp: boolean
  readonly recursive: boolean
  readonly createSource: boolean
  readonly driver: string
  readonly driverOptions: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly subpath?: string
  readonly tmpfs?: readonly string[]
}

export interface MountsRequest {
  /** Folder of the engine's own state: what it mounts below must not stay mounted for a container's sake. */
  readonly engineRoot: string
  readonly hostConfig: HostConfig
  /** `Volumes` of the merged configuration: the image's and the user's anonymous ones. */
  readonly volumes: readonly string[]
  /** Mounts of the containers that `--volumes-from` names, with that option's mode, in order. */
  readonly inherited: readonly { readonly mount: ContainerMount; readonly readOnly: boolean }[]
}

export interface MountsPlan {
  /** New mounts, in the order they were asked for. */
  readonly planned: readonly PlannedMount[]
  /** Mounts taken over from other containers. */
  readonly inherited: readonly ContainerMount[]
}

const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']
const modeWords = new Set(['ro', 'rw', 'z', 'Z', 'nocopy', 'consistent', 'cached', 'delegated', ...propagations])
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

function invalid(message: string, remedy?: string): GantryError {
  return new GantryError('ENGINE_MOUNT_INVALID', 'invalid', message, remedy === undefined ? {} : { remedy })
}

const invalidSpecification = (raw: string): GantryError =>
  invalid(`invalid volume specification: '${raw}'`, 'Use SOURCE:TARGET[:OPTIONS] with an absolute target.')

function checkMode(mode: string): string[] {
  const words = mode === '' ? [] : mode.split(',')
  const count = (group: readonly string[]): number => words.filter((word) => group.includes(word)).length
  const valid =
    words.every((word) => modeWords.has(word)) &&
    count(['ro', 'rw']) <= 1 &&
    count(['z', 'Z']) <= 1 &&
    count(propagations) <= 1
  if (!valid || new Set(words).size !== words.length)
    throw invalid(`invalid mode: ${mode}`, 'Options are ro, rw, z, Z, nocopy and mount propagation.')
  return words
}

function checkTarget(target: string, type: string): string {
  if (target === '') throw invalid(`invalid mount config for type "${type}": field Target must not be empty`)
  const clean = posix.normalize(target)
  if (clean === '/')
    throw invalid(`invalid mount config for type "${type}": invalid specification: destination can't be '/'`)
  if (!clean.startsWith('/'))
    throw invalid(
      `invalid mount config for type "${type}": invalid mount path: '${target}' mount path must be absolute`,
    )
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean
}

const plain = { driver: '', driverOptions: {}, labels: {}, recursive: true, createSource: false }

/** The up to three parts of `SOURCE:TARGET:OPTIONS`; a lone part is the target of an anonymous volume. */
function splitBind(raw: string): {
  readonly source: string
  readonly target: string
  readonly mode: string | undefined
} {
  const parts = raw.split(':')
  const [first = '', second = '', mode] = parts
  const onlyMode = parts.length === 2 && second.split(',').every((word) => modeWords.has(word))
  if (parts.length > 3 || first === '' || (parts.length > 1 && second === '') || onlyMode)
    throw invalidSpecification(raw)
  return parts.length === 1 ? { source: '', target: first, mode: undefined } : { source: first, target: second, mode }
}

function checkBindTarget(raw: string, target: string, type: string): string {
  try {
    return checkTarget(target, type)
  } catch (error) {
    if (error instanceof GantryError) throw invalid(`invalid volume specification: '${raw}': ${error.message}`)
    throw error
  }
}

/** One `-v` value (moby `volume/mounts/linux_parser.go`). @throws GantryError in Docker's words. */
export function parseBind(raw: string, volumeDriver: string): PlannedMount {
  const { source, target, mode } = splitBind(raw)
  const words = checkMode(mode ?? '')
  const bind = source.startsWith('/')
  if (!bind && source !== '' && !volumeName.test(source)) throw badVolumeName(source)
  const type = bind ? 'bind' : 'volume'
  const propagation = words.find((word) => propagations.includes(word))
  const [impliedMode, impliedPropagation] = bind ? ['', 'rprivate'] : [source === '' ? '' : 'z', '']
  return {
    ...plain,
    type,
    source: bind ? posix.normalize(source) : source,
    target: checkBindTarget(raw, target, type),
    readOnly: words.includes('ro'),
    mode: mode ?? impliedMode,
    propagation: propagation ?? impliedPropagation,
    copyUp: !bind && !words.includes('nocopy'),
    createSource: bind,
    driver: volumeDriver,
  }
}

function badVolumeName(name: string): GantryError {
  return invalid(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  )
}

function tmpfsOptions(request: MountRequest): string[] {
  const { SizeBytes, Mode, Options } = request.TmpfsOptions ?? {}
  return [
    ...(request.ReadOnly === true ? ['ro'] : []),
    ...(Mode === undefined || Mode === 0 ? [] : [`mode=${Mode.toString(8)}`]),
    ...(SizeBytes === undefined || SizeBytes === 0 ? [] : [`size=${SizeBytes}`]),
    ...(Options ?? []).map((option) => option.join('=')),
  ]
}

/** Options belong to one type of mount each. */
function checkOptions(request: MountRequest, refuse: (reason: string) => GantryError): void {
  const rows: [string, object | null | undefined, string][] = [
    ['BindOptions', request.BindOptions, 'bind'],
    ['VolumeOptions', request.VolumeOptions, 'volume'],
    ['TmpfsOptions', request.TmpfsOptions, 'tmpfs'],
  ]
  const foreign = rows.find(([, value, owner]) => value !== undefined && value !== null && owner !== request.Type)
  if (foreign !== undefined) throw refuse(`field ${foreign[0]} must not be specified`)
}

function planVolumeMount(
  request: MountRequest,
  base: Omit<PlannedMount, 'type'>,
  refuse: (reason: string) => GantryError,
): PlannedMount {
  const { Source = '', VolumeOptions: options = {} } = request
  if (Source !== '' && !volumeName.test(Source)) throw badVolumeName(Source)
  const { Name: driver = '', Options: driverOptions = {} } = options.DriverConfig ?? {}
  return {
    ...base,
    type: 'volume',
    mode: 'z',
    copyUp: options.NoCopy !== true && options.Subpath === undefined,
    driver,
    driverOptions,
    labels: options.Labels ?? {},
    ...subpathOf(options.Subpath, refuse),
  }
}

/** One `--mount` value as the API carries it. @throws GantryError in Docker's words. */
export function parseMount(request: MountRequest): PlannedMount {
  const { Type: type, Source = '' } = request
  const refuse = (reason: string): GantryError => invalid(`invalid mount config for type "${type}": ${reason}`)
  if (!['bind', 'volume', 'tmpfs', 'image'].includes(type)) throw refuse('mount type unknown')
  const target = checkTarget(request.Target, type)
  checkOptions(request, refuse)
  const base = {
    ...plain,
    target,
    source: Source,
    readOnly: request.ReadOnly === true,
    mode: '',
    propagation: '',
    copyUp: false,
  }
  if (type === 'volume') return planVolumeMount(request, base, refuse)
  if (type === 'bind') return planBindMount(request, base, refuse)
  if (type === 'image') return { ...base, type, readOnly: true, ...subpathOf(request.ImageOptions?.Subpath, refuse) }
  if (Source !== '') throw refuse('field Source must not be specified')
  return { ...base, type: 'tmpfs', tmpfs: tmpfsOptions(request) }
}

function planBindMount(
  request: MountRequest,
  base: Omit<PlannedMount, 'type'>,
  refuse: (reason: string) => GantryError,
): PlannedMount {
  const { Source = '', BindOptions = {} } = request
  if (Source === '') throw refuse('field Source must not be empty')
  if (!Source.startsWith('/'))
    throw invalid(`invalid mount config for type "bind": invalid mount path: '${Source}' mount path must be absolute`)
  const propagation =
    BindOptions.Propagation === undefined || BindOptions.Propagation === '' ? 'rprivate' : BindOptions.Propagation
  if (!propagations.includes(propagation)) throw refuse(`invalid propagation mode: ${propagation}`)
  return {
    ...base,
    type: 'bind',
    source: posix.normalize(Source),
    propagation,
    recursive: BindOptions.NonRecursive !== true,
    createSource: BindOptions.CreateMountpoint === true,
  }
}

function subpathOf(
  subpath: string | undefined,
  refuse: (reason: string) => GantryError,
): { readonly subpath?: string } {
  if (subpath === undefined || subpath === '') return {}
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    throw refuse('subpath must be a relative path within the volume')
  return { subpath }
}

/** `--tmpfs` words its complaints without naming the kind of mount. */
function checkTmpfsTarget(target: string): string {
  const clean = posix.normalize(target)
  if (clean === '/') throw invalid("invalid specification: destination can't be '/'")
  if (!clean.startsWith('/')) throw invalid(`invalid mount path: '${target}' mount path must be absolute`)
  return checkTarget(target, 'tmpfs')
}

/** Whether a bind would carry the engine's own mounts into the container with no way to see them go (moby does so too). */
function holdsEngine({ type, source, propagation }: PlannedMount, engineRoot: string): boolean {
  const folder = source.endsWith('/') ? source : `${source}/`
  return type === 'bind' && propagation === 'rprivate' && `${engineRoot}/`.startsWith(folder)
}

/** All mounts of a new container. @throws GantryError for a bad value, or two mounts at one place. */
export function planMounts(request: MountsRequest): MountsPlan {
  const { hostConfig } = request
  const explicit = new Map<string, PlannedMount>()
  const tmpfs = new Map(
    Object.entries(hostConfig.Tmpfs ?? {}).map(([target, options]) => [checkTmpfsTarget(target), options]),
  )
  const add = (mount: PlannedMount): void => {
    if (explicit.has(mount.target) || tmpfs.has(mount.target)) throw invalid(`Duplicate mount point: ${mount.target}`)
    explicit.set(mount.target, holdsEngine(mount, request.engineRoot) ? { ...mount, propagation: 'rslave' } : mount)
  }
  for (const raw of hostConfig.Binds ?? []) add(parseBind(raw, hostConfig.VolumeDriver))
  for (const mount of hostConfig.Mounts ?? []) add(parseMount(mount))
  for (const [target, options] of tmpfs) {
    const words = options.split(',').filter((word) => word !== '')
    explicit.set(target, {
      ...plain,
      type: 'tmpfs',
      source: '',
      target,
      readOnly: words.includes('ro'),
      mode: '',
      propagation: '',
      copyUp: false,
      tmpfs: words,
    })
  }
  const inherited = new Map<string, ContainerMount>()
  for (const { mount, readOnly } of request.inherited) {
    if (explicit.has(mount.point.Destination)) continue
    inherited.set(mount.point.Destination, readOnly ? { ...mount, point: { ...mount.point, RW: false } } : mount)
  }
  const anonymous = request.volumes
    .map((target) => checkTarget(target, 'volume'))
    .filter((target) => !explicit.has(target) && !inherited.has(target))
    .map((target): PlannedMount => ({
      ...plain,
      type: 'volume',
      source: '',
      target,
      readOnly: false,
      mode: '',
      propagation: '',
      copyUp: true,
      driver: hostConfig.VolumeDriver,
    }))
  return { planned: [...explicit.values(), ...anonymous], inherited: [...inherited.values()] }
}
