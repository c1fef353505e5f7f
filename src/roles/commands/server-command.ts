/** `gantry server`: runs a control plane in the foreground until it is told to stop. */
import type { CommandHost } from './command-host.ts'
import { openCommandLog } from './command-log.ts'
import { startServer } from '#roles/server/server.ts'
import { parseServerFlags, serverHelp } from '#roles/server/server-flags.ts'

/** Runs the command. @returns the exit code. */
export async function runServerCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = parseServerFlags(argv, world.processes.self.cwd)
  if (flags === 'help') {
    terminal.stdout.write(serverHelp)
    return 0
  }
  const log = openCommandLog({ world, terminal }, flags.logLevel)
  const stop = Promise.withResolvers<string>()
  using _ = terminal.onSignal(['SIGINT', 'SIGTERM'], stop.resolve)
  const server = await startServer(world, log, flags)
  log.info('server ready', { url: server.url, kubeconfigPath: server.kubeconfig })
  const signal = await stop.promise
  log.info('server stopping', { signal })
  await server[Symbol.asyncDispose]()
  return 0
}
