/** Which registry a reference belongs to, and a client for it with the machine's certificates. */
import { join } from 'node:path'
import { createRegistryClient, isLoopbackHost } from '#clients/registry/registry-client.ts'
import type { RegistryClient } from '#clients/registry/registry-client.ts'
import type { ClientTls } from '#kit/http/client.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { registryHostOf } from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'

export interface RegistriesDeps {
  readonly clock: Clock
  readonly files: Files
  /** Folders with a folder of certificates per registry host, as Docker reads them. */
  readonly certificateFolders: readonly string[]
  /** Hosts that need no TLS besides loopback. */
  readonly insecure: readonly string[]
}

const certificateBytesMax = 1 << 20

async function readTls(deps: RegistriesDeps, host: string): Promise<ClientTls | undefined> {
  for (const root of deps.certificateFolders) {
    const folder = join(root, host)
    if (!(await deps.files.exists(folder))) continue
    const names = (await deps.files.list(folder)).map((entry) => entry.name)
    const read = (name: string): Promise<string> =>
      deps.files.readText(join(folder, name), { maxBytes: certificateBytesMax })
    const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read))
    const certificate = names.find((name) => name.endsWith('.cert'))
    const key = certificate?.replace(/\.cert$/, '.key')
    return {
      ...(authorities.length > 0 ? { authorities } : {}),
      ...(certificate !== undefined && key !== undefined && names.includes(key)
        ? { certificate: await read(certificate), key: await read(key) }
        : {}),
    }
  }
  return undefined
}

/** A client for the registry of a host; dispose it when the transfer is over. */
export async function openRegistry(deps: RegistriesDeps, host: string, auth: RegistryAuth): Promise<RegistryClient> {
  const tls = await readTls(deps, host)
  const insecure = isLoopbackHost(host) || deps.insecure.includes(host)
  return createRegistryClient({ clock: deps.clock, host, auth, insecure, ...(tls === undefined ? {} : { tls }) })
}

/** The same for the registry that a reference names. */
export function openRegistryOf(
  deps: RegistriesDeps,
  reference: Reference,
  auth: RegistryAuth,
): Promise<RegistryClient> {
  return openRegistry(deps, registryHostOf(reference), auth)
}
