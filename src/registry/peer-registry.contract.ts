/** Only for tests: the registries they talk to, ours and Debian's, each on a free loopback port with a folder of its own. */
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Network } from '#world/ports/network.ts'
import type { Processes } from '#world/ports/processes.ts'
import { join } from 'node:path'

export interface PeerRegistry extends AsyncDisposable {
  readonly url: string
  readonly host: string
}

export interface PeerDeps {
  readonly clock: Clock
  readonly files: Files
  readonly network: Network
  readonly processes: Processes
}

/** Starts Debian's docker-registry below `directory`; undefined when it is not installed. `htpasswd` is the text of its password file. */
export async function startPeerRegistry(
  deps: PeerDeps,
  directory: string,
  options: { readonly htpasswd?: string } = {},
): Promise<PeerRegistry | undefined> {
  const program = await deps.processes.find('docker-registry')
  if (program === undefined) return undefined
  const reserved = await deps.network.listen({ host: '127.0.0.1', port: 0 }, (socket) => socket.destroy())
  const { port } = reserved
  await reserved[Symbol.asyncDispose]()
  let auth = ''
  if (options.htpasswd !== undefined) {
    await deps.files.write(join(directory, 'htpasswd'), options.htpasswd)
    auth = `auth: {htpasswd: {realm: test, path: ${join(directory, 'htpasswd')}}}\n`
  }
  const config = join(directory, 'peer.yml')
  await deps.files.write(
    config,
    `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${join(directory, 'peer-data')}}, delete: {enabled: true}, cache: {blobdescriptor: inmemory}}
http: {addr: "127.0.0.1:${port}"}
${auth}`,
  )
  const child = deps.processes.spawn(program, ['serve', config])
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await child.exited
  }
  for (let tries = 0; tries < 2400; tries += 1) {
    const socket = await deps.network.dial({ host: '127.0.0.1', port }).catch(() => undefined)
    if (socket !== undefined) {
      socket.destroy()
      return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, [Symbol.asyncDispose]: stop }
    }
    await deps.clock.sleep(25)
  }
  await stop()
  throw new Error('docker-registry did not start')
}
