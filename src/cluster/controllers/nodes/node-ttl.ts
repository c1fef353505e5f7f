/** The TTL controller: an annotation on every node says how long its kubelet may keep secrets and config maps in memory. */
import { nodes } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'

export const ttlAnnotation = 'node.alpha.kubernetes.io/ttl'

/** Sizes of clusters, from and to, and the seconds that suit them; they overlap, so that small changes change nothing. */
const steps: readonly (readonly [least: number, most: number, seconds: number])[] = [
  [0, 100, 0],
  [90, 500, 15],
  [450, 1000, 30],
  [900, 2000, 60],
  [1800, Infinity, 300],
]

/** The step for a number of nodes, coming from another: up when that is outgrown, down when far below. */
export function ttlStep(from: number, nodeCount: number): number {
  let step = from
  while (nodeCount > (steps[step]?.[1] ?? Infinity)) step++
  while (nodeCount < (steps[step]?.[0] ?? 0)) step--
  return step
}

/** Seconds of a step. */
export function ttlSeconds(step: number): number {
  return steps[step]?.[2] ?? 0
}

/** Starts the controller. */
export function startNodeTtl(context: ControllerContext): Controller {
  const cache = context.informers.of(nodes)
  const size = { nodeCount: 0, step: 0 }
  return createController(context, {
    name: 'node-ttl',
    watches: [
      watch(cache, ({ type, object }) => {
        if (type !== 'updated') size.nodeCount += type === 'added' ? 1 : -1
        const before = size.step
        size.step = ttlStep(before, size.nodeCount)
        if (size.step !== before) return cache.list().map((node) => node.metadata.name)
        return type === 'deleted' ? [] : [object.metadata.name]
      }),
    ],
    reconcile: (name) => {
      const node = cache.get(name)
      const wanted = String(ttlSeconds(size.step))
      if (node === undefined || node.metadata.annotations?.[ttlAnnotation] === wanted) return nothingToDo
      const patch = { metadata: { annotations: { [ttlAnnotation]: wanted } } }
      return { actions: [{ do: 'patch', resource: nodes, object: node, type: 'strategic', patch }] }
    },
  })
}
