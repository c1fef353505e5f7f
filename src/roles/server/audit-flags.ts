/** What is recorded of requests and where it goes, by kube-apiserver's flags; pure. */
import type { AuditFormat } from '#cluster/apiserver/audit/audit-line.ts'
import { defaultLogBatch } from '#cluster/apiserver/audit/audit-log.ts'
import type { AuditBatchConfig } from '#cluster/apiserver/audit/audit-batches.ts'
import type { AuditMode } from '#cluster/apiserver/audit/audit-sink.ts'
import { type AuditWebhookConfig, defaultAuditWebhook } from '#cluster/apiserver/audit/audit-webhook.ts'
import { parseGoDurationMs } from '#base/data/duration.ts'

/** Whether events are cut down, and to which size. */
export interface TruncateFlags {
  readonly isOn: boolean
  readonly eventBytesMax: number
  readonly batchBytesMax: number
}

/** Paths are absolute. */
export interface AuditFlags {
  readonly policyFile: string | undefined
  /** `-` for the standard output. */
  readonly logPath: string | undefined
  readonly logMegabytes: number
  readonly logDays: number
  readonly logBackups: number
  readonly logFormat: AuditFormat
  readonly logCompress: boolean
  readonly logBatch: AuditBatchConfig & { readonly mode: AuditMode }
  readonly logTruncate: TruncateFlags
  readonly webhookFile: string | undefined
  readonly webhook: AuditWebhookConfig
  readonly webhookTruncate: TruncateFlags
}

const noTruncation: TruncateFlags = { isOn: false, eventBytesMax: 100 * 1024, batchBytesMax: 10 * 1024 * 1024 }

export const defaultAudit: AuditFlags = {
  policyFile: undefined,
  logPath: undefined,
  logMegabytes: 100,
  logDays: 366,
  logBackups: 100,
  logFormat: 'json',
  logCompress: false,
  logBatch: { ...defaultLogBatch, mode: 'blocking' },
  logTruncate: noTruncation,
  webhookFile: undefined,
  webhook: defaultAuditWebhook,
  webhookTruncate: noTruncation,
}

export const auditHelp = `      --audit-policy-file FILE      Record requests as this policy (audit.k8s.io/v1) asks
      --audit-log-path FILE         Where to, one event a line; - for the standard output
      --audit-log-format FORMAT     json or legacy (default json)
      --audit-log-maxsize MB        Begin a new file at this size (default 100, 0 never)
      --audit-log-maxage DAYS       Remove older files (default 366, 0 never)
      --audit-log-maxbackup N       Keep N older files (default 100, 0 all)
      --audit-log-compress true|false               Compress them (default false)
      --audit-log-mode MODE         batch, blocking or blocking-strict (default blocking)
      --audit-webhook-config-file FILE              Send events to the server of this kubeconfig
      --audit-webhook-mode MODE     The same (default batch)
      --audit-webhook-initial-backoff T             Before what failed is sent again (default 10s)
      --audit-log-batch-buffer-size, --audit-webhook-batch-buffer-size N, --audit-log-batch-max-size,
      --audit-webhook-batch-max-size N, --audit-log-batch-max-wait, --audit-webhook-batch-max-wait T,
      --audit-log-batch-throttle-enable, --audit-webhook-batch-throttle-enable true|false,
      --audit-log-batch-throttle-qps, --audit-webhook-batch-throttle-qps N,
      --audit-log-batch-throttle-burst, --audit-webhook-batch-throttle-burst N
                            How batches are made (default 10000, 1 and 400, 30s, false and true, 0 and 10, 0 and 15)
      --audit-log-version, --audit-webhook-version audit.k8s.io/v1
                            The version of events; there is no other one
      --audit-log-truncate-enabled, --audit-webhook-truncate-enabled true|false,
      --audit-log-truncate-max-event-size, --audit-webhook-truncate-max-event-size BYTES,
      --audit-log-truncate-max-batch-size, --audit-webhook-truncate-max-batch-size BYTES
                            Leave out the objects of larger events (default false, 102400, 10485760)
`

type Read = (value: string, so: AuditFlags, absolute: (path: string) => string) => AuditFlags | undefined
type Change<T> = (value: string, so: T) => T | undefined

function whole(value: string): number | undefined {
  return /^\d{1,12}$/.test(value) ? Number(value) : undefined
}

function truth(value: string): boolean | undefined {
  return value === 'true' || value === 'false' ? value === 'true' : undefined
}

function duration(value: string): number | undefined {
  try {
    const durationMs = parseGoDurationMs(value)
    return durationMs < 0 ? undefined : durationMs
  } catch {
    return undefined
  }
}

/** Sets one member to what a value is read as. */
function setting<T, K extends keyof T>(member: K, read: (value: string) => T[K] | undefined): Change<T> {
  return (value, so) => {
    const set = read(value)
    return set === undefined ? undefined : { ...so, [member]: set }
  }
}

/** Changes a part of the flags. */
function within<K extends 'logBatch' | 'logTruncate' | 'webhook' | 'webhookTruncate'>(
  part: K,
  change: Change<AuditFlags[K]>,
): Read {
  return (value, so) => {
    const changed = change(value, so[part])
    return changed === undefined ? undefined : { ...so, [part]: changed }
  }
}

