/** Statistics of one container over time. */
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { cgroupOf } from '#engine/containers/pause-container.ts'
import { readSample } from './read-sample.ts'
import type { StatsSample } from './read-sample.ts'
import { viewStats } from './view-stats.ts'

const intervalMs = 1000

export interface StatsQuery {
  /** An answer a second until the container is removed; else one. */
  readonly stream: boolean
  /** Does not wait for a second sample to compare with. */
  readonly oneShot: boolean
  readonly signal: AbortSignal
}

/** A look at a container now; undefined when it does not run. */
export async function sampleContainer(parts: EngineParts, container: Container): Promise<StatsSample | undefined> {
  const { record } = container
  if (!isAlive(record.state)) return undefined
  const { files, clock, machine } = parts.world
  return await readSample({
    files,
    now: clock.now(),
    group: cgroupOf(parts, container).group,
    unified: parts.unifiedCgroups,
    networkPid: record.hostConfig.NetworkMode === 'host' ? undefined : record.state.pid,
    cpuCount: machine.cpuCount,
    memoryBytes: machine.memoryBytes,
  })
}

/** The answers to a statistics request, one a second (Engine API `GET /containers/{id}/stats`). */
export async function* containerStats(
  parts: EngineParts,
  container: Container,
  query: StatsQuery,
): AsyncGenerator<object> {
  const { clock } = parts.world
  const view = (sample: StatsSample | undefined, before: StatsSample | undefined): object =>
    viewStats({ id: container.id, name: container.record.name }, sample, before)
  let before = query.stream || query.oneShot ? undefined : await sampleContainer(parts, container)
  let due = clock.monotonicMs()
  if (before !== undefined) {
    due += intervalMs
    await clock.sleep(intervalMs, query.signal)
  }
  while (!query.signal.aborted && parts.book.find(container.id) !== undefined) {
    const sample = await sampleContainer(parts, container)
    yield view(sample, before)
    if (!query.stream) return
    before = sample
    due = Math.max(due + intervalMs, clock.monotonicMs())
    await clock.sleep(due - clock.monotonicMs(), query.signal)
  }
}
