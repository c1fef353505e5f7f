/** Taking links away. The kernel waits tens of milliseconds for that, so another process does the waiting. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { NetlinkSession } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'

export interface RemoveLinkDeps {
  readonly processes: Processes
  readonly host: NetlinkSession
}

/** Deletes a link of the host's namespace; a missing one is fine. */
export async function removeLink({ processes, host }: RemoveLinkDeps, name: string): Promise<void> {
  if (host.link(name) === undefined) return
  const program = await processes.find('ip')
  if (program !== undefined) {
    const { exitCode } = await processes.run(program, ['link', 'delete', 'dev', name], { timeoutMs: 10_000 })
    if (exitCode === 0 || host.link(name) === undefined) return
  }
  try {
    host.deleteLink(name)
  } catch (error) {
    if (errnoOf(error) !== 'ENODEV') throw error
  }
}
