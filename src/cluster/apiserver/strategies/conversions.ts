/** Versions of a resource that are not the stored one. */
import { builtInMergeTypes } from '#spec/kubernetes/apply/merge-type.ts'
import { decodeTree } from '#spec/kubernetes/decode/decode-object.ts'
import { typeOfKind } from '#spec/kubernetes/schema/kinds.ts'
import type { ApiObject } from '../api-object.ts'
import type { Conversion, ResourceVersions, VersionRow } from '../resource-versions.ts'
import { horizontalPodAutoscalerV1 } from './horizontal-pod-autoscaler-v1.ts'
import { eventsV1 } from './events-v1.ts'
import { strategyOf } from './strategies.ts'

interface Pair {
  /** GROUP/VERSION that is not the stored one. */
  readonly served: string
  readonly kind: string
  readonly conversion: Conversion
}

/** By the plural name of a resource. */
const pairs: Readonly<Record<string, Pair>> = {
  horizontalpodautoscalers: {
    served: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    conversion: horizontalPodAutoscalerV1,
  },
  events: { served: 'events.k8s.io/v1', kind: 'Event', conversion: eventsV1 },
}

function pairOf(apiVersion: string, resource: string): Pair | undefined {
  const pair = pairs[resource]
  return pair?.served === apiVersion || pair?.conversion.storedVersion === apiVersion ? pair : undefined
}

/** The conversion of a served version, undefined for the stored one. */
export function conversionOf(apiVersion: string, resource: string): Conversion | undefined {
  const pair = pairOf(apiVersion, resource)
  return pair?.served === apiVersion ? pair.conversion : undefined
}

/** The versions of a resource that has several. */
export function versionsOf(apiVersion: string, resource: string): ResourceVersions | undefined {
  const pair = pairOf(apiVersion, resource)
  if (pair === undefined) return undefined
  const { served, kind, conversion } = pair
  const isKnown = (version: string): boolean => version === served || version === conversion.storedVersion
  return {
    knows: isKnown,
    find: (version) => (isKnown(version) ? rowOf(version, { kind, resource }) : undefined),
    convert: (object, version) => {
      const from = canonical(object, kind)
      return version === served ? conversion.fromStored(from) : conversion.toStored(from)
    },
  }
}

function rowOf(apiVersion: string, of: { readonly kind: string; readonly resource: string }): VersionRow | undefined {
  const type = typeOfKind(apiVersion, of.kind)
  if (type === undefined) return undefined
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return { mergeType: builtInMergeTypes.of(type), strategy: strategyOf(group, of.resource) }
}

/** Merging leaves nulls and half-empty objects, which conversions need not know. */
function canonical(object: ApiObject, kind: string): ApiObject {
  const type = typeOfKind(object.apiVersion, kind)
  return type === undefined ? object : (decodeTree(object, type).value as ApiObject)
}
