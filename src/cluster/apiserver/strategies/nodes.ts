/** Nodes: a new one starts with the status it brings, so that a kubelet registers in one request. */
import { type ApiObject, objectAt, textAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const nodeStrategy: Partial<Strategy> = {
  statusOnCreate: true,
  internalize: withOneRange,
}

/** `podCIDR` and `podCIDRs` say the same: a client that knows only the first changes only that one, and it counts. */
function withOneRange(node: ApiObject): ApiObject {
  const spec = objectAt(node, 'spec')
  const listed: readonly unknown[] = Array.isArray(spec['podCIDRs']) ? spec['podCIDRs'] : []
  const range = textAt(spec, 'podCIDR')
  if (range === (listed[0] ?? '')) return node
  const podCIDRs = range === '' ? listed : [range]
  return { ...node, spec: { ...spec, podCIDR: podCIDRs[0], podCIDRs } }
}
