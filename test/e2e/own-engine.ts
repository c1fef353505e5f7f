/** Engines that a test starts and ends itself, through the program's own commands; and what the machine holds for them. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { placesOf } from '#roles/engine/engine-places.ts'
import { run, type Outcome } from './target.ts'

export const gantry: string = join(import.meta.dirname, '../../gantry')
/** The program and its first words; GANTRY_E2E_SOURCES=1 runs the sources as they are, without a build. */
export const program: readonly [file: string, ...words: string[]] =
  process.env['GANTRY_E2E_SOURCES'] === '1'
    ? [process.execPath, '-C', 'source', join(import.meta.dirname, '../../src/main.ts')]
    : [gantry]

export interface OwnEngine extends AsyncDisposable {
  readonly root: string
  readonly instance: string
  readonly process: () => ChildProcess
  docker(...args: string[]): Outcome
  /** Starts it (again) and waits until it answers. */
  start(): Promise<void>
}

export interface OwnRoot {
  /** Makes of the fresh folder what the test needs (a small disk mounted there). */
  readonly prepare?: (root: string) => void
  /** Takes that back, when the engine and all of its own is gone. */
  readonly release?: (root: string) => void
}

/** An engine in a fresh root, with busybox copied from the engine under test. */
export async function startOwnEngine(name: string, { prepare, release }: OwnRoot = {}): Promise<OwnEngine> {
  const root = mkdtempSync(join(tmpdir(), `gantry-e2e-${name}-`))
  prepare?.(root)
  const { instance, socket } = placesOf(root)
  let child: ChildProcess | undefined
  const docker = (...args: string[]): Outcome => run('docker', args, { env: { DOCKER_HOST: `unix://${socket}` } })
  const start = async (): Promise<void> => {
    const [file, ...words] = program
    child = spawn(file, [...words, 'engine', '--root', root, '--log-level', 'error'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    for (let round = 0; round < 1200; round += 1) {
      if (docker('version', '-f', '{{.Server.Os}}').code === 0) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`engine ${name} did not start`)
  }
  await start()
  const copied = run('sh', ['-c', `docker save busybox | DOCKER_HOST=unix://${socket} docker load`])
  if (copied.code !== 0) throw new Error(copied.text)
  return {
    root,
    instance,
    docker,
    start,
    process: () => child as ChildProcess,
    [Symbol.asyncDispose]() {
      child?.kill('SIGTERM')
      const down = spawnSync(gantry, ['down', '--purge', '--time', '0', '--root', root], {
        encoding: 'utf8',
        timeout: 240_000,
      })
      if (down.status !== 0) return Promise.reject(new Error(`gantry down: ${down.stdout}${down.stderr}`))
      release?.(root)
      rmSync(root, { recursive: true, force: true })
      return Promise.resolve()
    },
  }
}

/** What the kernel holds that carries the engine's name, by kind. */
export function holdings({ root, instance }: OwnEngine): Readonly<Record<string, number>> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  const below = (path: string): string[] => mounts.filter((mount) => mount.startsWith(`${path}/`))
  const links = run('ip', ['-o', 'link']).stdout
  const table = run('nft', ['list', 'table', 'inet', `gantry_${instance}`]).stdout
  const processes = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && commandLine(name).includes(`/run/gantry/${instance}/`),
  )
  return {
    containerMounts: below(join(root, 'containers')).length + below(join(root, 'images')).length,
    namespaces: below(`/run/gantry/${instance}/networks`).length,
    veths: links.match(new RegExp(`ve${instance}`, 'g'))?.length ?? 0,
    cgroups: countCgroups(instance),
    monitors: processes.filter((pid) => commandLine(pid).includes('conmon')).length,
    publishedPorts: table.match(/(?:tcp|udp) \. \d+ : /g)?.length ?? 0,
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function countCgroups(instance: string): number {
  const found = run('sh', [
    '-c',
    `find /sys/fs/cgroup -mindepth 1 -type d -path '*/gantry-${instance}/*' | sed 's|.*/gantry-${instance}/||' | cut -d/ -f1 | sort -u | wc -l`,
  ])
  return Number(found.stdout)
}
