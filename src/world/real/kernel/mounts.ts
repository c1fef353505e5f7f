/** Mounts of this process's mount namespace. */
import { closeSync, constants, openSync, promises as fs } from 'node:fs'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { BindMount, Mounts, OverlayMount } from '#world/ports/kernel.ts'
import type { Libc } from './libc.ts'
import { parseMountInfo } from './mount-table.ts'
import { checkCall, systemError } from './system-error.ts'

const mountFlags: Readonly<Record<string, number>> = {
  ro: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  sync: 16,
  remount: 32,
  mand: 64,
  dirsync: 128,
  nosymfollow: 256,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  rbind: 4096 | 16_384,
  silent: 32_768,
  relatime: 1 << 21,
  strictatime: 1 << 24,
  lazytime: 1 << 25,
}
const recursive = 16_384
const propagations: Readonly<Record<NonNullable<BindMount['propagation']>, number>> = {
  private: 1 << 18,
  rprivate: (1 << 18) | recursive,
  slave: 1 << 19,
  rslave: (1 << 19) | recursive,
  shared: 1 << 20,
  rshared: (1 << 20) | recursive,
}

const errnos = { ENOENT: 2, E2BIG: 7, EINVAL: 22, ENOSYS: 38 } as const
const currentDirectory = -100
const attributeReadOnly = 1n
const atRecursive = 0x8000
const atEmptyPath = 0x1000
const openTreeClone = 1
const closeOnExec = 0o2000000
const fsopenCloseOnExec = 1
const configureString = 1
const configureCreate = 6
const moveFromEmptyPath = 4
/** A target is often `/proc/self/fd/N`, which is a link to what it names. */
const moveToLinkTarget = 0x10
/** mount(2) copies one page of option text and cuts the rest off without a word. */
const optionBytesMax = 4095
/** fsconfig(2) refuses longer strings on most kernels. */
const configureBytesMax = 255

/** The Mounts of the running kernel. Every call needs CAP_SYS_ADMIN; failures are system errors. */
export function createMounts(libc: Libc): Mounts {
  return {
    overlay: (mount) => mountOverlay(libc, mount),
    bind: (mount) => bindMount(libc, mount),
    tmpfs: (target, { sizeBytes, mode, data }) => {
      const options = [
        ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
        ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
        ...(data === undefined || data === '' ? [] : [data]),
      ]
      checkCall(libc, libc.mount('tmpfs', target, 'tmpfs', 0, options.join(',')), ['mount', target])
    },
    mount: ({ type, source, target, flags = [], data }) => {
      const bits = flags.reduce((sum, flag) => sum | flagOf(flag, target), 0)
      if (data !== undefined && Buffer.byteLength(data) > optionBytesMax)
        throw systemError('mount', errnos.E2BIG, target)
      checkCall(libc, libc.mount(source, target, type, bits, data ?? null), ['mount', target])
    },
    setPropagation: (target, propagation) => {
      checkCall(libc, libc.mount(null, target, null, propagations[propagation], null), ['mount', target])
    },
    unmount: (target, options = {}) => unmount(libc, target, options.detach === true),
    listBelow: async (path) => {
      const prefix = path.endsWith('/') ? path : `${path}/`
      const points = parseMountInfo(await fs.readFile('/proc/thread-self/mountinfo', 'utf8'))
      return points
        .filter((point) => point === path || point.startsWith(prefix))
        .toReversed()
        .sort((a, b) => depth(b) - depth(a))
    },
  }
}

function depth(path: string): number {
  return path === '/' ? 0 : path.split('/').length
}

function flagOf(flag: string, target: string): number {
  const bits = mountFlags[flag]
  if (bits === undefined)
    throw Object.assign(systemError('mount', errnos.EINVAL, target), {
      message: `EINVAL: unknown mount flag '${flag}', mount '${target}'`,
    })
  return bits
}

function unmount(libc: Libc, target: string, detach: boolean): boolean {
  const noFollow = 8
  if (libc.umount2(target, noFollow | (detach ? 2 : 0)) === 0) return true
  const errno = libc.errno()
  const nothingThere = errno === errnos.EINVAL || errno === errnos.ENOENT
  if (nothingThere) return false
  throw systemError('umount', errno, target)
}

function bindMount(libc: Libc, mount: BindMount): void {
  const { source, target, recursive: whole, readOnly, propagation } = mount
  const flags = (mountFlags['bind'] ?? 0) | (whole === true ? recursive : 0)
  if (mount.follows === true) bindFollowing(libc, mount)
  else checkCall(libc, libc.mount(source, target, null, flags, null), ['mount', target])
  try {
    if (readOnly === true) makeReadOnly(libc, target, whole === true)
    if (propagation !== undefined)
      checkCall(libc, libc.mount(null, target, null, propagations[propagation], null), ['mount', target])
  } catch (error) {
    libc.umount2(target, 2)
    throw error
  }
}

/**
 * A copy of a tree whose ties to the original are cut one way before anybody sees it: cut afterwards, the copies that
 * other namespaces got with it would hang on to the original.
 */
