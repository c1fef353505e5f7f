/** Slices of endpoints: v1 cannot write the topology of older versions, and takes the node's name out of it. */
import { type ApiObject, equalJson, listAt, objectAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

const nodeLabel = 'kubernetes.io/hostname'

export const endpointSliceStrategy: Partial<Strategy> = {
  prepareCreate: (slice) => withoutTopology(slice, new Set()),
  prepareUpdate: (next, old) => {
    if (equalJson(next['endpoints'], old['endpoints'])) return next
    const nodes = listAt(old, 'endpoints').map((endpoint) => objectAt(endpoint, 'deprecatedTopology')[nodeLabel])
    return withoutTopology(next, new Set(nodes))
  },
}

/** @param known nodes that the stored slice named in its topology: their names move where v1 has them. */
function withoutTopology(slice: ApiObject, known: ReadonlySet<unknown>): ApiObject {
  const endpoints = listAt(slice, 'endpoints')
  if (!endpoints.some((endpoint) => endpoint['deprecatedTopology'] !== undefined)) return slice
  const kept = endpoints.map(({ deprecatedTopology, ...endpoint }) => {
    const node = objectAt(deprecatedTopology)[nodeLabel]
    const isMoved = endpoint['nodeName'] === undefined && node !== undefined && known.has(node)
    return isMoved ? { ...endpoint, nodeName: node } : endpoint
  })
  return { ...slice, endpoints: kept }
}
