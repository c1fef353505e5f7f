/** The range of pod addresses that suits a cluster's size: each node gets a /24 of it. */

/** Nodes to begin with; the usual range has room for 256, so that a few may be added. */
const usualMost = 200

/** `10.244.0.0/16`, or half of the private network 10 for larger clusters (32,768 nodes). */
export function podRangeFor(nodeCount: number): string {
  return nodeCount <= usualMost ? '10.244.0.0/16' : '10.128.0.0/9'
}
