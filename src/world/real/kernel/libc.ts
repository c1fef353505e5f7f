/** The C library's calls that the kernel port needs, bound once through koffi; raw results, no policy. */
import koffi from 'koffi'
import type { LibraryHandle } from 'koffi'

type Pointer = Uint8Array | null

/** File actions and attributes of posix_spawn are opaque: this many zeroed bytes hold either in any C library. */
export const spawnStateBytes = 512

/** Raw calls: -1 (or an errno for posix_spawn's family) on failure, `errno()` says why. */
export interface Libc {
  errno(): number
  mount(source: string | null, target: string, type: string | null, flags: number, data: string | null): number
  umount2(target: string, flags: number): number
  fsopen(type: string, flags: number): number
  fsconfig(fd: number, command: number, key: string | null, value: string | null, aux: number): number
  fsmount(fd: number, flags: number, attributes: number): number
  openTree(at: number, path: string, flags: number): number
  moveMount(fromFd: number, from: string, toFd: number, to: string, flags: number): number
  mountSetattr(fd: number, path: string, flags: number, attributes: Pointer, size: number): number
  openat2(fd: number, path: string, how: Pointer, size: number): number
  mknodat(fd: number, path: string, mode: number, device: number | bigint): number
  lgetxattr(path: string, name: string, value: Pointer, size: number): number
  lsetxattr(path: string, name: string, value: Pointer, size: number, flags: number): number
  lremovexattr(path: string, name: string): number
  llistxattr(path: string, list: Pointer, size: number): number
  flock(fd: number, operation: number): number
  unshare(flags: number): number
  setns(fd: number, type: number): number
  socket(domain: number, type: number, protocol: number): number
  connect(fd: number, address: Pointer, size: number): number
  bind(fd: number, address: Pointer, size: number): number
  listen(fd: number, backlog: number): number
  getsockname(fd: number, address: Pointer, size: Pointer): number
  setsockopt(fd: number, level: number, name: number, value: Pointer, size: number): number
  send(fd: number, data: Pointer, size: number, flags: number): number
  recv(fd: number, data: Pointer, size: number, flags: number): number
  pipe2(fds: Pointer, flags: number): number
  fcntl(fd: number, command: number, value: number): number
  ioctl(fd: number, request: number, argument: Pointer): number
  madvise(address: number, size: number, advice: number): number
  /** Of the GNU C library only. */
  mallocTrim: ((keptBytes: number) => number) | undefined
  kill(pid: number, signal: number): number
  waitpid(pid: number, status: Pointer, options: number): number
  posixSpawn(
    pid: Pointer,
    path: string,
    actions: Pointer,
    attributes: Pointer,
    argv: (string | null)[],
    env: (string | null)[],
  ): number
  spawnActionsInit(actions: Pointer): number
  spawnActionsDestroy(actions: Pointer): number
  spawnActionsDup2(actions: Pointer, fd: number, target: number): number
  spawnActionsOpen(actions: Pointer, fd: number, path: string, flags: number, mode: number): number
  spawnActionsChdir(actions: Pointer, path: string): number
  /** Absent from C libraries before glibc 2.34. */
  spawnActionsCloseFrom: ((actions: Pointer, first: number) => number) | undefined
  spawnAttributesInit(attributes: Pointer): number
  spawnAttributesDestroy(attributes: Pointer): number
  spawnAttributesFlags(attributes: Pointer, flags: number): number
  spawnAttributesSignalDefault(attributes: Pointer, set: Pointer): number
  spawnAttributesSignalMask(attributes: Pointer, set: Pointer): number
}

/** Numbers of calls that older C libraries do not wrap; the same on every architecture since 5.1. */
const numbers = {
  openTree: 428,
  moveMount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  openat2: 437,
  mountSetattr: 442,
} as const

/** C prototypes by our name; `syscall` entries get their number as first argument. */
const prototypes: Readonly<
  Record<Exclude<keyof Libc, 'errno'>, readonly [name: string, result: string, args: readonly string[]]>
