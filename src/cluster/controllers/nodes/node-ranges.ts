/** Node IPAM: every node gets a range of pod addresses of its own, one of each of the cluster's families, and keeps them. */
import { nodes } from '#clients/kubernetes/resources.table.ts'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { PodRanges } from './pod-ranges.ts'

export interface NodeRangesConfig {
  /** The range of all pods: `10.244.0.0/16`, or one of each family with a comma between. */
  readonly clusterCidr: string
  /** Length of a node's IPv4 prefix, 24 unless told; in IPv6 it is 64. */
  readonly nodeBits?: number
}

const nodeBitsV6 = 64

/** The ranges that a node shows, the first family's first. */
function rangesOf({ spec }: Node): readonly string[] {
  if (spec?.podCIDRs !== undefined && spec.podCIDRs.length > 0) return spec.podCIDRs
  return spec?.podCIDR === undefined ? [] : [spec.podCIDR]
}

/** Starts the allocator. */
export function startNodeRanges(context: ControllerContext, config: NodeRangesConfig): Controller {
  const cache = context.informers.of(nodes)
  const blocks = config.clusterCidr
    .split(',')
    .map((cidr) => new PodRanges(cidr, cidr.includes(':') ? nodeBitsV6 : (config.nodeBits ?? 24)))
  /** Ranges chosen for nodes that do not show them yet, by uid. */
  const chosen = new Map<string, readonly string[]>()
  const uidOf = ({ metadata }: Node): string => metadata.uid ?? ''
  const release = (ranges: readonly string[]): void => {
    for (const block of blocks) for (const range of ranges) block.release(range)
  }
  /** One range of each block, or none at all. */
  const take = (): readonly string[] | undefined => {
    const taken = blocks.map((block) => block.take())
    const ranges = taken.filter((range) => range !== undefined)
    if (ranges.length === blocks.length) return ranges
    release(ranges)
    return undefined
  }
  return createController(context, {
    name: 'node-ipam',
    watches: [
      watch(cache, ({ type, object }) => {
        const shown = rangesOf(object)
        if (type === 'deleted') {
          release(shown.length > 0 ? shown : (chosen.get(uidOf(object)) ?? []))
          chosen.delete(uidOf(object))
        }
        if (type === 'deleted' || shown.length === 0) return type === 'deleted' ? [] : [object.metadata.name]
        for (const block of blocks) for (const range of shown) block.occupy(range)
        chosen.delete(uidOf(object))
        return []
      }),
    ],
    reconcile: (name): Plan => {
      const node = cache.get(name)
      if (node === undefined || rangesOf(node).length > 0) return nothingToDo
      const ranges = chosen.get(uidOf(node)) ?? take()
      if (ranges === undefined) return noneLeft(node)
      chosen.set(uidOf(node), ranges)
      return planRanges(node, ranges)
    },
  })
}

/** Gives a node its ranges. */
export function planRanges(node: Node, ranges: readonly string[]): Plan {
  const spec = { podCIDR: ranges[0] ?? '', podCIDRs: ranges }
  const patch = { metadata: { uid: node.metadata.uid ?? '' }, spec }
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
