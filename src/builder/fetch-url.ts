/** Downloads for ADD and remote contexts through the program's HTTP client. */
import type { HttpClient } from '#kit/http/client.ts'
import type { FetchUrl } from './ports.ts'

const redirectsMax = 10
const idleTimeoutMs = 60_000

/** Makes the builder's fetcher of a client without a target. */
export function createFetchUrl(client: HttpClient): FetchUrl {
  return async (url, signal) => {
    const reply = await client.request({
      url,
      signal,
      redirectsMax,
      idleTimeoutMs,
      headers: { 'Accept-Encoding': 'identity' },
    })
    return {
      status: reply.status,
      reason: reply.reason,
      header: (name) => reply.header(name),
      body: reply.body,
      [Symbol.asyncDispose]: () => reply[Symbol.asyncDispose](),
    }
  }
}
