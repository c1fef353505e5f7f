/** A server that keeps its objects in etcd, ended and started again: on an etcd that lives as long as the measurement. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'

/**
 * Runs the row `restart` of this bench with an etcd of its own.
 * @param binary etcd's program. @param args of the bench. @returns what the row says; undefined where there is no etcd.
 */
export async function restartOnEtcd(
  binary: string,
  folder: string,
  args: readonly string[],
): Promise<string | undefined> {
  if (spawnSync(binary, ['--version']).status !== 0) return undefined
  const ports = await Promise.all([freePort(), freePort()])
  const [client = '', peer = ''] = ports.map((port) => `http://127.0.0.1:${port}`)
  const listen = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer]
  const member = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`]
  const child = spawn(binary, [...listen, ...member, '--data-dir', folder, '--log-level', 'panic'], { stdio: 'ignore' })
  try {
    const bench = join(import.meta.dirname, '../apiserver.ts')
    const again = ['-C', 'source', bench, ...args, '--etcd-servers', client, 'restart']
    const { stdout } = await promisify(execFile)(process.execPath, again)
    return /^restart +(.*?);/m.exec(stdout)?.[1] ?? 'failed'
  } finally {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
}
