/** API services: those of the server itself are there from the start. */
import type { APIService } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'
import type { ApiObject } from '../api-object.ts'
import { servedHere, withVerdict } from '../aggregation/available-condition.ts'
import type { Strategy } from './strategy.ts'

export const apiServiceStrategy: Partial<Strategy> = {
  prepareCreate: (object, { view }) => {
    const service = object as ApiObject & APIService
    const isRemote = service.spec?.service !== undefined
    return isRemote ? object : ((withVerdict(service, servedHere, view.now()) ?? object) as ApiObject)
  },
}
