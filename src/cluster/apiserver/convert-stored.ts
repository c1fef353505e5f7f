/** Objects between the version that is stored and the one that is served, also where somebody else has to convert them. */
import type { ApiObject } from './api-object.ts'
import type { ApiAnswer } from './api-request.ts'
import type { ServedResource } from './served-resource.ts'
import type { Conversion } from './resource-versions.ts'

/** A stored object as a resource serves it. @throws 500 when its webhook fails. */
export async function fromStored({ conversion }: ServedResource, object: ApiObject): Promise<ApiObject> {
  if (conversion === undefined) return object
  await conversion.ahead?.fromStored([object])
  return conversion.fromStored(object)
}

/** A served object as it is stored. @throws 500 when its webhook fails. */
export async function toStored({ conversion }: ServedResource, object: ApiObject): Promise<ApiObject> {
  if (conversion === undefined) return object
  await conversion.ahead?.toStored(object)
  return conversion.toStored(object)
}

/** The answer once everything in it can be written in its version. @throws 500 when a webhook fails. */
export async function readyAnswer(answer: ApiAnswer): Promise<ApiAnswer> {
  const ahead = answer.resource?.conversion?.ahead
  if (ahead === undefined) return answer
  if (answer.form === 'list') await ahead.fromStored(answer.items.map((item) => item.value))
  else if (answer.form === 'stored') await ahead.fromStored([answer.object.value])
  return answer
}

/** A stored object as it is served when that can be said at once, else as it is stored. */
export function servedAtHand(object: ApiObject, conversion: Conversion | undefined): ApiObject {
  return conversion === undefined || conversion.ahead !== undefined ? object : conversion.fromStored(object)
}
