/** What an idle engine's machine and folders hold that no container or image of it owns. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { OwnEngine } from './own-engine.ts'
import { run } from './target.ts'

interface Owners {
  readonly running: ReadonlySet<string>
  readonly all: ReadonlySet<string>
}

const list = (path: string): string[] => (existsSync(path) ? readdirSync(path) : [])
const readOr = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** What settles by itself (ends that an engine found when it started, interfaces of ended namespaces) gets this long. */
const settleMs = 120_000

/** Waits until everything has an owner. @throws naming what has none in the end; `when` says at which point of the test. */
export async function expectNoLeaks(engine: OwnEngine, when: string): Promise<void> {
  const deadline = performance.now() + settleMs
  let leaks = findLeaks(engine)
  while (leaks.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    leaks = findLeaks(engine)
  }
  assert.deepEqual(leaks, [], when)
}

/** Everything that has no owner, in words; empty when all is well. */
function findLeaks(engine: OwnEngine): string[] {
  const ids = (...flags: string[]): Set<string> =>
    new Set(
      engine
        .docker('ps', '-q', '--no-trunc', ...flags)
        .stdout.split('\n')
        .filter(Boolean),
    )
  const owners = { running: ids(), all: ids('-a') }
  return [
    ...leakedFolders(engine, owners),
    ...leakedMounts(engine, owners),
    ...leakedProcesses(engine, owners),
    ...leakedCgroups(engine, owners),
    ...leakedLinks(engine, owners),
    ...leakedLayers(engine, owners),
    ...leakedVolumes(engine),
  ]
}

function leakedFolders({ root, instance }: OwnEngine, { running, all }: Owners): string[] {
  const runDirectory = `/run/gantry/${instance}`
  const short = new Set([...running].map((id) => id.slice(0, 24)))
  const rows: [string, string, (name: string) => boolean][] = [
    ['bundle', join(runDirectory, 'b'), (name) => short.has(name)],
    ['exit file', join(runDirectory, 'exits'), () => false],
    ['runtime state', join(runDirectory, 'runtime'), (name) => running.has(name)],
    ['namespace', join(runDirectory, 'networks/netns'), (name) => running.has(name)],
    ['sandbox', join(runDirectory, 'networks/sandboxes'), (name) => running.has(name.replace(/\.json$/, ''))],
    ['snapshot', join(root, 'images/snapshots/by-key'), (name) => all.has(name)],
    ['view', join(root, 'images/snapshots/views'), () => false],
    ['doomed snapshot', join(root, 'images/snapshots/doomed'), () => false],
    ['half-made layer', join(root, 'images/layers/incoming'), () => false],
    ['half-made blob', join(root, 'images/content/incoming'), () => false],
    ['container folder', join(root, 'containers'), (name) => all.has(name)],
    ['build context', join(root, 'build'), () => false],
  ]
  return rows.flatMap(([kind, folder, owned]) =>
    list(folder)
      .filter((name) => !owned(name))
      .map((name) => `${kind} ${name}`),
  )
}

function leakedMounts({ root, instance }: OwnEngine, { running }: Owners): string[] {
  const short = new Set([...running].map((id) => id.slice(0, 24)))
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  const owned = (path: string): boolean => {
    const snapshot = /\/snapshots\/by-key\/([^/]+)\//.exec(path)?.[1]
    if (snapshot !== undefined) return running.has(snapshot)
    const bundle = /\/b\/([^/]+)\//.exec(path)?.[1]
    if (bundle !== undefined) return short.has(bundle)
    const pin = /\/netns\/([^/]+)$/.exec(path)?.[1]
    if (pin !== undefined) return running.has(pin)
    return path.endsWith('/mount-namespace') || path.endsWith('/no-controllers')
  }
  return mounts
    .filter((path) => path.startsWith(`${root}/`) || path.startsWith(`/run/gantry/${instance}/`))
    .filter((path) => !owned(path))
    .map((path) => `mount ${path}`)
}

function leakedProcesses({ instance }: OwnEngine, { running }: Owners): string[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const words = readOr(`/proc/${pid}/cmdline`).split('\0')
      const program = (words[0] ?? '').split('/').at(-1) ?? ''
      if (
        !/^(conmon|crun|runc|nsenter)$/.test(program) ||
        !words.some((word) => word.includes(`/run/gantry/${instance}/`))
      )
        return []
      const id = words[words.indexOf('-c') + 1] ?? ''
      return running.has(id) ? [] : [`process ${pid}: ${words.join(' ').slice(0, 200)}`]
    })
}

function leakedCgroups({ instance }: OwnEngine, { running }: Owners): string[] {
  const found = run('sh', ['-c', `find /sys/fs/cgroup -mindepth 1 -type d -path '*/gantry-${instance}/*'`]).stdout
  const groups = new Set(
    found.split('\n').flatMap((path) => path.split(`/gantry-${instance}/`)[1]?.split('/')[0] ?? []),
  )
  return [...groups]
    .filter((name) => !running.has(name.replace(/^.*?([0-9a-f]{64}).*$/, '$1')))
    .map((name) => `cgroup ${name}`)
}

function leakedLinks({ instance }: OwnEngine, { running }: Owners): string[] {
  const veths = run('ip', ['-o', 'link']).stdout.match(new RegExp(`ve${instance}`, 'g'))?.length ?? 0
  const ports =
    run('nft', ['list', 'table', 'inet', `gantry_${instance}`]).stdout.match(/(?:tcp|udp) \. \d+ : /g)?.length ?? 0
  return [
    ...(veths > running.size ? [`${veths} interfaces for ${running.size} containers`] : []),
    ...(ports > running.size ? [`${ports} published ports for ${running.size} containers`] : []),
  ]
}

/** Volumes that nobody named and that no container has; folders without a volume. */
function leakedVolumes(engine: OwnEngine): string[] {
  const names = (...flags: string[]): string[] =>
    engine
      .docker('volume', 'ls', '-q', ...flags)
      .stdout.split('\n')
      .filter(Boolean)
  const all = new Set(names())
  return [
    ...names('-f', 'dangling=true')
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map((name) => `volume ${name}`),
    ...list(join(engine.root, 'volumes'))
      .filter((name) => !all.has(name))
      .map((name) => `folder of volume ${name}`),
  ]
}

/** Layers that neither an image nor a container stands on. */
function leakedLayers(engine: OwnEngine, { all }: Owners): string[] {
  const lines = (text: string): string[] => text.split('\n').filter(Boolean)
  const images = [...new Set(lines(engine.docker('images', '-aq', '--no-trunc').stdout))]
  const layersOf = (ids: readonly string[]): string[] =>
    ids.length === 0
      ? []
      : lines(engine.docker('inspect', '-f', '{{range .RootFS.Layers}}{{println .}}{{end}}', ...ids).stdout)
  const used = new Set(layersOf(images).map((digest) => digest.replace(/^sha256:/, '')))
  for (const id of all) {
    const text = readOr(join(engine.root, 'images/snapshots/by-key', id, 'snapshot.json'))
    for (const [, hex = ''] of text.matchAll(/sha256:([0-9a-f]{64})/g)) used.add(hex)
  }
  return list(join(engine.root, 'images/layers/sha256'))
    .filter((hex) => !used.has(hex))
    .map((hex) => `layer ${hex}`)
}
