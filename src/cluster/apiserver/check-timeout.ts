/** The `timeout` that a client puts on a request (WithRequestDeadline of k8s.io/apiserver, v1.36). */
import { parseGoDuration } from '#base/data/duration.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HttpRequest } from '#kit/http/exchange.ts'
import { isLongRunning } from './flow-control/take-turn.ts'
import type { RequestInfo } from './request-info.ts'
import { badRequest } from './status-errors.ts'

/** Looks at it before anything else is known of a request; one that may last as long as it likes has none. @throws 400. */
export function checkTimeout({ query }: HttpRequest, info: RequestInfo): void {
  const timeout = query.get('timeout') ?? ''
  if (timeout === '' || isLongRunning(info)) return
  try {
    parseGoDuration(timeout)
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    throw badRequest(`invalid timeout specified in the request URL - ${error.message}`)
  }
}
