/** What a server records and seals, as its flags ask: audit policy and log, encryption of stored values, anonymous requests. */
import type { ApiServerDeps } from '#cluster/apiserver/api-server.ts'
import { openAuditLog } from '#cluster/apiserver/audit/audit-log.ts'
import { parseAuditPolicy } from '#cluster/apiserver/audit/audit-policy.ts'
import { parseEncryptionConfig } from '#cluster/apiserver/encryption/encryption-config.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { World } from '#world/ports/world.ts'

/** Paths are absolute. */
export interface SecurityFlags {
  readonly auditPolicyFile: string | undefined
  readonly auditLogPath: string | undefined
  readonly auditLogMegabytes: number
  readonly auditLogDays: number
  readonly auditLogBackups: number
  readonly encryptionFile: string | undefined
  /** The file is read anew while the server runs. */
  readonly encryptionReload: boolean
  readonly anonymous: boolean
}

export const defaultSecurity: SecurityFlags = {
  auditPolicyFile: undefined,
  auditLogPath: undefined,
  auditLogMegabytes: 100,
  auditLogDays: 0,
  auditLogBackups: 0,
  encryptionFile: undefined,
  encryptionReload: false,
  anonymous: true,
}

export const securityHelp = `      --audit-policy-file FILE      Record requests as this policy (audit.k8s.io/v1) asks
      --audit-log-path FILE         Where to; each line is one event
      --audit-log-maxsize MB        Begin a new file at this size (default 100, 0 never)
      --audit-log-maxage DAYS       Remove older files (default 0: never)
      --audit-log-maxbackup N       Keep N older files (default 0: all)
      --encryption-provider-config FILE
                                    Seal resources in the store (apiserver.config.k8s.io/v1)
      --encryption-provider-config-automatic-reload true|false
                                    Take over a changed file while running (default false)
      --anonymous-auth true|false   Answer requests without credentials where roles allow it (default true)
`

const megabyteBytes = 1024 * 1024
const dayMs = 86_400_000

/** What a flag's value changes; undefined for a value that it cannot have. `absolute` completes a path. */
export type ReadSecurity = (
  value: string,
  so: SecurityFlags,
  absolute: (path: string) => string,
) => SecurityFlags | undefined

function count(value: string, set: (number: number) => SecurityFlags): SecurityFlags | undefined {
  return /^\d{1,6}$/.test(value) ? set(Number(value)) : undefined
}

/** The flags by name. */
export const securityReaders: Readonly<Record<string, ReadSecurity>> = {
  '--audit-policy-file': (value, so, absolute) => ({ ...so, auditPolicyFile: absolute(value) }),
  '--audit-log-path': (value, so, absolute) => ({ ...so, auditLogPath: absolute(value) }),
  '--audit-log-maxsize': (value, so) => count(value, (auditLogMegabytes) => ({ ...so, auditLogMegabytes })),
  '--audit-log-maxage': (value, so) => count(value, (auditLogDays) => ({ ...so, auditLogDays })),
  '--audit-log-maxbackup': (value, so) => count(value, (auditLogBackups) => ({ ...so, auditLogBackups })),
  '--encryption-provider-config': (value, so, absolute) => ({ ...so, encryptionFile: absolute(value) }),
  '--encryption-provider-config-automatic-reload': (value, so) =>
    value === 'true' || value === 'false' ? { ...so, encryptionReload: value === 'true' } : undefined,
  '--anonymous-auth': (value, so) =>
    value === 'true' || value === 'false' ? { ...so, anonymous: value === 'true' } : undefined,
}

interface SecurityParts {
  readonly world: Pick<World, 'clock' | 'files'>
  readonly log: Log
  readonly metrics: Metrics
}

/** Opens what the flags name; the audit log is added to `scope`. @throws for files that are missing or malformed. */
export async function openServerSecurity(
  { world, log, metrics }: SecurityParts,
  flags: SecurityFlags,
  scope: AsyncDisposableStack,
): Promise<Pick<ApiServerDeps, 'audit' | 'encryption'>> {
  const { clock, files } = world
  const { auditPolicyFile, auditLogPath, encryptionFile } = flags
  const encryption =
    encryptionFile === undefined ? {} : { encryption: parseEncryptionConfig(await files.readText(encryptionFile)) }
  if (auditPolicyFile === undefined || auditLogPath === undefined) return encryption
  const policy = parseAuditPolicy(await files.readText(auditPolicyFile))
  const sink = scope.use(
    await openAuditLog(
      { files, clock, log, metrics },
      {
        path: auditLogPath,
        sizeBytesMax: flags.auditLogMegabytes * megabyteBytes,
        ageMsMax: flags.auditLogDays * dayMs,
        backupsMax: flags.auditLogBackups,
      },
    ),
  )
  return { ...encryption, audit: { policy, sink } }
}
