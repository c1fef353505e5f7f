/** What the tests of transfers stand on: engines with an image store of their own, images to move, and registries that lie. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { createRegistryClient } from '#clients/registry/registry-client.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import { createImages } from '#images/images.ts'
import type { Images } from '#images/images.ts'
import { dockerConfig, dockerLayerGzip, dockerManifest } from '#spec/oci/registry-media-types.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createNetwork } from '#world/real/network.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import type { World } from '#world/ports/world.ts'
import { createTransfer } from './transfer.ts'
import type { Transfer } from './transfer.ts'

const processes = createProcesses()
export const world: Pick<World, 'processes' | 'kernel' | 'files' | 'clock' | 'random' | 'machine' | 'network'> = {
  processes,
  kernel: createKernel({ processes }),
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
  network: createNetwork(),
}
const fastRetries = { attemptsMax: 3, firstDelayMs: 5, factor: 2, delayMaxMs: 20, jitter: 0, budgetMs: 0 }
export const never: AbortSignal = new AbortController().signal
export interface Engine {
  readonly images: Images
  readonly transfer: Transfer
}

export async function engine(context: TestContext): Promise<Engine> {
  const root = mkdtempSync(join(tmpdir(), 'gantry-transfer-'))
  const images = await createImages(world, { root })
  const registries = createRegistryClient(world, { retryPolicy: fastRetries })
  context.after(async () => {
    await registries[Symbol.asyncDispose]()
    await images[Symbol.asyncDispose]()
    rmSync(root, { recursive: true, force: true })
  })
  return {
    images,
    transfer: await createTransfer({ ...world, images, registries }, { blobIndex: join(root, 'blobs.json') }),
  }
}

export function tarOf(name: string, content: Uint8Array): Buffer {
  const header = encodeTarHeader({ name, type: 'file', mode: 0o644, sizeBytes: content.byteLength })
  return Buffer.concat([header, content, Buffer.alloc(paddingBytes(content.byteLength)), Buffer.alloc(1024)])
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export async function build(images: Images, tags: readonly string[], contents: readonly Uint8Array[]): Promise<Digest> {
  const diffIds: Digest[] = []
  using lease = images.leases.open('test')
  for (const [index, content] of contents.entries()) {
    diffIds.push(
      (
        await images.layers.ingestTar(once(tarOf(`file${index}`, content)), {
          onStored: (diffId) => lease.hold({ layer: diffId }),
        })
      ).diffId,
    )
  }
  const record = await images.createImage({
    config: {
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['x'] },
      rootfs: { type: 'layers', diff_ids: diffIds },
    },
    tags,
  })
  return record.id
}

export interface Heard {
  readonly lines: string[]
  readonly messages: Record<string, unknown>[]
}

export function listener(): Heard & { emit: (message: object) => void } {
  const messages: Record<string, unknown>[] = []
  const lines: string[] = []
  return {
    messages,
    lines,
    emit: (message) => {
      const record = message as Record<string, unknown>
      messages.push(record)
      // Counts of bytes come as often as time allows; the words in between are what is promised.
      if (record['progress'] === undefined && record['status'] !== undefined)
        lines.push(
          `${typeof record['id'] === 'string' ? `${record['id']}: ` : ''}${String(record['status'] as string)}`,
        )
    },
  }
}

export async function pull(
  transfer: Transfer,
  reference: string,
  extra: Partial<Parameters<Transfer['pull']>[0]> = {},
): Promise<Heard> {
  const heard = listener()
  await transfer.pull({ reference, allTags: false, auth: {}, platform: '', emit: heard.emit, signal: never, ...extra })
  return heard
}

export async function push(
  transfer: Transfer,
  reference: string,
  extra: Partial<Parameters<Transfer['push']>[0]> = {},
): Promise<Heard> {
  const heard = listener()
  await transfer.push({ reference, allTags: false, auth: {}, emit: heard.emit, signal: never, ...extra })
  return heard
}

export const short = (digest: string): string => digest.slice(7, 19)

/** A registry that says what a test wants. */
export type Lie = (request: IncomingMessage, response: ServerResponse) => boolean

export async function lyingRegistry(
  context: TestContext,
  lie: Lie,
): Promise<{ host: string; requests: string[]; closed: () => number }> {
  const requests: string[] = []
  let closed = 0
  const server = createServer((request, response) => {
    requests.push(
      `${request.method} ${request.url}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`,
    )
    response.on('close', () => {
      if (!response.writableFinished) closed += 1
    })
    if (request.url === '/v2/') response.end('{}')
    else if (!lie(request, response)) {
      response.statusCode = 404
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests, closed: () => closed }
}

export interface Fake {
  readonly manifest: Buffer
  readonly config: Buffer
  readonly layer: Buffer
}

export function fakeImage(content: Uint8Array): Fake {
  const tar = tarOf('f', content)
  const layer = gzipSync(tar, { level: 0 })
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: dockerManifest,
      config: { mediaType: dockerConfig, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: dockerLayerGzip, digest: digestOf(layer), size: layer.length }],
    }),
  )
  return { manifest, config, layer }
}

/** Answers truthfully for an image, except for the layer, which `serveLayer` answers. */
export function serveImage(image: Fake, serveLayer: (request: IncomingMessage, response: ServerResponse) => void): Lie {
  return (request, response) => {
    const { url = '' } = request
    if (url.includes('/manifests/')) {
      response.setHeader('content-type', dockerManifest)
      response.setHeader('docker-content-digest', digestOf(image.manifest))
      response.end(request.method === 'HEAD' ? undefined : image.manifest)
    } else if (url.endsWith(digestOf(image.config))) response.end(image.config)
    else if (url.endsWith(digestOf(image.layer))) serveLayer(request, response)
    else return false
    return true
  }
}
