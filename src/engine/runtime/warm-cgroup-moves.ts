/**
 * Takes a wait off the path of a start. Moving a process into a control group makes the kernel wait for a grace period
 * of all processors (5 to 20 ms), unless another move was made just before. While the runtime is still loading, the
 * engine therefore "moves" itself to where it is already: nothing changes, and the wait passes meanwhile.
 */
import { join } from 'node:path'
import type { Clock } from '#world/ports/clock.ts'
import type { Files, OpenFile } from '#world/ports/files.ts'

export interface WarmerDeps {
  readonly files: Files
  readonly clock: Clock
}

export interface CgroupWarmer extends AsyncDisposable {
  /** Begins the wait, unless one has just begun; returns at once and never fails. */
  warm(): void
}

const mountPoint = '/sys/fs/cgroup'
const membershipPath = '/proc/self/cgroup'
const membersBytesMax = 1 << 20
const membershipBytesMax = 4096
/** How a process names itself to the kernel. */
const self = Buffer.from('0')
/** The kernel stays ready this long at least after a move. */
const warmMs = 8

/** Files that say who is in the groups of a process, by its /proc/PID/cgroup (v2 last: beside v1 it is nearly empty). */
export function memberFiles(membership: string): string[] {
  const rows = membership
    .split('\n')
    .map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, number = '', controllers = '', group = '']) => {
      const hierarchy = number === '0' && controllers === '' ? '' : controllers.replace(/^name=/, '')
      return { unified: hierarchy === '', path: join(mountPoint, hierarchy, group, 'cgroup.procs') }
    })
  return [...rows.filter(({ unified }) => !unified), ...rows.filter(({ unified }) => unified)].map(({ path }) => path)
}

/** A path as seen from our own cgroup namespace may name another group in somebody else's mount: ours lists us. */
async function findOwnFile(files: Files, membership: string, pid: number): Promise<string | undefined> {
  for (const path of memberFiles(membership)) {
    const members = await files.readText(path, { maxBytes: membersBytesMax }).catch(() => '')
    if (members.split('\n').includes(String(pid))) return path
  }
  return undefined
}

class Warmer implements CgroupWarmer {
  readonly #deps: WarmerDeps
  readonly #pid: number
  readonly #buffer = new Uint8Array(membershipBytesMax)
  #membership: OpenFile | undefined
  #known: { readonly text: string; readonly file: OpenFile | undefined } | undefined
  #running: Promise<void> | undefined
  #lastMs = -warmMs
  #closed = false

  constructor(deps: WarmerDeps, pid: number) {
    this.#deps = deps
    this.#pid = pid
  }

  warm(): void {
    const { clock } = this.#deps
    if (this.#closed || this.#running !== undefined || clock.monotonicMs() - this.#lastMs < warmMs) return
    // Whatever goes wrong, the start only takes its usual time.
    this.#running = this.#move()
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined
        this.#lastMs = clock.monotonicMs()
      })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#running
    await this.#known?.file?.close()
    await this.#membership?.close()
  }

  async #move(): Promise<void> {
    const { files } = this.#deps
    // Files stay open: on this path every call counts. Where we are is asked each time, somebody may have moved us.
    this.#membership ??= await files.open(membershipPath, 'r')
    const length = await this.#membership.read(this.#buffer, 0)
    const text = Buffer.from(this.#buffer.subarray(0, length)).toString('utf8')
    if (this.#known?.text !== text) {
      const stale = this.#known
      this.#known = undefined
      await stale?.file?.close()
      const path = await findOwnFile(files, text, this.#pid)
      this.#known = { text, file: path === undefined ? undefined : await files.open(path, 'r+') }
    }
    await this.#known?.file?.write(self, 0)
  }
}

/** A warmer for the calling process, whose pid is given. Where control groups cannot be written it does nothing. */
export function createCgroupWarmer(deps: WarmerDeps, pid: number): CgroupWarmer {
  return new Warmer(deps, pid)
}
