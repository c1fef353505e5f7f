/**
 * A builder for tests: real images, layers, overlays and files; RUN in a chroot of a static busybox instead of a
 * container. Needs root.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { createImages } from '#images/images.ts'
import type { Images } from '#images/images.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import type { TarEntryOptions } from '#images/archive/write-tar.ts'
import { parseQuery } from '#kit/http/query.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { randomHex } from '#world/ports/random.ts'
import { createBuilder } from './builder.ts'
import type { Builder } from './builder.ts'
import { decodeBuildRequest } from './build-request.ts'
import { createImageStore } from './image-store.ts'
import type { BuildContainers, BuildImages, BuildMessage, FetchUrl, StepContainer } from './ports.ts'

export type ContextEntry = Omit<TarEntryOptions, 'type'> & {
  readonly type?: TarEntryOptions['type']
  readonly content?: string | Uint8Array
}

export interface BuildOutcome {
  readonly id: Digest | undefined
  readonly messages: readonly BuildMessage[]
  /** All stream texts joined, ids replaced by `<id>`. */
  readonly text: string
  readonly error: GantryError | undefined
}

export interface TestBuilder {
  readonly builder: Builder
  readonly images: Images
  /** What the builder makes its RUN containers with. */
  readonly stepContainers: BuildContainers
  /** The store as one build sees it; the caller disposes it. */
  openStore(): BuildImages
  /** Where contexts are unpacked. */
  readonly workDirectory: string
  /** Containers that exist now. */
  readonly containers: ReadonlyMap<string, StepContainer>
  /** Builds a Dockerfile with a context; `query` as in the request's target. */
  build(
    dockerfile: string,
    options?: { readonly context?: readonly ContextEntry[]; readonly query?: string; readonly signal?: AbortSignal },
  ): Promise<BuildOutcome>
  /** Runs a shell line in an image and gives what it printed. */
  shell(image: string, line: string): Promise<string>
}

const processes = createProcesses()
const kernel = createKernel({ processes })
const world = {
  processes,
  kernel,
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
}

/** Opens a builder with a `busybox` image; everything is gone when the test ends. */
export async function openTestBuilder(context: TestContext, fetchUrl: FetchUrl = refuseFetch): Promise<TestBuilder> {
  const root = mkdtempSync(join(tmpdir(), 'gantry-builder-'))
  context.after(async () => {
    for (const point of await kernel.mounts.listBelow(root)) kernel.mounts.unmount(point, { detach: true })
    rmSync(root, { recursive: true, force: true })
  })
  const images = await createImages(world, { root })
  await loadBusybox(images)
  const pull = (reference: string): Promise<void> =>
    Promise.reject(
      new GantryError(
        'TEST_NO_REGISTRY',
        'not-found',
        `manifest for ${reference} not found: manifest unknown: manifest unknown`,
      ),
    )
  const { containers, known } = chrootContainers(images)
  const imageStore = createImageStore({ images, files: world.files, random: world.random, pull })
  const builder = createBuilder({
    ...world,
    containers,
    fetchUrl,
    version: '20.10.24',
    imageStore,
    workDirectory: join(root, 'builds'),
  })
  return {
    builder,
    images,
    containers: known,
    stepContainers: containers,
    openStore: () => imageStore.open('test'),
    workDirectory: join(root, 'builds'),
    build: (dockerfile, options = {}) => build(builder, dockerfile, options),
    shell: async (image, line) => {
      const record = images.resolve(image)
      await using view = await images.snapshots.view(record.diffIds)
      return execFileSync('/usr/sbin/chroot', [view.path, '/bin/sh', '-c', line], {
        encoding: 'utf8',
        env: { PATH: '/bin' },
      })
    },
  }
}

