/** Counts how configuration files are taken over while a server runs, under upstream's names (configmetrics, v1.36). */
import { digestOf } from '#base/data/digest.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'

/** The configurations that are followed, by their part of the metrics' names. */
type Followed = 'authentication' | 'authorization' | 'encryption'

export interface ReloadMeter {
  /** The first text, or one that is kept without having been taken over. */
  loaded(text: string): void
  reloaded(text: string, nowMs: number): void
  failed(nowMs: number): void
}

/** The meter of one file. @param serverId what tells this server from others. */
export function createReloadMeter(metrics: Metrics, of: Followed, serverId: string): ReloadMeter {
  const prefix = `apiserver_${of}_config_controller`
  const labels = ['status', 'apiserver_id_hash']
  const id = digestOf(serverId)
  const total = metrics.counter({
    name: `${prefix}_automatic_reloads_total`,
    help: `Total number of automatic reloads of ${of} configuration split by status and apiserver identity.`,
    labels,
  })
  const last = metrics.gauge({
    name: `${prefix}_automatic_reload_last_timestamp_seconds`,
    help: `Timestamp of the last automatic reload of ${of} configuration split by status and apiserver identity.`,
    labels,
  })
  let hash: string | undefined
  metrics.observeAll(
    {
      name: `${prefix}_last_config_info`,
      help: `Information about the last applied ${of} configuration with hash as label, split by apiserver identity.`,
      labels: ['apiserver_id_hash', 'hash'],
    },
    'gauge',
    () => (hash === undefined ? [] : [[{ apiserver_id_hash: id, hash }, 1]]),
  )
  const note = (status: 'success' | 'failure', nowMs: number): void => {
    total.add({ status, apiserver_id_hash: id })
    last.set(nowMs / 1000, { status, apiserver_id_hash: id })
  }
  return {
    loaded: (text) => {
      hash = digestOf(text)
    },
    reloaded: (text, nowMs) => {
      hash = digestOf(text)
      note('success', nowMs)
    },
    failed: (nowMs) => note('failure', nowMs),
  }
}
