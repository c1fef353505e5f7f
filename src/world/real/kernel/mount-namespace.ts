/** A pinned private mount namespace, in which programs see binds that the host does not. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Mounts, Namespaces } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'

/** Arguments in pairs: source, target. */
const bindAll = 'set -e; while [ $# -gt 1 ]; do mount --bind "$1" "$2"; shift 2; done'

/**
 * The file is first bound onto itself and made private: the kernel refuses to pin a mount namespace where the pin
 * would propagate into the namespace itself. A child does the unshare, because a thread of ours could not come back.
 */
export function createMountPinner({
  mounts,
  run,
}: {
  mounts: Mounts
  run: Processes['run']
}): Namespaces['createMount'] {
  return async (path, binds) => {
    // A pin of an earlier run cannot be opened, only taken away.
    if (existsSync(path)) unpinMount(mounts, path)
    closeSync(openSync(path, 'a', 0o600))
    mounts.bind({ source: path, target: path, propagation: 'private' })
    const args = [
      `--mount=${path}`,
      '--propagation',
      'slave',
      '--',
      'sh',
      '-c',
      bindAll,
      'sh',
      ...binds.flatMap(({ source, target }) => [source, target]),
    ]
    const { exitCode, stderr } = await run('unshare', args, { timeoutMs: 10_000 })
    if (exitCode === 0) return
    unpinMount(mounts, path)
    throw new GantryError(
      'KERNEL_MOUNT_NAMESPACE',
      'unavailable',
      `cannot make a private mount namespace: ${stderr.trim()}`,
      {
        remedy:
          'Run as root where mount namespaces are allowed, with the util-linux programs unshare and mount installed.',
      },
    )
  }
}

/** Takes away every mount on the file, whatever an earlier run left there. */
export function unpinMount(mounts: Mounts, path: string): void {
  while (mounts.unmount(path, { detach: true }));
}
