/** CSI drivers: changes of the spec are counted from none, so a new driver has no generation. */
import { equalJson, withMetadata } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const csiDriverStrategy: Partial<Strategy> = {
  prepareUpdate: (next, old) => {
    if (equalJson(next.spec, old.spec)) return next
    return withMetadata(next, { generation: (old.metadata.generation ?? 0) + 1 })
  },
}
