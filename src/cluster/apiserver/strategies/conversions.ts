/** Versions of a resource that are not the stored one. */
import type { Conversion } from '../served-resource.ts'
import { horizontalPodAutoscalerV1 } from './horizontal-pod-autoscaler-v1.ts'
import { eventsV1 } from './events-v1.ts'

/** The conversion of a served version, undefined for the stored one. */
export function conversionOf(apiVersion: string, resource: string): Conversion | undefined {
  const name = `${apiVersion} ${resource}`
  if (name === 'autoscaling/v1 horizontalpodautoscalers') return horizontalPodAutoscalerV1
  return name === 'events.k8s.io/v1 events' ? eventsV1 : undefined
}
