/** What the engine knows of a volume, and how the API shows it. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { formatInstant } from '#world/ports/clock.ts'

export interface VolumeRecord {
  readonly name: string
  readonly driver: 'local'
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: number
  /** Nobody named it: prune may take it. */
  readonly anonymous: boolean
  /** The container it was made for, as long as it goes with it: without that container nobody can know of it. */
  readonly madeFor?: string
}

/** `Volume` of the Engine API. */
export interface VolumeView {
  readonly CreatedAt: string
  readonly Driver: string
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Mountpoint: string
  readonly Name: string
  readonly Options: Readonly<Record<string, string>> | null
  readonly Scope: 'local'
  readonly UsageData?: { readonly Size: number; readonly RefCount: number }
}

const orNull = <T extends object>(map: T): T | null => (Object.keys(map).length > 0 ? map : null)

/** A volume as list and inspect show it; times are cut to seconds as Docker does. */
export function viewVolume(record: VolumeRecord, mountpoint: string): VolumeView {
  return {
    CreatedAt: formatInstant(Math.floor(record.createdAt / 1000) * 1000),
    Driver: record.driver,
    Labels: orNull(record.labels),
    Mountpoint: mountpoint,
    Name: record.name,
    Options: orNull(record.options),
    Scope: 'local',
  }
}

/** What the local driver mounts on a volume's folder; undefined: nothing, the folder itself is the volume. */
export interface VolumeMountOptions {
  readonly type: string
  readonly device: string
  readonly words: readonly string[]
}

const knownOptions = new Set(['type', 'o', 'device', 'size'])

/**
 * Reads the local driver's options (`type`, `o`, `device`, as mount(8) takes them).
 * @throws GantryError for an option that the driver does not have, or an incomplete set.
 */
export function parseVolumeOptions(
  name: string,
  options: Readonly<Record<string, string>>,
): VolumeMountOptions | undefined {
  const unknown = Object.keys(options).find((key) => !knownOptions.has(key))
  const refuse = (reason: string): GantryError =>
    new GantryError('ENGINE_VOLUME_OPTION', 'invalid', `create ${name}: ${reason}`, {
      remedy: 'The local driver takes type, o and device.',
    })
  if (unknown !== undefined) throw refuse(`invalid option: "${unknown}"`)
  const { type = '', o = '', device = '' } = options
  if (options['size'] !== undefined) throw refuse('quota size requested but no quota support')
  if (type === '' && o === '' && device === '') return undefined
  if (device === '') throw refuse('missing required option: "device"')
  if (type === '' && !/(^|,)r?bind(,|$)/.test(o)) throw refuse('missing required option: "type"')
  return { type, device, words: o.split(',').filter((word) => word !== '') }
}
