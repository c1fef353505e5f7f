/** Device nodes that a container gets: those asked for, or all of the host's when it is privileged. */
import { join } from 'node:path'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { HostConfig } from '#spec/docker/container-config.ts'
import type { Files, FileStat } from '#world/ports/files.ts'
import type { SpecDevice } from '#engine/runtime/oci-spec.ts'

export type GrantedDevice = SpecDevice & { readonly access: string }

/** Folders of /dev that are not the host's to share: terminals, shared memory, descriptors. */
const privateFolders = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev'])
/** Nodes that the runtime makes itself. */
const runtimeNodes = new Set([
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '/dev/random',
  '/dev/urandom',
  '/dev/tty',
  '/dev/console',
  '/dev/ptmx',
])
const devicesMax = 4096

/** Linux packs device numbers in 64 bits: gnu_dev_major and gnu_dev_minor. */
export function splitDevice(rdev: number): { readonly major: number; readonly minor: number } {
  const bits = BigInt(rdev)
  const major = Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn))
  const minor = Number((bits & 0xffn) | ((bits >> 12n) & 0xffffff00n))
  return { major, minor }
}

function toDevice(path: string, stat: FileStat, access: string): GrantedDevice | undefined {
  if (stat.type !== 'character' && stat.type !== 'block') return undefined
  return {
    path,
    type: stat.type === 'block' ? 'b' : 'c',
    ...splitDevice(stat.rdev),
    fileMode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    access,
  }
}

/** A folder of devices on the host, where its devices appear, and what may be done with them. */
interface DeviceFolder {
  readonly source: string
  readonly target: string
  readonly access: string
}

async function walk(files: Files, { source, target, access }: DeviceFolder): Promise<GrantedDevice[]> {
  const found: GrantedDevice[] = []
  for (const entry of await files.list(source)) {
    if (found.length >= devicesMax) break
    const from = join(source, entry.name)
    const to = join(target, entry.name)
    if (entry.type === 'directory') {
      if (!privateFolders.has(entry.name)) found.push(...(await walk(files, { source: from, target: to, access })))
    } else if (entry.type === 'character' || entry.type === 'block') {
      const device = toDevice(to, await files.lstat(from), access)
      if (device !== undefined) found.push(device)
    }
  }
  return found
}

async function mapDevice(files: Files, mapping: HostConfig['Devices'][number]): Promise<GrantedDevice[]> {
  const { PathOnHost, PathInContainer, CgroupPermissions } = mapping
  const target = PathInContainer === undefined || PathInContainer === '' ? PathOnHost : PathInContainer
  const access = CgroupPermissions === undefined || CgroupPermissions === '' ? 'rwm' : CgroupPermissions
  const refuse = (reason: string): GantryError =>
    new GantryError(
      'ENGINE_DEVICE',
      'invalid',
      `error gathering device information while adding custom device "${PathOnHost}": ${reason}`,
      { remedy: 'Name a device node of the host.' },
    )
  let stat: FileStat
  try {
    stat = await files.stat(PathOnHost)
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? refuse('no such file or directory') : error
  }
  if (stat.type === 'directory') return walk(files, { source: PathOnHost, target, access })
  const device = toDevice(target, stat, access)
  if (device === undefined) throw refuse('not a device node')
  return [device]
}

/** @throws GantryError when a device that was asked for is none. */
export async function prepareDevices(files: Files, hostConfig: HostConfig): Promise<GrantedDevice[]> {
  if (hostConfig.Privileged) {
    const all = await walk(files, { source: '/dev', target: '/dev', access: 'rwm' })
    return all.filter((device) => !runtimeNodes.has(device.path))
  }
  const mapped = await Promise.all(hostConfig.Devices.map((mapping) => mapDevice(files, mapping)))
  return mapped.flat()
}
