/** What flow control tells of itself, under upstream's names. */
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { PriorityLevel } from './priority-level.ts'

const labels = ['priority_level']

/** Requests that were turned away. */
export const flowControlRejected: { readonly name: string; readonly help: string; readonly labels: readonly string[] } =
  {
    name: 'apiserver_flowcontrol_rejected_requests_total',
    help: 'Requests rejected by API Priority and Fairness, by level, schema and reason.',
    labels: ['priority_level', 'flow_schema', 'reason'],
  }

const gauges: readonly (readonly [name: string, help: string, read: (level: PriorityLevel) => number])[] = [
  ['current_executing_requests', 'Requests that run.', ({ executing }) => executing],
  ['current_executing_seats', 'Seats in use.', ({ seatsInUse }) => seatsInUse],
  ['current_inqueue_requests', 'Requests that wait for a seat.', ({ waitingCount }) => waitingCount],
  ['nominal_limit_seats', 'Seats that are nominally the level’s.', ({ share }) => share.nominal],
  ['lower_limit_seats', 'Seats that the level never lends.', ({ share }) => share.least],
  ['upper_limit_seats', 'Seats that the level may use at most.', ({ share }) => share.most],
]

/** Adds the metrics of the levels that there are when somebody asks. */
export function describeFlowControl(metrics: Metrics, levels: () => Iterable<PriorityLevel>): void {
  const each = (read: (level: PriorityLevel) => number) => () =>
    Array.from(levels(), (level) => [{ priority_level: level.name }, read(level)] as const)
  for (const [name, help, read] of gauges)
    metrics.observeAll({ name: `apiserver_flowcontrol_${name}`, help, labels }, 'gauge', each(read))
  metrics.observeAll(
    { name: 'apiserver_flowcontrol_dispatched_requests_total', help: 'Requests that got a seat.', labels },
    'counter',
    each(({ dispatched }) => dispatched),
  )
}
