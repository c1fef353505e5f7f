/** Requests that were made in this process and say by themselves whom they are from. */
import type { HttpRequest } from '#kit/http/exchange.ts'
import type { User } from '../user.ts'

/** Where such a request carries its user; nothing from a wire can have it. */
export const inProcessUser: unique symbol = Symbol('in-process user')

export interface InProcessRequest extends HttpRequest {
  readonly [inProcessUser]: User
}

/** The user of a request of this process, undefined for one from a wire. */
export function userInProcess(request: HttpRequest): User | undefined {
  return (request as Partial<InProcessRequest>)[inProcessUser]
}
