/**
 * What is on disk of running containers' networks. It lives where the machine's restart wipes it, as the kernel's part does.
 *
 *     RUN/netns/CONTAINER            pinned network namespace
 *     RUN/sandboxes/CONTAINER.json   its Sandbox
 */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Sandbox } from './network-record.ts'

const sandboxBytesMax = 1 << 20

export interface SandboxFiles {
  netnsPath(containerId: string): string
  save(sandbox: Sandbox): Promise<void>
  remove(containerId: string): Promise<void>
  /** Every sandbox whose namespace is still there; leftovers of both kinds are removed. */
  load(): Promise<Sandbox[]>
}

export function createSandboxFiles(
  { files, kernel }: { readonly files: Files; readonly kernel: Kernel },
  runDirectory: string,
): SandboxFiles {
  const pins = `${runDirectory}/netns`
  const records = `${runDirectory}/sandboxes`
  const netnsPath = (containerId: string): string => `${pins}/${containerId}`
  const remove = async (containerId: string): Promise<void> => {
    await files.remove(`${records}/${containerId}.json`, { force: true })
    kernel.namespaces.deleteNetwork(netnsPath(containerId))
  }
  return {
    netnsPath,
    save: (sandbox) => files.replace(`${records}/${sandbox.containerId}.json`, JSON.stringify(sandbox)),
    remove,
    load: async () => {
      await files.makeDirectory(pins, { recursive: true, mode: 0o711 })
      await files.makeDirectory(records, { recursive: true, mode: 0o700 })
      const pinned = new Set((await files.list(pins)).map(({ name }) => name))
      const mounted = new Set(await kernel.mounts.listBelow(pins))
      const found: Sandbox[] = []
      for (const { name } of await files.list(records)) {
        const containerId = name.replace(/\.json$/, '')
        const sandbox = await readSandbox(files, `${records}/${name}`)
        // A container in the host's namespace has no pin; without one the others' record is from before the machine started.
        const stands = sandbox !== undefined && (sandbox.onHost === true || mounted.has(netnsPath(containerId)))
        if (stands) found.push(sandbox)
        else await files.remove(`${records}/${name}`, { force: true })
        if (stands) pinned.delete(containerId)
      }
      for (const containerId of pinned) await remove(containerId)
      return found
    },
  }
}

/** Undefined for a file that no engine finished writing. */
async function readSandbox(files: Files, path: string): Promise<Sandbox | undefined> {
  try {
    return JSON.parse(await files.readText(path, { maxBytes: sandboxBytesMax })) as Sandbox
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