/** A tar of entries; content makes a file. */
export function contextTar(entries: readonly ContextEntry[]): Buffer {
  const parts: Buffer[] = []
  for (const { content, ...entry } of entries) {
    const bytes = Buffer.from(content ?? '')
    parts.push(
      encodeTarHeader({ mode: 0o644, ...entry, type: entry.type ?? 'file', sizeBytes: bytes.length }),
      bytes,
      Buffer.alloc(paddingBytes(bytes.length)),
    )
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

async function build(
  builder: Builder,
  dockerfile: string,
  options: { readonly context?: readonly ContextEntry[]; readonly query?: string; readonly signal?: AbortSignal },
): Promise<BuildOutcome> {
  const messages: BuildMessage[] = []
  const tar = contextTar([
    ...(dockerfile === '' ? [] : [{ name: 'Dockerfile', content: dockerfile }]),
    ...(options.context ?? []),
  ])
  const emit = (message: BuildMessage): Promise<void> => {
    messages.push(message)
    return Promise.resolve()
  }
  let id: Digest | undefined
  let error: GantryError | undefined
  try {
    const request = decodeBuildRequest(parseQuery(`/build?${options.query ?? ''}`))
    id = await builder.build({
      request,
      context: chunks(tar),
      emit,
      signal: options.signal ?? new AbortController().signal,
    })
  } catch (thrown) {
    if (!(thrown instanceof GantryError)) throw thrown
    error = thrown
  }
  const text = messages
    .map((message) => message.stream ?? '')
    .join('')
    .replaceAll(/\b[0-9a-f]{12}\b/g, '<id>')
  return { id, messages, text, error }
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
}

async function loadBusybox(images: Images): Promise<void> {
  const binary = ['/usr/bin/busybox', '/bin/busybox'].find((path) => existsSync(path))
  if (binary === undefined) throw new Error('these tests need busybox-static')
  const applets = [
    'sh',
    'ls',
    'cat',
    'stat',
    'find',
    'id',
    'mkdir',
    'touch',
    'chown',
    'chmod',
    'ln',
    'readlink',
    'echo',
    'rm',
    'true',
    'false',
    'sleep',
    'tee',
    'sort',
  ]
  const directory = (name: string, mode = 0o755): ContextEntry => ({ name, type: 'directory', mode })
  const tar = contextTar([
    directory('bin/'),
    directory('etc/'),
    directory('home/'),
    directory('tmp/', 0o1777),
    { name: 'bin/busybox', content: await world.files.read(binary), mode: 0o755 },
    ...applets.map((name): ContextEntry => ({ name: `bin/${name}`, type: 'symlink', linkName: 'busybox' })),
    { name: 'etc/passwd', content: 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' },
    { name: 'etc/group', content: 'root:x:0:\nwww-data:x:33:\nnobody:x:65534:\n' },
  ])
  const layer = await images.layers.ingestTar(chunks(tar))
  await images.createImage({
    config: {
      architecture: world.machine.ociArchitecture,
      os: 'linux',
      config: { Cmd: ['sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created_by: 'base' }],
    },
    tags: ['busybox'],
  })
}

/** RUN as a chroot in an overlay snapshot. */
function chrootContainers(images: Images): { containers: BuildContainers; known: Map<string, StepContainer> } {
  const known = new Map<string, StepContainer>()
  const key = (id: string): string => `step-${id.slice(0, 32)}`
  const containers: BuildContainers = {
    async create(container) {
      const id = randomHex(world.random, 32)
      known.set(id, container)
      await images.snapshots.prepareWritable({ key: key(id), diffIds: container.image?.config.rootfs.diff_ids ?? [] })
      return id
    },
    async run(id, onOutput, signal) {
      const config = known.get(id)?.config ?? {}
      const root = images.snapshots.get(key(id))?.mergedPath ?? '/nonexistent'
      const env = Object.fromEntries((config.Env ?? []).map((entry) => entry.split(/=(.*)/s).slice(0, 2)))
      const child = spawn('/usr/sbin/chroot', [root, ...(config.Cmd ?? [])], {
        env,
        signal,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const outputs: Promise<void>[] = []
      child.stdout.on('data', (chunk: Buffer) => outputs.push(onOutput('stdout', chunk)))
      child.stderr.on('data', (chunk: Buffer) => outputs.push(onOutput('stderr', chunk)))
      const code = await new Promise<number>((resolve, reject) => {
        child.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error))
        child.on('close', (exitCode) => resolve(exitCode ?? 137))
      })
      await Promise.all(outputs)
      return code
    },
    async commit(id, { onStored, signal }) {
      const snapshot = images.snapshots.get(key(id))
      if (snapshot === undefined || (await world.files.list(snapshot.upperPath)).length === 0) return undefined
      return (await images.layers.ingestUpper(snapshot.upperPath, { consume: false, onStored, signal })).diffId
    },
    async remove(id) {
      known.delete(id)
      await images.snapshots.remove(key(id))
    },
  }
  return { containers, known }
}

const refuseFetch: FetchUrl = () =>
  Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
