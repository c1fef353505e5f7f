/**
 * How long a request may take that does not last as long as its client likes, its body and its answer on the wire included
 * (WithRequestDeadline and WithTimeoutForNonLongRunningRequests of k8s.io/apiserver, v1.36): who sends or reads slowly
 * holds a seat and what is made for it, but not for ever.
 */
import { parseGoDurationMs } from '#base/data/duration.ts'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { requestTimedOut, toStatus } from '../status-errors.ts'

/** The limit of kube-apiserver unless told (--request-timeout). */
const requestMsMax = 60_000
/** What is left of a body whose sender was told goes on for this long. */
const partingMs = 1000

/** A client may ask for less; nothing and 0 ask for the most there is. */
export function requestMsOf({ target, query }: HttpRequest): number {
  if (!target.includes('timeout=')) return requestMsMax
  try {
    const timeoutMs = parseGoDurationMs(query.get('timeout') ?? '')
    return timeoutMs > 0 ? Math.min(timeoutMs, requestMsMax) : requestMsMax
  } catch {
    return requestMsMax
  }
}

/**
 * Answers 504 when the time is up, or cuts an answer that is on its way; what was begun goes on and is answered to nobody.
 * Dispose of it when the answer is out.
 * @param onLate told first when the time is up.
 */
export function limitTime(http: HttpRequest, response: HttpResponse, onLate: () => void = () => {}): Disposable {
  let waiting = response.setDeadline(requestMsOf(http), () => {
    onLate()
    if (response.started) {
      response.destroy()
      return
    }
    const status = toStatus(requestTimedOut())
    response.send(status.code ?? 504, `${JSON.stringify(status)}\n`, { 'Content-Type': 'application/json' })
    waiting = response.setDeadline(partingMs, () => response.destroy())
  })
  return { [Symbol.dispose]: () => waiting[Symbol.dispose]() }
}
