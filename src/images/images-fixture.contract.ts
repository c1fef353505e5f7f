/** An image store in a scratch folder, and archives to put into it, for the tests of this folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { digestHex, digestOf } from '#base/data/digest.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { encodeTarHeader, paddingBytes } from './archive/write-tar.ts'
import type { TarEntryOptions } from './archive/write-tar.ts'
import { createImages } from './images.ts'
import type { Images, ImagesDeps } from './images.ts'
import type { ImageEvent, ImageUser } from './records/record-types.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'

const processes: Processes = createProcesses()
export const kernel: Kernel = createKernel({ processes })
export const deps: ImagesDeps = {
  processes,
  kernel,
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
}

export interface Fixture {
  readonly root: string
  readonly images: Images
  readonly events: ImageEvent[]
  readonly users: ImageUser[]
}

export function scratch(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'gantry-images-'))
  context.after(async () => {
    for (const point of await kernel.mounts.listBelow(path)) kernel.mounts.unmount(point, { detach: true })
    rmSync(path, { recursive: true, force: true })
  })
  return path
}

export async function fixture(context: TestContext): Promise<Fixture> {
  const root = scratch(context)
  const events: ImageEvent[] = []
  const users: ImageUser[] = []
  const images = await createImages(
    { ...deps, containers: () => users, onEvent: (event) => events.push(event) },
    { root },
  )
  return { root, images, events, users }
}

export function tar(entries: readonly (TarEntryOptions & { content?: Uint8Array | string })[]): Buffer {
  const parts: Buffer[] = []
  for (const { content, ...entry } of entries) {
    const bytes = Buffer.from(content ?? '')
    parts.push(encodeTarHeader({ ...entry, sizeBytes: bytes.length }), bytes, Buffer.alloc(paddingBytes(bytes.length)))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

export const file = (
  name: string,
  content: Uint8Array | string,
): TarEntryOptions & { content: Uint8Array | string } => ({
  name,
  type: 'file',
  mode: 0o644,
  content,
})

export async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
}

export async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export function archiveParts(
  layers: readonly Buffer[],
  tags: readonly string[],
  extra: object = {},
): { entries: (TarEntryOptions & { content: Uint8Array | string })[]; id: string } {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2024-01-01T00:00:00Z',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
      history: layers.map((_, at) => ({ created: '2024-01-01T00:00:00Z', created_by: `step ${at}` })),
      ...extra,
    }),
  )
  const hex = digestHex(digestOf(config))
  const names = layers.map((layer) => `${digestHex(digestOf(layer))}/layer.tar`)
  return {
    id: `sha256:${hex}`,
    entries: [
      file(`${hex}.json`, config),
      ...layers.map((layer, at) => file(names[at] ?? '', layer)),
      file('manifest.json', JSON.stringify([{ Config: `${hex}.json`, RepoTags: tags, Layers: names }])),
    ],
  }
}

export const base: Buffer = tar([
  { name: 'etc', type: 'directory', mode: 0o755 },
  file('etc/passwd', 'root:x:0:0'),
  file('bin/sh', 'shell'),
])
export const upper: Buffer = tar([file('etc/extra', 'more'), file('bin/.wh.sh', '')])
