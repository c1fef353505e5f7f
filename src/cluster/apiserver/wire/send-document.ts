/** Documents that are no objects, in the encoding that the client prefers. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { encodeValue } from './encode-answer.ts'
import { contentTypes, negotiate } from './negotiate.ts'

/** True when the answer should be indented: asked for, or for eyes. */
export function isPretty(http: HttpRequest): boolean {
  const pretty = http.query.get('pretty')
  if (pretty !== undefined) return pretty !== 'false' && pretty !== '0'
  return /^(?:curl|Wget|Mozilla)\//.test(http.headers['user-agent'] ?? '')
}

/**
 * A document that is no object, in the encoding that the client prefers.
 * @param produces what its route says that it produces, where it says so. @throws 406.
 */
// oxlint-disable-next-line max-params
export function sendDocument(
  http: HttpRequest,
  response: HttpResponse,
  document: JsonObject,
  produces?: readonly string[],
): void {
  const offer = { protobuf: false, table: false, metadata: false, ...(produces === undefined ? {} : { produces }) }
  const format = negotiate(http.headers.accept, offer, isPretty(http))
  response.send(200, encodeValue(document, format), { 'Content-Type': contentTypes[format.encoding] })
}