function bindFollowing(libc: Libc, { source, target, recursive: whole }: BindMount): void {
  const depthFlag = whole === true ? atRecursive : 0
  const tree = Number(
    checkCall(libc, libc.openTree(currentDirectory, source, openTreeClone | closeOnExec | depthFlag), [
      'open_tree',
      source,
    ]),
  )
  try {
    for (const propagation of [propagations.slave, propagations.shared]) {
      const attributes = Buffer.alloc(32)
      attributes.writeBigUInt64LE(BigInt(propagation), 16)
      const changed = libc.mountSetattr(tree, '', atEmptyPath | depthFlag, attributes, attributes.length)
      checkCall(libc, changed, ['mount_setattr', source])
    }
    checkCall(libc, libc.moveMount(tree, '', currentDirectory, target, moveFromEmptyPath | moveToLinkTarget), [
      'move_mount',
      target,
    ])
  } finally {
    closeSync(tree)
  }
}

/** Read-only for the mount, and for all below it where the kernel has mount_setattr (5.12). */
function makeReadOnly(libc: Libc, target: string, whole: boolean): void {
  const attributes = Buffer.alloc(32)
  attributes.writeBigUInt64LE(attributeReadOnly, 0)
  if (libc.mountSetattr(currentDirectory, target, whole ? atRecursive : 0, attributes, attributes.length) === 0) return
  const errno = libc.errno()
  if (errno !== errnos.ENOSYS) throw systemError('mount_setattr', errno, target)
  const flags = (mountFlags['bind'] ?? 0) | (mountFlags['remount'] ?? 0) | (mountFlags['ro'] ?? 0)
  checkCall(libc, libc.mount(null, target, null, flags, null), ['mount', target])
}

/**
 * Three ways, first that fits: option text (fast), fsconfig with `lowerdir+` (any number of layers, 6.5), and option
 * text of `/proc/self/fd/N` names (short whatever the paths are, any kernel).
 */
function mountOverlay(libc: Libc, mount: OverlayMount): void {
  const options = overlayOptions(mount)
  const paths = overlayPaths(mount)
  if (Buffer.byteLength(options) <= optionBytesMax && paths.every((path) => !/[:,\\]/.test(path))) {
    checkCall(libc, libc.mount('overlay', mount.target, 'overlay', 0, options), ['mount', mount.target])
    return
  }
  if (paths.every((path) => Buffer.byteLength(path) <= configureBytesMax) && configureOverlay(libc, mount)) return
  mountOverlayByDescriptors(libc, mount)
}

function overlayPaths({ lower, upper, work }: OverlayMount): string[] {
  return [...lower, ...(upper === undefined ? [] : [upper]), ...(work === undefined ? [] : [work])]
}

/**
 * Some kernels rename directories by reference and copy up without content unless told not to; a writable directory
 * must stand for itself, because layers are made of it.
 */
const overlayFeatures = [
  ['redirect_dir', 'off'],
  ['metacopy', 'off'],
] as const

function overlayOptions({ lower, upper, work }: OverlayMount): string {
  return `lowerdir=${lower.join(':')}${upper === undefined ? '' : `,upperdir=${upper}`}${work === undefined ? '' : `,workdir=${work}`},${overlayFeatures.map(([name, value]) => `${name}=${value}`).join(',')}`
}

/** False when this kernel's overlay does not know `lowerdir+`. */
function configureOverlay(libc: Libc, { lower, upper, work, target }: OverlayMount): boolean {
  const context = libc.fsopen('overlay', fsopenCloseOnExec)
  if (context < 0) return false
  let mounted = -1
  try {
    for (const [index, path] of lower.entries()) {
      if (libc.fsconfig(context, configureString, 'lowerdir+', path, 0) === 0) continue
      const errno = libc.errno()
      if (index === 0 && errno === errnos.EINVAL) return false
      throw systemError('fsconfig', errno, path)
    }
    if (upper !== undefined)
      checkCall(libc, libc.fsconfig(context, configureString, 'upperdir', upper, 0), ['fsconfig', upper])
    if (work !== undefined)
      checkCall(libc, libc.fsconfig(context, configureString, 'workdir', work, 0), ['fsconfig', work])
    for (const [name, value] of overlayFeatures)
      checkCall(libc, libc.fsconfig(context, configureString, name, value, 0), ['fsconfig', target])
    checkCall(libc, libc.fsconfig(context, configureCreate, null, null, 0), ['fsconfig', target])
    mounted = checkCall(libc, libc.fsmount(context, 1, 0), ['fsmount', target])
    checkCall(libc, libc.moveMount(mounted, '', currentDirectory, target, moveFromEmptyPath | moveToLinkTarget), [
      'move_mount',
      target,
    ])
    return true
  } finally {
    if (mounted >= 0) closeSync(mounted)
    closeSync(context)
  }
}

function mountOverlayByDescriptors(libc: Libc, { lower, upper, work, target }: OverlayMount): void {
  const open: number[] = []
  const shorten = (path: string): string => {
    const fd = openDirectory(path)
    open.push(fd)
    return `/proc/self/fd/${fd}`
  }
  try {
    const options = overlayOptions({
      lower: lower.map(shorten),
      target,
      ...(upper === undefined ? {} : { upper: shorten(upper) }),
      ...(work === undefined ? {} : { work: shorten(work) }),
    })
    if (Buffer.byteLength(options) > optionBytesMax) throw systemError('mount', errnos.E2BIG, target)
    checkCall(libc, libc.mount('overlay', target, 'overlay', 0, options), ['mount', target])
  } finally {
    for (const fd of open) closeSync(fd)
  }
}

function openDirectory(path: string): number {
  const pathOnly = 0o10000000
  try {
    return openSync(path, pathOnly | constants.O_DIRECTORY)
  } catch (error) {
    throw Object.assign(error as Error, { code: errnoOf(error), syscall: 'mount' })
  }
}
