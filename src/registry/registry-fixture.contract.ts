/** What the tests of the registry stand on: servers in folders of their own, and images to push to them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { RetryPolicy } from '#base/async/retry.ts'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { createRegistryClient } from '#clients/registry/registry-client.ts'
import type { RegistryClient } from '#clients/registry/registry-client.ts'
import type { Repository } from '#clients/registry/repository.ts'
import { createHttpClient } from '#kit/http/client.ts'
import type { HttpClient } from '#kit/http/client.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { ociConfig, ociManifest } from '#spec/oci/registry-media-types.ts'
import type { World } from '#world/ports/world.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createNetwork } from '#world/real/network.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { createRegistry } from './registry.ts'
import type { Registry, RegistryConfig } from './registry.ts'

export const world: Pick<World, 'clock' | 'files' | 'random' | 'network' | 'processes'> = {
  clock: createClock(),
  files: createFiles(),
  random: createRandom(),
  network: createNetwork(),
  processes: createProcesses(),
}
export const noRetries: RetryPolicy = {
  attemptsMax: 1,
  firstDelayMs: 1,
  factor: 1,
  delayMaxMs: 1,
  jitter: 0,
  budgetMs: 0,
}

/** Plain HTTP, and the typed client without retries; closed by `closeClients`. */
export const http: HttpClient = createHttpClient({ clock: world.clock })
export const client: RegistryClient = createRegistryClient(world, { retryPolicy: noRetries })

export async function closeClients(): Promise<void> {
  http.close()
  await client[Symbol.asyncDispose]()
}

export function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'gantry-registry-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export async function serve(
  context: TestContext,
  config: RegistryConfig,
  extra: Partial<Parameters<typeof createRegistry>[0]> = {},
): Promise<Registry> {
  const registry = await createRegistry(
    { ...world, ...extra },
    { ...config, limits: { durable: false, ...config.limits } },
  )
  context.after(() => registry[Symbol.asyncDispose]())
  return registry
}

export function hostOf(registry: { readonly url: string }): string {
  return new URL(registry.url).host
}
export function pusher(
  registry: { readonly url: string },
  path: string,
  credentials: RegistryAuth = {},
): Promise<Repository> {
  return client.forPush({ host: hostOf(registry), path, credentials })
}

export async function puller(
  registry: { readonly url: string },
  path: string,
  credentials: RegistryAuth = {},
): Promise<Repository> {
  const [first] = await client.forPull({ host: hostOf(registry), path, credentials })
  assert.ok(first !== undefined)
  return first
}

export async function pushBlob(repository: Repository, content: Buffer): Promise<Digest> {
  await repository.uploadBlob({ open: () => Readable.from([content]), digest: () => digestOf(content) })
  return digestOf(content)
}

export async function pushImage(repository: Repository, tag: string, layer: Buffer): Promise<Digest> {
  const config = Buffer.from(`{"tag":"${tag}"}`)
  const document = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: ociConfig, digest: await pushBlob(repository, config), size: config.length },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest: await pushBlob(repository, layer),
        size: layer.length,
      },
    ],
  }
  return repository.putManifest(tag, { mediaType: ociManifest, content: Buffer.from(JSON.stringify(document)) })
}

export async function readBlob(repository: Repository, digest: Digest, sizeBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of repository.blob({ digest, sizeBytes })) chunks.push(chunk)
  return Buffer.concat(chunks)
}
