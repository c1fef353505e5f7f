/**
 * Certificates per registry, as Docker lays them out:
 *
 *     /etc/docker/certs.d/<host[:port]>/*.crt           authorities, trusted for this registry
 *                                      /NAME.cert .key  what we present
 */
import type { ClientTls } from '#kit/http/client.ts'
import { GantryError, errnoOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import { join } from 'node:path'

const fileBytesMax = 1 << 20

/** Folders that hold certificates by registry, the later ones winning. */
export const certificateFolders: readonly string[] = ['/etc/docker/certs.d', '/etc/gantry/certs.d']

/**
 * What to present to and trust of a registry host; undefined when nothing is laid down for it.
 * @throws GantryError REGISTRY_CERTIFICATE when a certificate has no key beside it.
 */
export async function loadCertificates(
  files: Files,
  folders: readonly string[],
  host: string,
): Promise<ClientTls | undefined> {
  const authorities: string[] = []
  let pair: { certificate: string; key: string } | undefined
  if (!/^[A-Za-z0-9.:[\]-]+$/.test(host) || host.includes('..')) return undefined
  for (const folder of folders.map((one) => join(one, host))) {
    const names = await listFolder(files, folder)
    for (const name of names.filter((one) => one.endsWith('.crt')))
      authorities.push(await files.readText(join(folder, name), { maxBytes: fileBytesMax }))
    for (const name of names.filter((one) => one.endsWith('.cert'))) {
      const keyName = `${name.slice(0, -'.cert'.length)}.key`
      if (!names.includes(keyName)) {
        throw new GantryError(
          'REGISTRY_CERTIFICATE',
          'invalid',
          `missing key ${keyName} for client certificate ${name}. CA certificates must use the extension .crt`,
          { remedy: `Put ${keyName} beside ${name} in ${folder}.` },
        )
      }
      pair = {
        certificate: await files.readText(join(folder, name), { maxBytes: fileBytesMax }),
        key: await files.readText(join(folder, keyName), { maxBytes: fileBytesMax }),
      }
    }
  }
  if (authorities.length === 0 && pair === undefined) return undefined
  return { ...(authorities.length === 0 ? {} : { authorities }), ...pair }
}

async function listFolder(files: Files, folder: string): Promise<string[]> {
  try {
    return (await files.list(folder)).map((entry) => entry.name).toSorted()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return []
    throw error
  }
}
