/** Node IPAM: every node gets a range of pod addresses of its own, and keeps it. */
import { nodes } from '#clients/kubernetes/resources.table.ts'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { PodRanges } from './pod-ranges.ts'

export interface NodeRangesConfig {
  /** The range of all pods: `10.244.0.0/16`. */
  readonly clusterCidr: string
  /** Length of a node's prefix, 24 unless told. */
  readonly nodeBits?: number
}

/** Starts the allocator. */
export function startNodeRanges(context: ControllerContext, config: NodeRangesConfig): Controller {
  const cache = context.informers.of(nodes)
  const ranges = new PodRanges(config.clusterCidr, config.nodeBits ?? 24)
  /** Ranges chosen for nodes that do not show them yet, by uid. */
  const chosen = new Map<string, string>()
  const uidOf = ({ metadata }: Node): string => metadata.uid ?? ''
  const release = (node: Node): void => {
    const range = node.spec?.podCIDR ?? chosen.get(uidOf(node))
    chosen.delete(uidOf(node))
    if (range !== undefined) ranges.release(range)
  }
  return createController(context, {
    name: 'node-ipam',
    watches: [
      watch(cache, ({ type, object }) => {
        if (type === 'deleted') release(object)
        const range = object.spec?.podCIDR
        if (type === 'deleted' || range === undefined) return type === 'deleted' ? [] : [object.metadata.name]
        ranges.occupy(range)
        chosen.delete(uidOf(object))
        return []
      }),
    ],
    reconcile: (name): Plan => {
      const node = cache.get(name)
      if (node === undefined || node.spec?.podCIDR !== undefined) return nothingToDo
      const range = chosen.get(uidOf(node)) ?? ranges.take()
      if (range === undefined) return noneLeft(node)
      chosen.set(uidOf(node), range)
      return planRange(node, range)
    },
  })
}

/** Gives a node its range. */
export function planRange(node: Node, range: string): Plan {
  const patch = { metadata: { uid: node.metadata.uid ?? '' }, spec: { podCIDR: range, podCIDRs: [range] } }
  return { subject: node, actions: [{ do: 'patch', resource: nodes, object: node, type: 'strategic', patch }] }
}

function noneLeft(node: Node): Plan {
  const message = `Node ${node.metadata.name} status is now: CIDRNotAvailable`
  return {
    subject: node,
    events: [{ type: 'Normal', reason: 'CIDRNotAvailable', message }],
    lookAgainAfterMs: 60_000,
  }
}
