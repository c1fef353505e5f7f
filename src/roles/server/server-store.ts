/** The store of a control plane: a database file under its root, or etcd when that is named. */
import { join } from 'node:path'
import { openEtcdStore } from '#kit/store/etcd/etcd-store.ts'
import { openSqliteStore } from '#kit/store/sqlite-store.ts'
import type { TroubleListener } from '#kit/store/store-trouble.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { World } from '#world/ports/world.ts'
import type { EtcdFlags } from './server-flags.ts'

export interface ServerStorePlace {
  readonly root: string
  readonly etcd: EtcdFlags | undefined
  readonly log: Log
}

/** Largest PEM file that is read. */
const pemBytesMax = 1024 * 1024

/** Opens the store. @throws the store's errors, and those of the PEM files. */
export async function openServerStore(
  { clock, random, files }: Pick<World, 'clock' | 'random' | 'files'>,
  { root, etcd, log }: ServerStorePlace,
): Promise<VersionedStore> {
  const onTrouble: TroubleListener = (error) =>
    error === undefined ? log.info('the store works again') : log.error('the store fails', { error })
  if (etcd === undefined) return openSqliteStore({ path: join(root, 'cluster.db'), clock, onTrouble })
  const pem = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : files.readText(path, { maxBytes: pemBytesMax })
  const [authority, certificate, key] = await Promise.all([
    pem(etcd.authorityFile),
    pem(etcd.certificateFile),
    pem(etcd.keyFile),
  ])
  return openEtcdStore({
    clock,
    random,
    onTrouble,
    endpoints: etcd.servers,
    tls: {
      ...(authority === undefined ? {} : { authority }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
    },
    ...(etcd.prefix === undefined ? {} : { prefix: etcd.prefix }),
  })
}
