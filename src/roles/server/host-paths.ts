/** The directories of volumes that the built-in provisioner makes: real folders, in one place under the cluster's own. */
import type { HostPaths } from '#cluster/controllers/volumes/host-path-provisioner.ts'
import type { Files } from '#world/ports/files.ts'

/** Any user that a pod runs as may write into its volume. */
const volumeMode = 0o777

/** Directories below one folder, which must be named from the root. */
export function hostPathsUnder(files: Files, directory: string): HostPaths {
  return {
    directory,
    async make(path) {
      await files.makeDirectory(path, { recursive: true })
      await files.chmod(path, volumeMode)
    },
    remove: (path) => files.remove(path, { recursive: true, force: true }),
  }
}