> = {
  mount: ['mount', 'int', ['str', 'str', 'str', 'ulong', 'str']],
  umount2: ['umount2', 'int', ['str', 'int']],
  fsopen: ['syscall', 'long', ['long', 'str', 'uint']],
  fsconfig: ['syscall', 'long', ['long', 'int', 'uint', 'str', 'str', 'int']],
  fsmount: ['syscall', 'long', ['long', 'int', 'uint', 'uint']],
  openTree: ['syscall', 'long', ['long', 'int', 'str', 'uint']],
  moveMount: ['syscall', 'long', ['long', 'int', 'str', 'int', 'str', 'uint']],
  mountSetattr: ['syscall', 'long', ['long', 'int', 'str', 'uint', 'void *', 'size_t']],
  openat2: ['syscall', 'long', ['long', 'int', 'str', 'void *', 'size_t']],
  mknodat: ['mknodat', 'int', ['int', 'str', 'uint32', 'uint64']],
  lgetxattr: ['lgetxattr', 'long', ['str', 'str', 'void *', 'size_t']],
  lsetxattr: ['lsetxattr', 'int', ['str', 'str', 'void *', 'size_t', 'int']],
  lremovexattr: ['lremovexattr', 'int', ['str', 'str']],
  llistxattr: ['llistxattr', 'long', ['str', 'void *', 'size_t']],
  flock: ['flock', 'int', ['int', 'int']],
  unshare: ['unshare', 'int', ['int']],
  setns: ['setns', 'int', ['int', 'int']],
  socket: ['socket', 'int', ['int', 'int', 'int']],
  connect: ['connect', 'int', ['int', 'void *', 'uint']],
  bind: ['bind', 'int', ['int', 'void *', 'uint']],
  listen: ['listen', 'int', ['int', 'int']],
  getsockname: ['getsockname', 'int', ['int', 'void *', 'void *']],
  setsockopt: ['setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint']],
  send: ['send', 'long', ['int', 'void *', 'size_t', 'int']],
  recv: ['recv', 'long', ['int', 'void *', 'size_t', 'int']],
  pipe2: ['pipe2', 'int', ['void *', 'int']],
  fcntl: ['fcntl', 'int', ['int', 'int', 'long']],
  ioctl: ['ioctl', 'int', ['int', 'ulong', 'void *']],
  madvise: ['madvise', 'int', ['uintptr_t', 'size_t', 'int']],
  mallocTrim: ['malloc_trim', 'int', ['size_t']],
  kill: ['kill', 'int', ['int', 'int']],
  waitpid: ['waitpid', 'int', ['int', 'void *', 'int']],
  posixSpawn: ['posix_spawn', 'int', ['void *', 'str', 'void *', 'void *', 'str *', 'str *']],
  spawnActionsInit: ['posix_spawn_file_actions_init', 'int', ['void *']],
  spawnActionsDestroy: ['posix_spawn_file_actions_destroy', 'int', ['void *']],
  spawnActionsDup2: ['posix_spawn_file_actions_adddup2', 'int', ['void *', 'int', 'int']],
  spawnActionsOpen: ['posix_spawn_file_actions_addopen', 'int', ['void *', 'int', 'str', 'int', 'uint']],
  spawnActionsChdir: ['posix_spawn_file_actions_addchdir_np', 'int', ['void *', 'str']],
  spawnActionsCloseFrom: ['posix_spawn_file_actions_addclosefrom_np', 'int', ['void *', 'int']],
  spawnAttributesInit: ['posix_spawnattr_init', 'int', ['void *']],
  spawnAttributesDestroy: ['posix_spawnattr_destroy', 'int', ['void *']],
  spawnAttributesFlags: ['posix_spawnattr_setflags', 'int', ['void *', 'int16']],
  spawnAttributesSignalDefault: ['posix_spawnattr_setsigdefault', 'int', ['void *', 'void *']],
  spawnAttributesSignalMask: ['posix_spawnattr_setsigmask', 'int', ['void *', 'void *']],
}

/** Calls that an older C library may lack. */
const optional = new Set(['posix_spawn_file_actions_addclosefrom_np', 'malloc_trim'])

function bindCall(
  library: LibraryHandle,
  [name, result, args]: readonly [string, string, readonly string[]],
): ReturnType<LibraryHandle['func']> | undefined {
  try {
    return library.func(name, result, [...args])
  } catch (error) {
    if (optional.has(name)) return undefined
    throw error
  }
}

/** Binds the C library of the running program. Throws when there is none (koffi's own error). */
export function loadLibc(): Libc {
  const library = koffi.load('libc.so.6')
  const calls: Record<string, unknown> = { errno: () => koffi.errno() }
  for (const [key, [name, result, args]] of Object.entries(prototypes)) {
    const raw = bindCall(library, [name, result, args])
    if (raw === undefined) continue
    const number = name === 'syscall' ? numbers[key as keyof typeof numbers] : undefined
    calls[key] = number === undefined ? raw : raw.bind(undefined, number)
  }
  return calls as unknown as Libc
}
