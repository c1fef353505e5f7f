/** Metrics of the autoscaler, under upstream's names. */
import type { Counter, Histogram, Metrics } from '#kit/telemetry/metrics.ts'

/** Bounds in seconds, doubling from a millisecond. */
const durationBounds: readonly number[] = Array.from({ length: 16 }, (_, at) => 0.001 * 2 ** at)

export interface AutoscalerMetrics {
  readonly reconciliations: Counter
  readonly reconciliationSeconds: Histogram
  readonly computations: Counter
}

/** The metrics in a set of them. */
export function autoscalerMetrics(metrics: Metrics): AutoscalerMetrics {
  const labels = ['action', 'error']
  return {
    reconciliations: metrics.counter({
      name: 'horizontal_pod_autoscaler_controller_reconciliations_total',
      help: "Number of reconciliations of HPA controller. The label 'action' should be either 'scale_down', 'scale_up', or 'none'. Also, the label 'error' should be either 'spec', 'internal', or 'none'.",
      labels,
    }),
    reconciliationSeconds: metrics.histogram(
      {
        name: 'horizontal_pod_autoscaler_controller_reconciliation_duration_seconds',
        help: 'The time(seconds) that the HPA controller takes to reconcile once.',
        labels,
      },
      durationBounds,
    ),
    computations: metrics.counter({
      name: 'horizontal_pod_autoscaler_controller_metric_computation_total',
      help: "Number of metric computations. The label 'error' should be either 'spec', 'internal', or 'none'. The label 'metric_type' corresponds to HPA.spec.metrics[*].type",
      labels: ['error', 'metric_type'],
    }),
  }
}