const file =
  (member: 'policyFile' | 'webhookFile'): Read =>
  (value, so, absolute) => ({ ...so, [member]: absolute(value) })

const modes: readonly string[] = ['batch', 'blocking', 'blocking-strict'] satisfies AuditMode[]
const modeOf = (value: string): AuditMode | undefined => (modes.includes(value) ? (value as AuditMode) : undefined)
const backOff = within('webhook', setting('initialBackoffMs', duration))

type BatchFlags = AuditBatchConfig & { readonly mode: AuditMode }
type Throttle = AuditBatchConfig['throttle']

/** Both targets have the same flags for batches. */
function batching(name: 'log' | 'webhook', part: 'logBatch' | 'webhook'): Readonly<Record<string, Read>> {
  const own =
    (change: Change<BatchFlags>): Read =>
    (value, so) => {
      const changed = change(value, so[part])
      return changed === undefined ? undefined : { ...so, [part]: { ...so[part], ...changed } }
    }
  const throttle = (change: Change<Throttle>): Read =>
    own((value, so) => {
      const changed = change(value, so.throttle)
      return changed === undefined ? undefined : { ...so, throttle: changed }
    })
  return {
    [`--audit-${name}-mode`]: own(setting('mode', modeOf)),
    [`--audit-${name}-batch-buffer-size`]: own(setting('bufferEvents', whole)),
    [`--audit-${name}-batch-max-size`]: own(setting('batchEvents', whole)),
    [`--audit-${name}-batch-max-wait`]: own(setting('batchWaitMs', duration)),
    [`--audit-${name}-batch-throttle-enable`]: throttle(setting('isOn', truth)),
    [`--audit-${name}-batch-throttle-qps`]: throttle(setting('perSecond', whole)),
    [`--audit-${name}-batch-throttle-burst`]: throttle(setting('burst', whole)),
    [`--audit-${name}-version`]: (value, so) => (value === 'audit.k8s.io/v1' ? so : undefined),
  }
}

const truncation = (
  name: 'log' | 'webhook',
  part: 'logTruncate' | 'webhookTruncate',
): Readonly<Record<string, Read>> => ({
  [`--audit-${name}-truncate-enabled`]: within(part, setting('isOn', truth)),
  [`--audit-${name}-truncate-max-event-size`]: within(part, setting('eventBytesMax', whole)),
  [`--audit-${name}-truncate-max-batch-size`]: within(part, setting('batchBytesMax', whole)),
})

/** What each flag's value changes; undefined for a value that it cannot have. */
export const auditReaders: Readonly<Record<string, Read>> = {
  '--audit-policy-file': file('policyFile'),
  '--audit-log-path': (value, so, absolute) => ({ ...so, logPath: value === '-' ? value : absolute(value) }),
  '--audit-log-format': (value, so) =>
    value === 'json' || value === 'legacy' ? { ...so, logFormat: value } : undefined,
  '--audit-log-maxsize': setting('logMegabytes', whole),
  '--audit-log-maxage': setting('logDays', whole),
  '--audit-log-maxbackup': setting('logBackups', whole),
  '--audit-log-compress': setting('logCompress', truth),
  '--audit-webhook-config-file': file('webhookFile'),
  '--audit-webhook-initial-backoff': backOff,
  '--audit-webhook-batch-initial-backoff': backOff,
  ...batching('log', 'logBatch'),
  ...batching('webhook', 'webhook'),
  ...truncation('log', 'logTruncate'),
  ...truncation('webhook', 'webhookTruncate'),
}

/** What the flags cannot mean; undefined when they are fine. */
export function auditProblem({ policyFile, logPath, webhookFile, ...so }: AuditFlags): string | undefined {
  const hasTarget = logPath !== undefined || webhookFile !== undefined
  if ((policyFile !== undefined) !== hasTarget)
    return '--audit-policy-file and --audit-log-path or --audit-webhook-config-file go together'
  return (
    (logPath === undefined
      ? undefined
      : (batchProblem('log', so.logBatch) ?? truncateProblem('log', so.logTruncate))) ??
    (webhookFile === undefined
      ? undefined
      : (batchProblem('webhook', so.webhook) ?? truncateProblem('webhook', so.webhookTruncate)))
  )
}

/** Numbers of batches count only where there are any. */
function batchProblem(name: string, { mode, bufferEvents, batchEvents, throttle }: BatchFlags): string | undefined {
  if (mode !== 'batch') return undefined
  const numbers: readonly (readonly [what: string, value: number])[] = [
    ['buffer size', bufferEvents],
    ['max batch size', batchEvents],
    ...(throttle.isOn
      ? ([
          ['throttle QPS', throttle.perSecond],
          ['throttle burst', throttle.burst],
        ] as const)
      : []),
  ]
  const wrong = numbers.find(([, value]) => value === 0)
  return wrong === undefined ? undefined : `invalid audit batch ${name} ${wrong[0]} 0, must be a positive number`
}

function truncateProblem(name: string, { eventBytesMax, batchBytesMax }: TruncateFlags): string | undefined {
  if (eventBytesMax === 0) return `invalid audit truncate ${name} max event size 0, must be a positive number`
  if (batchBytesMax >= eventBytesMax) return undefined
  return `invalid audit truncate ${name} max batch size ${batchBytesMax}, must be greater than max event size (${eventBytesMax})`
}
