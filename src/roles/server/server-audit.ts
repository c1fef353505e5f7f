/** Opens the audit of a server: its policy, and where events go. */
import type { ApiServerDeps } from '#cluster/apiserver/api-server.ts'
import { openAuditLog } from '#cluster/apiserver/audit/audit-log.ts'
import { parseAuditPolicy } from '#cluster/apiserver/audit/audit-policy.ts'
import { type AuditSink, joinAuditSinks, truncateAuditEvents } from '#cluster/apiserver/audit/audit-sink.ts'
import { createAuditWebhook } from '#cluster/apiserver/audit/audit-webhook.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { World } from '#world/ports/world.ts'
import type { AuditFlags, TruncateFlags } from './audit-flags.ts'
import { openKubeconfigWebhook } from './kubeconfig-webhook.ts'

interface Parts {
  readonly world: Pick<World, 'clock' | 'files' | 'random'>
  readonly log: Log
  readonly metrics: Metrics
  /** Ends the sinks. */
  readonly scope: AsyncDisposableStack
}

const megabyteBytes = 1024 * 1024
const dayMs = 86_400_000
const webhookTimeoutMs = 30_000

/** Opens what the flags name; undefined where nothing is recorded. @throws for files that are missing or malformed. */
export async function openServerAudit(parts: Parts, flags: AuditFlags): Promise<ApiServerDeps['audit']> {
  const { policyFile, logPath, webhookFile } = flags
  if (policyFile === undefined) return undefined
  const { metrics, world } = parts
  const policy = parseAuditPolicy(await world.files.readText(policyFile))
  const cut = (sink: AuditSink, truncate: TruncateFlags): AuditSink =>
    truncate.isOn ? truncateAuditEvents(sink, metrics, truncate) : sink
  const sinks = [
    ...(logPath === undefined ? [] : [cut(await openLog(parts, logPath, flags), flags.logTruncate)]),
    ...(webhookFile === undefined ? [] : [cut(await openWebhook(parts, webhookFile, flags), flags.webhookTruncate)]),
  ]
  return { policy, sink: joinAuditSinks(metrics, sinks) }
}

async function openLog({ world, log, metrics, scope }: Parts, path: string, flags: AuditFlags): Promise<AuditSink> {
  const { files, clock } = world
  const isStandardOutput = path === '-'
  const options = {
    path: isStandardOutput ? '/dev/stdout' : path,
    sizeBytesMax: isStandardOutput ? 0 : flags.logMegabytes * megabyteBytes,
    ageMsMax: flags.logDays * dayMs,
    backupsMax: flags.logBackups,
    format: flags.logFormat,
    compress: flags.logCompress,
    mode: flags.logBatch.mode,
    batch: flags.logBatch,
  }
  return scope.use(await openAuditLog({ files, clock, log, metrics }, options))
}

async function openWebhook({ world, log, metrics, scope }: Parts, path: string, flags: AuditFlags): Promise<AuditSink> {
  const { clock, random } = world
  const ask = await openKubeconfigWebhook(world, { path, timeoutMs: webhookTimeoutMs }, scope)
  const batchBytesMax = flags.webhookTruncate.isOn ? flags.webhookTruncate.batchBytesMax : undefined
  return scope.use(createAuditWebhook({ clock, random, log, metrics, ask }, { ...flags.webhook, batchBytesMax }))
}
