/** Follows the configuration files of a running server: issuers, authorisers, and what is sealed with which keys. */
import type { ApiServer } from '#cluster/apiserver/api-server.ts'
import { parseEncryptionConfig } from '#cluster/apiserver/encryption/encryption-config.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { World } from '#world/ports/world.ts'
import { followFile } from './follow-file.ts'
import { createReloadMeter } from './reload-meter.ts'
import type { ServerAuthorizers } from './server-authorization.ts'
import type { ServerCredentials } from './server-credentials.ts'
import type { SecurityFlags } from './server-security.ts'

interface Parts {
  readonly world: Pick<World, 'clock' | 'files'>
  readonly log: Log
  readonly metrics: Metrics
  /** What tells this server from others, in metrics. */
  readonly serverId: string
  /** Ends the following. */
  readonly scope: AsyncDisposableStack
}

interface Followed {
  readonly api: ApiServer
  readonly security: SecurityFlags
  readonly authorization: ServerAuthorizers
  readonly credentials: ServerCredentials
}

/** Follows the files that there are. */
export async function followConfigurations(parts: Parts, followed: Followed): Promise<void> {
  const { world, log, metrics, serverId, scope } = parts
  const deps = { ...world, log }
  const { api, authorization, credentials } = followed
  const { issuers } = credentials
  if (issuers !== undefined) {
    const meter = createReloadMeter(metrics, 'authentication', serverId)
    scope.use(followFile(deps, { ...issuers, what: 'authentication configuration', meter }))
  }
  if (authorization.file !== undefined) {
    const meter = createReloadMeter(metrics, 'authorization', serverId)
    const takeOver = async (text: string): Promise<void> => api.useAuthorizers(await authorization.reopen(text))
    scope.use(followFile(deps, { ...authorization.file, what: 'authorization configuration', takeOver, meter }))
  }
  await followEncryption(parts, followed)
}

/** Where the flags ask for it. */
async function followEncryption(
  { world, log, metrics, serverId, scope }: Parts,
  { api, security }: Followed,
): Promise<void> {
  const { encryptionFile: path, encryptionReload } = security
  const { reseal } = api
  if (path === undefined || !encryptionReload || reseal === undefined) return
  const takeOver = (text: string): Promise<void> => reseal(parseEncryptionConfig(text))
  const meter = createReloadMeter(metrics, 'encryption', serverId)
  const text = await world.files.readText(path)
  scope.use(followFile({ ...world, log }, { path, what: 'encryption configuration', text, takeOver, meter }))
}
