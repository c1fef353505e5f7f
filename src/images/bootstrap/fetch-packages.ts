/** Debian and npm packages as files on disk, downloaded once by the machine's own apt-get and npm and kept. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Random } from '#world/ports/random.ts'
import { randomHex } from '#world/ports/random.ts'

export interface FetchDeps {
  readonly files: Files
  readonly processes: Processes
  readonly random: Random
  /** Where downloads are kept. */
  readonly cache: string
}

export interface FetchOptions {
  readonly onProgress: (line: string) => void
  readonly signal?: AbortSignal
}

const timeoutMs = 10 * 60_000

/** Paths of Debian packages, in the order asked for. Throws `unavailable` when one is neither kept nor to be had. */
export async function fetchDebianPackages(
  deps: FetchDeps,
  names: readonly string[],
  options: FetchOptions,
): Promise<string[]> {
  const { files, processes, cache } = deps
  const directory = `${cache}/debian`
  await files.makeDirectory(directory, { recursive: true, mode: 0o755 })
  const missing = await missingPackages(files, directory, names)
  if (missing.length > 0) {
    options.onProgress(`Downloading ${missing.length} Debian package${missing.length === 1 ? '' : 's'}`)
    await withIncoming(deps, async (incoming) => {
      // apt-get writes under the final name from the first byte on: only a download that ended well is kept.
      const result = await runTool(processes, ['apt-get', 'download', '-q', ...missing], { cwd: incoming, ...options })
      const absent = await missingPackages(files, incoming, missing)
      if (result.exitCode !== 0 || absent.length > 0) {
        const lost = absent.length > 0 ? absent : missing
        throw new GantryError(
          'IMAGE_BOOTSTRAP_UNREACHABLE',
          'unavailable',
          `cannot download Debian packages ${lost.join(', ')}: ${lastLine(result.stderr)}`,
          { remedy: 'Check the network and run apt-get update, then try again.' },
        )
      }
      for (const { name } of await files.list(incoming))
        await files.rename(`${incoming}/${name}`, `${directory}/${name}`)
    })
  }
  const present = (await files.list(directory)).map(({ name }) => name).sort()
  return names.map(
    (name) => `${directory}/${present.findLast((file) => file.startsWith(`${name}_`) && file.endsWith('.deb')) ?? ''}`,
  )
}

/** Path of an npm package's tarball, and the version it has. Throws `unavailable` when no registry answers. */
export async function fetchNpmPackage(
  deps: FetchDeps,
  name: string,
  wanted: { readonly version: string } & FetchOptions,
): Promise<{ path: string; version: string }> {
  const { files, processes, cache } = deps
  const directory = `${cache}/npm`
  await files.makeDirectory(directory, { recursive: true, mode: 0o755 })
  const kept = await keptVersion(files, directory, { name, version: wanted.version })
  if (kept !== undefined) return kept
  wanted.onProgress(`Downloading ${name}@${wanted.version} from npm`)
  return await withIncoming(deps, async (incoming) => {
    const result = await runTool(
      processes,
      ['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', incoming, `${name}@${wanted.version}`],
      { cwd: incoming, ...wanted },
    )
    // A range may name several versions: npm packs each; the newest is the one meant.
    const packed = (await files.list(incoming))
      .map((entry) => ({ file: entry.name, version: versionOf(name, entry.name) }))
      .filter(({ version }) => version !== undefined)
    const newest = packed.sort((a, b) => compareVersions(a.version ?? '', b.version ?? '')).at(-1)
    if (result.exitCode !== 0 || newest?.version === undefined) {
      throw new GantryError(
        'IMAGE_BOOTSTRAP_UNREACHABLE',
        'unavailable',
        `cannot download ${name}@${wanted.version} from npm: ${lastLine(result.stderr)}`,
        { remedy: 'Check the network and that this version exists.' },
      )
    }
    await files.rename(`${incoming}/${newest.file}`, `${directory}/${newest.file}`)
    return { path: `${directory}/${newest.file}`, version: newest.version }
  })
}

/** Removes the downloads that a killed engine left unfinished below a cache. */
export async function removeUnfinishedDownloads(files: Files, cache: string): Promise<void> {
  await files.remove(`${cache}/incoming`, { recursive: true, force: true })
}

async function withIncoming<T>(
  { files, random, cache }: FetchDeps,
  download: (directory: string) => Promise<T>,
): Promise<T> {
  const incoming = `${cache}/incoming/${randomHex(random, 8)}`
  await files.makeDirectory(incoming, { recursive: true, mode: 0o755 })
  try {
    return await download(incoming)
  } finally {
    await files.remove(incoming, { recursive: true, force: true })
  }
}

async function missingPackages(files: Files, directory: string, names: readonly string[]): Promise<string[]> {
  const present = (await files.list(directory)).map(({ name }) => name)
  return names.filter((name) => !present.some((file) => file.startsWith(`${name}_`) && file.endsWith('.deb')))
}

/** Only an exact version or a beginning of one is answered from what is kept; `latest` always asks. */
async function keptVersion(
  files: Files,
  directory: string,
  of: { name: string; version: string },
): Promise<{ path: string; version: string } | undefined> {
  const versions = (await files.list(directory)).flatMap(({ name: file }) => {
    const version = versionOf(of.name, file)
    return version !== undefined && (version === of.version || version.startsWith(`${of.version}.`))
      ? [{ path: `${directory}/${file}`, version }]
      : []
  })
  return versions.sort((a, b) => compareVersions(a.version, b.version)).at(-1)
}

function versionOf(name: string, file: string): string | undefined {
  return file.startsWith(`${name}-`) && file.endsWith('.tgz') ? file.slice(name.length + 1, -4) : undefined
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  for (let at = 0; at < 3; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

async function runTool(
  processes: Processes,
  [name, ...args]: readonly [string, ...string[]],
  options: FetchOptions & { cwd: string },
): Promise<{ exitCode: number | undefined; stderr: string }> {
  const program = await processes.find(name)
  if (program === undefined)
    throw new GantryError(
      'IMAGE_BOOTSTRAP_TOOL_MISSING',
      'not-implemented',
      `${name} is not installed, so base images cannot be made here`,
      { remedy: `Install ${name}, or load an image from a file.` },
    )
  // The user's own settings count: proxies, registries, certificates. Not what would steer another Node.
  const env = Object.fromEntries(
    Object.entries({
      ...processes.self.env,
      NODE_OPTIONS: undefined,
      NODE_COMPILE_CACHE: undefined,
      LC_ALL: 'C',
    }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
  return await processes.run(program, args, {
    cwd: options.cwd,
    env,
    timeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n')
  return (
    lines.findLast((line) => line.startsWith('E:') || line.includes('ERR') || line.includes('error')) ??
    lines.at(-1) ??
    'no answer'
  )
}
