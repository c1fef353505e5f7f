/** What is recorded of requests and where it goes, by kube-apiserver's flags; pure. */
import type { AuditFormat } from '#cluster/apiserver/audit/audit-line.ts'
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
      --audit-webhook-config-file FILE              Send events to the server of this kubeconfig
      --audit-webhook-mode MODE     batch, blocking or blocking-strict (default batch)
      --audit-webhook-initial-backoff T             Before what failed is sent again (default 10s)
      --audit-webhook-batch-buffer-size, --audit-webhook-batch-max-size N, --audit-webhook-batch-max-wait T,
      --audit-webhook-batch-throttle-enable true|false, --audit-webhook-batch-throttle-qps, --audit-webhook-batch-throttle-burst N
                            How batches are made (default 10000, 400, 30s, true, 10, 15)
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
function within<K extends 'logTruncate' | 'webhook' | 'webhookTruncate'>(part: K, change: Change<AuditFlags[K]>): Read {
  return (value, so) => {
    const changed = change(value, so[part])
    return changed === undefined ? undefined : { ...so, [part]: changed }
  }
}

const file =
  (member: 'policyFile' | 'webhookFile'): Read =>
  (value, so, absolute) => ({ ...so, [member]: absolute(value) })

const modes: readonly string[] = ['batch', 'blocking', 'blocking-strict'] satisfies AuditWebhookConfig['mode'][]
const backOff = within('webhook', setting('initialBackoffMs', duration))

/** A throttle that is off has no numbers: they count once it is on. */
const throttle = (member: 'perSecond' | 'burst'): Read =>
  within('webhook', (value, so) => {
    const set = whole(value)
    if (set === undefined || set === 0) return undefined
    return so.throttle === undefined ? so : { ...so, throttle: { ...so.throttle, [member]: set } }
  })

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
  '--audit-webhook-mode': within('webhook', (value, so) =>
    modes.includes(value) ? { ...so, mode: value as AuditWebhookConfig['mode'] } : undefined,
  ),
  '--audit-webhook-initial-backoff': backOff,
  '--audit-webhook-batch-initial-backoff': backOff,
  '--audit-webhook-batch-buffer-size': within('webhook', setting('bufferEvents', whole)),
  '--audit-webhook-batch-max-size': within('webhook', setting('batchEvents', whole)),
  '--audit-webhook-batch-max-wait': within('webhook', setting('batchWaitMs', duration)),
  '--audit-webhook-batch-throttle-enable': within('webhook', (value, so) => {
    const isOn = truth(value)
    if (isOn === undefined) return undefined
    return { ...so, throttle: isOn ? (so.throttle ?? defaultAuditWebhook.throttle) : undefined }
  }),
  '--audit-webhook-batch-throttle-qps': throttle('perSecond'),
  '--audit-webhook-batch-throttle-burst': throttle('burst'),
  ...truncation('log', 'logTruncate'),
  ...truncation('webhook', 'webhookTruncate'),
}

/** What the flags cannot mean; undefined when they are fine. */
export function auditProblem({ policyFile, logPath, webhookFile, ...so }: AuditFlags): string | undefined {
  const hasTarget = logPath !== undefined || webhookFile !== undefined
  if ((policyFile !== undefined) !== hasTarget)
    return '--audit-policy-file and --audit-log-path or --audit-webhook-config-file go together'
  const { bufferEvents, batchEvents } = so.webhook
  if (bufferEvents === 0) return 'invalid audit batch webhook buffer size 0, must be a positive number'
  if (batchEvents === 0) return 'invalid audit batch webhook max batch size 0, must be a positive number'
  return truncateProblem('log', so.logTruncate) ?? truncateProblem('webhook', so.webhookTruncate)
}

function truncateProblem(name: string, { eventBytesMax, batchBytesMax }: TruncateFlags): string | undefined {
  if (eventBytesMax === 0) return `invalid audit truncate ${name} max event size 0, must be a positive number`
  if (batchBytesMax >= eventBytesMax) return undefined
  return `invalid audit truncate ${name} max batch size ${batchBytesMax}, must be greater than max event size (${eventBytesMax})`
}
