/** What a server records and seals, as its flags ask: audit policy and log, encryption of stored values, anonymous requests. */
import type { ApiServerDeps } from '#cluster/apiserver/api-server.ts'
import { parseEncryptionConfig } from '#cluster/apiserver/encryption/encryption-config.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { World } from '#world/ports/world.ts'
import { type AuditFlags, auditHelp, auditReaders, defaultAudit } from './audit-flags.ts'
import { kmsConnector } from './connect-kms.ts'
import { openServerAudit } from './server-audit.ts'

/** Paths are absolute. */
export interface SecurityFlags {
  readonly audit: AuditFlags
  readonly encryptionFile: string | undefined
  /** The file is read anew while the server runs. */
  readonly encryptionReload: boolean
  readonly anonymous: boolean
}

export const defaultSecurity: SecurityFlags = {
  audit: defaultAudit,
  encryptionFile: undefined,
  encryptionReload: false,
  anonymous: true,
}

export const securityHelp: string = `${auditHelp}      --encryption-provider-config FILE
                                    Seal resources in the store (apiserver.config.k8s.io/v1)
      --encryption-provider-config-automatic-reload true|false
                                    Take over a changed file while running (default false)
      --anonymous-auth true|false   Answer requests without credentials where roles allow it (default true)
`

/** What a flag's value changes; undefined for a value that it cannot have. `absolute` completes a path. */
export type ReadSecurity = (
  value: string,
  so: SecurityFlags,
  absolute: (path: string) => string,
) => SecurityFlags | undefined

const ofAudit = Object.entries(auditReaders).map(([name, read]): [string, ReadSecurity] => [
  name,
  (value, so, absolute) => {
    const audit = read(value, so.audit, absolute)
    return audit === undefined ? undefined : { ...so, audit }
  },
])

/** The flags by name. */
export const securityReaders: Readonly<Record<string, ReadSecurity>> = {
  ...Object.fromEntries(ofAudit),
  '--encryption-provider-config': (value, so, absolute) => ({ ...so, encryptionFile: absolute(value) }),
  '--encryption-provider-config-automatic-reload': (value, so) =>
    value === 'true' || value === 'false' ? { ...so, encryptionReload: value === 'true' } : undefined,
  '--anonymous-auth': (value, so) =>
    value === 'true' || value === 'false' ? { ...so, anonymous: value === 'true' } : undefined,
}

interface SecurityParts {
  readonly world: Pick<World, 'clock' | 'files' | 'random'>
  readonly log: Log
  readonly metrics: Metrics
}

/** Opens what the flags name; where events go ends with `scope`. @throws for files that are missing or malformed. */
export async function openServerSecurity(
  { world, log, metrics }: SecurityParts,
  flags: SecurityFlags,
  scope: AsyncDisposableStack,
): Promise<Pick<ApiServerDeps, 'audit' | 'encryption' | 'connectKms'>> {
  const { encryptionFile } = flags
  const audit = await openServerAudit({ world, log, metrics, scope }, flags.audit)
  return {
    ...(encryptionFile === undefined
      ? {}
      : {
          encryption: parseEncryptionConfig(await world.files.readText(encryptionFile)),
          connectKms: kmsConnector(world.clock),
        }),
    ...(audit === undefined ? {} : { audit }),
  }
}
