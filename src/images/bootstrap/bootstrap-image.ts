/**
 * Base images made on this machine from Debian packages and npm, for where no registry is: same packages, same image
 * id. What cannot be downloaded is an error that says what to do; nothing half-made stays.
 */
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Leases } from '#images/content/content-types.ts'
import type { LayerStore } from '#images/layers/layer-types.ts'
import type { ImageRecords } from '#images/records/image-records.ts'
import type { ImageConfig } from '#spec/oci/image-config.ts'
import { familiarReference, parseReference } from '#spec/oci/reference.ts'
import type { Files } from '#world/ports/files.ts'
import type { Machine } from '#world/ports/machine.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Random } from '#world/ports/random.ts'
import { basePath, baseRecipes } from './base-images.table.ts'
import type { BaseRecipe } from './base-images.table.ts'
import { addDebianPackage, addNpmPackage, BaseLayer, baseTimeText, readFromDebianPackage } from './base-layer.ts'
import type { BootstrapOptions, BootstrapResult } from './bootstrap-types.ts'
import { fetchDebianPackages, fetchNpmPackage } from './fetch-packages.ts'
import type { FetchOptions } from './fetch-packages.ts'
import { helloProgram } from './hello-program.ts'

export interface BootstrapDeps {
  readonly random: Random
  readonly files: Files
  readonly processes: Processes
  readonly machine: Machine
  readonly root: string
  readonly layers: LayerStore
  readonly leases: Leases
  readonly records: ImageRecords
}

interface Making {
  readonly deps: BootstrapDeps & { readonly cache: string }
  readonly fetch: FetchOptions
  readonly recipe: BaseRecipe
  readonly version: string
}

type Fill = (layer: BaseLayer) => Promise<void>

/** Makes a base image. Throws `invalid` for a name it does not know, `unavailable` when packages cannot be had. */
export async function bootstrapImage(deps: BootstrapDeps, options: BootstrapOptions): Promise<BootstrapResult> {
  const [name = '', version = 'latest'] = options.name.split(':')
  const recipe = baseRecipes[name]
  if (recipe === undefined || !/^[0-9A-Za-z.-]{1,64}$/.test(version)) {
    throw new GantryError(
      'IMAGE_BOOTSTRAP_UNKNOWN',
      'invalid',
      `no way is known to make ${JSON.stringify(options.name)}`,
      { remedy: `Known: ${Object.keys(baseRecipes).join(', ')}; node takes a version, as in node:7.` },
    )
  }
  const onProgress = options.onProgress ?? (() => undefined)
  const fetch: FetchOptions = { onProgress, ...(options.signal === undefined ? {} : { signal: options.signal }) }
  const making: Making = { deps: { ...deps, cache: `${deps.root}/bootstrap` }, fetch, recipe, version }
  const taken = new Set<Digest>()
  try {
    using lease = deps.leases.open('bootstrap')
    const diffIds: Digest[] = []
    for (const fill of await layersOf(making)) {
      onProgress(`Making layer ${diffIds.length + 1} of ${name}`)
      diffIds.push(
        await makeLayer(deps, fill, (layer) => {
          taken.add(layer)
          lease.hold({ layer })
        }),
      )
    }
    const tags = [
      ...recipe.tags,
      ...(recipe.kind === 'node' || version !== 'latest' ? [`${name}:${version}`] : []),
      ...(options.tags ?? []),
    ]
    const record = await deps.records.create({ config: configOf(deps, making, diffIds), tags })
    for (const tag of tags) deps.records.announce('tag', record, tag)
    return { id: record.id, references: tags.map((tag) => familiarReference(parseReference(tag))) }
  } finally {
    await deps.records.releaseLayers(taken)
  }
}

async function layersOf(making: Making): Promise<Fill[]> {
  const { recipe } = making
  if (recipe.kind === 'hello') return [helloLayer(making)]
  const packages = await fetchDebianPackages(making.deps, recipe.packages, making.fetch)
  if (recipe.kind === 'busybox') return [busyboxLayer(making, packages[0] ?? '')]
  const debian = debianLayer(making, packages)
  if (recipe.kind === 'debian') return [debian]
  const architecture = making.deps.machine.ociArchitecture === 'arm64' ? 'arm64' : 'x64'
  const node = await fetchNpmPackage(making.deps, `node-linux-${architecture}`, {
    version: making.version,
    ...making.fetch,
  })
  return [debian, (layer) => addNpmPackage(making.deps, layer, node.path)]
}

async function makeLayer(deps: BootstrapDeps, fill: Fill, onStored: (diffId: Digest) => void): Promise<Digest> {
  const layer = new BaseLayer()
  const filled = fill(layer).then(
    () => layer.finish(),
    (error: unknown) => layer.fail(error),
  )
  const [record] = await Promise.all([
    deps.layers.ingestTar(layer.output as AsyncIterable<Uint8Array>, { onStored }),
    filled,
  ])
  return record.diffId
}

function helloLayer({ deps }: Making): Fill {
  if (deps.machine.ociArchitecture !== 'amd64')
    throw new GantryError(
      'IMAGE_BOOTSTRAP_UNKNOWN',
      'not-implemented',
      `hello-world cannot be made for ${deps.machine.ociArchitecture}`,
      { remedy: 'Use busybox.' },
    )
  return (layer) => layer.file('hello', helloProgram(), 0o755)
}

