/** Real etcd members on loopback for tests: started, killed, started again, and gone with all they wrote at the end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why the tests with etcd cannot run here; undefined where they can. */
export function etcdMissing(): string | undefined {
  return spawnSync('etcd', ['--version']).status === 0 ? undefined : 'no etcd: apt-get install etcd-server'
}

/** PEM files for members that speak TLS with clients. */
export interface MemberTls {
  readonly authorityFile: string
  readonly certificateFile: string
  readonly keyFile: string
}

/** A cluster of etcd members. */
export interface EtcdCluster extends AsyncDisposable {
  readonly endpoints: readonly string[]
  /** Ends a member at once, as kill -9 does. */
  kill(index: number): Promise<void>
  /** Starts a member again with what it has on its disk. */
  start(index: number): Promise<void>
  /** Where a member keeps its data. */
  folder(index: number): string
  /** Stops a member for a while (SIGSTOP), or has it go on. */
  hold(index: number, isHeld: boolean): void
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const startTriesMax = 3

/** Starts `count` members and waits until they listen. Another program may take a free port first: then on others. */
export async function startEtcdCluster(
  count: number,
  tls?: MemberTls,
  flags: readonly string[] = [],
): Promise<EtcdCluster> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startMembers(count, tls, flags)
    } catch (error) {
      if (attempt >= startTriesMax) throw error
    }
  }
}

async function startMembers(count: number, tls: MemberTls | undefined, flags: readonly string[]): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-etcd-'))
  const ports = await freePorts(count * 2)
  const scheme = tls === undefined ? 'http' : 'https'
  const members = Array.from({ length: count }, (_, index) => ({
    name: `m${index}`,
    client: `${scheme}://127.0.0.1:${ports[index * 2]}`,
    peer: `http://127.0.0.1:${ports[index * 2 + 1]}`,
  }))
  const peers = members.map(({ name, peer }) => `${name}=${peer}`).join(',')
  const running: (ChildProcess | undefined)[] = []
  const launch = (index: number): void => {
    const { name, client, peer } = members[index] as (typeof members)[number]
    running[index] = spawn(
      'etcd',
      [
        ...['--name', name, '--data-dir', join(folder, name), '--log-level', 'panic', '--logger', 'zap'],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', peers, '--heartbeat-interval', '50', '--election-timeout', '500', ...flags],
        ...(tls === undefined
          ? []
          : [
              '--cert-file',
              tls.certificateFile,
              '--key-file',
              tls.keyFile,
              '--client-cert-auth',
              '--trusted-ca-file',
              tls.authorityFile,
            ]),
      ],
      { stdio: 'ignore', env: { PATH: process.env['PATH'], ETCD_UNSUPPORTED_ARCH: process.arch } },
    )
  }
  const kill = async (index: number): Promise<void> => {
    const child = running[index]
    running[index] = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }
  const ready = async (index: number): Promise<void> => {
    await listening(Number(new URL(members[index]?.client ?? '').port), running[index])
  }
  for (const index of members.keys()) launch(index)
  const cluster: EtcdCluster = {
    endpoints: members.map(({ client }) => client),
    kill,
    start: async (index) => {
      launch(index)
      await ready(index)
    },
    folder: (index) => join(folder, `m${index}`),
    hold: (index, isHeld) => void running[index]?.kill(isHeld ? 'SIGSTOP' : 'SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(members.map((_, index) => kill(index)))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await Promise.all(members.map((_, index) => ready(index)))
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
  return cluster
}

async function listening(port: number, member: ChildProcess | undefined): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    if (member?.exitCode !== null) throw new Error('etcd has ended')
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    // A member that lost its port to somebody else ends at once.
    if (isOpen && attempt > 0) return
    await sleep(50)
  }
  throw new Error(`etcd does not listen on port ${port}`)
}
