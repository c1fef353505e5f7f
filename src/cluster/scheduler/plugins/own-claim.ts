/** Changes of claims concern the pods that use them. */
import type { QueueingHint } from '../plugin.ts'

/** A claim helps when it is one of the pod's. */
export const isOwnClaim: QueueingHint = ({ namespace, claims }, { object }) =>
  object === undefined || (object.metadata.namespace === namespace && claims.includes(object.metadata.name ?? ''))
