/** The handlers of subresources, by resource and name. Streaming ones (exec, logs, proxies) are not here: they need a connection. */
import { updateObject } from '../writes/update-object.ts'
import { patchObject } from '../writes/patch-object.ts'
import { readObject } from '../read-objects.ts'
import type { AnswerRequest } from '../server-parts.ts'
import type { ServedResource } from '../served-resource.ts'
import { unknownResource } from '../status-errors.ts'
import { answerCustomScale } from '../custom-resources/scale-custom.ts'
import { bindPod } from './bind-pod.ts'
import { evictPod } from './evict-pod.ts'
import { answerScale } from './scale.ts'
import { requestToken } from './request-token.ts'

/** Subresources that show the whole object and change a part of it. */
const wholeObject: AnswerRequest = async (parts, request) => {
  if (request.verb === 'get')
    return { form: 'stored', code: 200, resource: request.resource, object: await readObject(parts, request) }
  return request.verb === 'patch' ? patchObject(parts, request) : updateObject(parts, request)
}

const byName: Readonly<Record<string, AnswerRequest>> = {
  status: wholeObject,
  finalize: wholeObject,
  approval: wholeObject,
  ephemeralcontainers: wholeObject,
  resize: wholeObject,
  scale: answerScale,
  binding: bindPod,
  eviction: evictPod,
  token: requestToken,
}

/** The handler of a subresource. */
export function subresourceHandler(resource: ServedResource, name: string): AnswerRequest {
  if (name === 'scale' && resource.custom !== undefined) return answerCustomScale
  return byName[name] ?? (() => Promise.reject(unknownResource()))
}
