/**
 * Starting programs with posix_spawn(3): the parent's size does not matter and the loop is not held up by fork.
 * Only the descriptors listed reach the child: ours are close-on-exec, and what we were started with is closed.
 */
import { closeSync } from 'node:fs'
import { spawnStateBytes } from './libc.ts'
import type { Libc } from './libc.ts'
import { systemError } from './system-error.ts'

const setSignalDefault = 0x04
const setSignalMask = 0x08
const setSession = 0x80
const duplicateCloseOnExec = 1030
const closeOnExec = 0o2000000
const readWrite = 2

export interface SpawnRequest {
  /** The program itself, no search. */
  readonly path: string
  readonly argv: readonly string[]
  readonly env: readonly string[]
  readonly cwd?: string
  /** Our descriptor for each number of the child, or 'null' for /dev/null. */
  readonly descriptors: readonly (number | 'null')[]
  readonly session: boolean
}

/** Starts the program and answers with its pid; throws the system error of the exec when it cannot start. */
export function posixSpawn(libc: Libc, request: SpawnRequest): number {
  const actions = Buffer.alloc(spawnStateBytes)
  const attributes = Buffer.alloc(spawnStateBytes)
  const moved: number[] = []
  libc.spawnActionsInit(actions)
  libc.spawnAttributesInit(attributes)
  try {
    addDescriptors(libc, { actions, moved, request })
    if (request.cwd !== undefined) must(libc.spawnActionsChdir(actions, request.cwd), request.cwd)
    addAttributes(libc, attributes, request.session)
    const pid = Buffer.alloc(4)
    must(
      libc.posixSpawn(pid, request.path, actions, attributes, [...request.argv, null], [...request.env, null]),
      request.path,
    )
    return pid.readInt32LE(0)
  } finally {
    libc.spawnActionsDestroy(actions)
    libc.spawnAttributesDestroy(attributes)
    for (const fd of moved) closeSync(fd)
  }
}

/** These calls return the errno itself. */
function must(errno: number, subject: string): void {
  if (errno !== 0) throw systemError('posix_spawn', errno, subject)
}

interface DescriptorPlan {
  readonly actions: Uint8Array
  /** Copies made on the way, closed by the caller. */
  readonly moved: number[]
  readonly request: SpawnRequest
}

/** A descriptor of ours with a number that the child also uses is copied above all of those first. */
function addDescriptors(libc: Libc, { actions, moved, request }: DescriptorPlan): void {
  const { descriptors } = request
  const sources = descriptors.map((source, target) => {
    if (source === 'null' || source >= descriptors.length || source === target) return source
    const copy = libc.fcntl(source, duplicateCloseOnExec, descriptors.length)
    if (copy < 0) throw systemError('fcntl', libc.errno(), request.path)
    moved.push(copy)
    return copy
  })
  for (const [target, source] of sources.entries()) {
    if (source === 'null') must(libc.spawnActionsOpen(actions, target, '/dev/null', readWrite, 0), request.path)
    else must(libc.spawnActionsDup2(actions, source, target), request.path)
  }
  if (libc.spawnActionsCloseFrom !== undefined)
    must(libc.spawnActionsCloseFrom(actions, descriptors.length), request.path)
}

/** The child starts with no signal blocked or ignored (we ignore SIGPIPE, which would pass through exec). */
function addAttributes(libc: Libc, attributes: Uint8Array, session: boolean): void {
  const all = Buffer.alloc(128, 0xff)
  const none = Buffer.alloc(128)
  libc.spawnAttributesSignalDefault(attributes, all)
  libc.spawnAttributesSignalMask(attributes, none)
  libc.spawnAttributesFlags(attributes, setSignalDefault | setSignalMask | (session ? setSession : 0))
}

/** A pipe as [read end, write end], both close-on-exec. */
export function makePipe(libc: Libc): readonly [read: number, write: number] {
  const ends = Buffer.alloc(8)
  if (libc.pipe2(ends, closeOnExec) < 0) throw systemError('pipe2', libc.errno())
  return [ends.readInt32LE(0), ends.readInt32LE(4)]
}
