/**
 * The layer between an image and a container's writable one that has the places where the engine mounts things, so
 * that mounting them changes nothing the container or `docker diff` could see. Made once, read-only, for all containers.
 */
import type { Files } from '#world/ports/files.ts'

const directories = ['dev', 'dev/pts', 'dev/shm', 'proc', 'sys', 'etc']
const emptyFiles = ['.dockerenv', 'dev/console', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf']

/** Paths of the init layer, which a diff of a container leaves out. */
export const initLayerPaths: ReadonlySet<string> = new Set(
  [...directories, ...emptyFiles, 'etc/mtab'].map((path) => `/${path}`),
)

/** Makes the layer at `path` unless it is there. */
export async function makeInitLayer(files: Files, path: string): Promise<void> {
  if (await files.exists(path)) return
  const half = `${path}.half`
  await files.remove(half, { recursive: true, force: true })
  await files.makeDirectory(half, { recursive: true })
  for (const directory of directories) {
    await files.makeDirectory(`${half}/${directory}`)
    await files.chmod(`${half}/${directory}`, 0o755)
  }
  for (const file of emptyFiles) {
    await files.write(`${half}/${file}`, '', { exclusive: true })
    await files.chmod(`${half}/${file}`, 0o755)
  }
  await files.symlink('/proc/mounts', `${half}/etc/mtab`)
  for (const each of [...emptyFiles, 'etc/mtab', ...directories.toReversed()])
    await files.setTimes(`${half}/${each}`, 0)
  await files.chmod(half, 0o755)
  await files.rename(half, path)
}