function busyboxLayer({ deps, recipe }: Making, packagePath: string): Fill {
  return async (layer) => {
    const program = await readFromDebianPackage(deps, packagePath, 'bin/busybox').catch(() =>
      readFromDebianPackage(deps, packagePath, 'usr/bin/busybox'),
    )
    await addSkeleton(layer)
    await layer.file('bin/busybox', program, 0o755)
    for (const applet of await appletsOf(deps, program)) await layer.link(`bin/${applet}`, 'busybox')
    for (const [path, target] of [
      ['usr/bin/env', 'env'],
      ['usr/bin/id', 'id'],
      ['sbin/ip', 'ip'],
      ['usr/sbin/httpd', 'httpd'],
      ['usr/bin/test', 'test'],
    ] as const)
      await layer.link(path, `/bin/${target}`)
    await addAccounts(layer)
    await layer.file('etc/os-release', recipe.osRelease ?? '')
  }
}

/** The program itself knows which commands it has; it runs from a scratch file, its input is a file of the distribution. */
async function appletsOf(deps: BootstrapDeps, program: Uint8Array): Promise<string[]> {
  await using scratch = await deps.files.temporaryDirectory('gantry-bootstrap-')
  const path = `${scratch.path}/busybox`
  await deps.files.write(path, program, { mode: 0o755 })
  const { stdout, exitCode } = await deps.processes.run(path, ['--list'])
  if (exitCode !== 0)
    throw new GantryError('IMAGE_BOOTSTRAP_DAMAGED', 'internal', 'busybox does not run on this machine', {
      remedy: 'Remove the download and try again.',
    })
  return stdout
    .split('\n')
    .filter((name) => /^[\w.[-]+$/.test(name) && name !== 'busybox')
    .sort()
}

function debianLayer({ deps, recipe }: Making, packages: readonly string[]): Fill {
  return async (layer) => {
    await layer.mergedUsr()
    if (recipe.osRelease !== undefined) await layer.file('usr/lib/os-release', recipe.osRelease)
    for (const path of packages) await addDebianPackage(deps, layer, path)
    await addSkeleton(layer)
    // What maintainer scripts and alternatives would have made.
    for (const [path, target] of [
      ['usr/bin/sh', 'dash'],
      ['usr/bin/awk', 'mawk'],
      ['usr/bin/which', 'which.debianutils'],
      ['etc/os-release', '../usr/lib/os-release'],
      ['etc/mtab', '/proc/mounts'],
      ['etc/localtime', '/usr/share/zoneinfo/Etc/UTC'],
    ] as const)
      await layer.link(path, target)
    await addAccounts(layer)
    await layer.file('etc/profile', `export ${basePath}\n`)
    await layer.file('var/lib/dpkg/status', '')
  }
}

async function addSkeleton(layer: BaseLayer): Promise<void> {
  for (const directory of [
    'bin',
    'dev',
    'etc',
    'home',
    'lib',
    'media',
    'mnt',
    'opt',
    'proc',
    'run',
    'sbin',
    'srv',
    'sys',
    'usr',
    'usr/bin',
    'usr/lib',
    'usr/local',
    'usr/local/bin',
    'usr/sbin',
    'var',
    'var/lib',
    'var/log',
    'var/opt',
    'var/cache',
  ])
    await layer.directory(directory)
  await layer.directory('root', 0o700)
  await layer.directory('tmp', 0o1777)
  await layer.directory('var/tmp', 0o1777)
}

async function addAccounts(layer: BaseLayer): Promise<void> {
  const users = [
    'root:x:0:0:root:/root:/bin/sh',
    'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
    'bin:x:2:2:bin:/bin:/bin/false',
    'mail:x:8:8:mail:/var/mail:/bin/false',
    'www-data:x:33:33:www-data:/var/www:/bin/false',
    'postgres:x:70:70::/var/lib/postgresql:/bin/sh',
    'node:x:1000:1000::/home/node:/bin/sh',
    'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
  ]
  const groups = [
    'root:x:0:',
    'daemon:x:1:',
    'bin:x:2:',
    'tty:x:5:',
    'mail:x:8:',
    'www-data:x:33:',
    'postgres:x:70:',
    'users:x:100:',
    'node:x:1000:',
    'nogroup:x:65534:',
    'nobody:x:65534:',
  ]
  await layer.file('etc/passwd', `${users.join('\n')}\n`)
  await layer.file('etc/group', `${groups.join('\n')}\n`)
  await layer.file('etc/shadow', 'root:*:::::::\n', 0o640)
  await layer.file('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n')
}

function configOf(deps: BootstrapDeps, making: Making, diffIds: readonly Digest[]): ImageConfig {
  return {
    architecture: deps.machine.ociArchitecture,
    os: 'linux',
    created: baseTimeText,
    config: {
      Cmd: making.recipe.command,
      Env: [basePath, ...(making.recipe.kind === 'node' ? [`NODE_VERSION=${making.version}`] : [])],
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, at) => ({
      created: baseTimeText,
      created_by: at === 0 ? 'gantry image bootstrap: packages' : 'gantry image bootstrap: node',
      comment: 'made from distribution packages',
    })),
  }
}
