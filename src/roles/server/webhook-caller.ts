/**
 * Calls webhooks of admission and conversion over HTTPS. Connections are kept per server and authority; where a webhook is
 * a service, the connection goes to the address that was chosen for it and the certificate is checked for the service's name.
 */
import type { CallWebhook, WebhookRequest } from '#cluster/apiserver/admission/webhooks/webhook-call.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import { createHttpClient, type HttpClient } from '#kit/http/client.ts'
import type { Clock } from '#world/ports/clock.ts'

/** Largest answer of a webhook: a patch or converted objects of one request. */
const answerBytesMax = 16 * 1024 * 1024
const clientsMax = 64

/** Callers of one server; disposing it closes the connections. */
export interface WebhookCaller extends AsyncDisposable {
  readonly call: CallWebhook
}

/** Creates the caller; nothing is connected before the first call. */
export function createWebhookCaller(clock: Clock): WebhookCaller {
  const clients = new Set<HttpClient>()
  const close = (client: HttpClient): void => {
    clients.delete(client)
    client.close()
  }
  const kept = new LruCache<string, HttpClient>({ capacity: clientsMax, onEvict: close })
  const clientFor = ({ authorities }: WebhookRequest, serverName: string | undefined): HttpClient => {
    const key = `${serverName ?? ''}\n${authorities}`
    let client = kept.get(key)
    if (client === undefined) {
      const tls = {
        ...(serverName === undefined ? {} : { serverName }),
        ...(authorities === '' ? {} : { authorities }),
      }
      client = createHttpClient({ clock, tls, connectTimeoutMs: 10_000 })
      clients.add(client)
      kept.set(key, client)
    }
    return client
  }
  return {
    call: async (request) => {
      const { url, connectTo, body, signal, onHead } = request
      const named = new URL(url)
      // Only a chosen address needs a name to check; the URL's own host is checked anyway, and may be an address.
      const serverName = connectTo === undefined ? undefined : named.hostname
      const reached = new URL(url)
      if (connectTo !== undefined) {
        reached.hostname = connectTo.host.includes(':') ? `[${connectTo.host}]` : connectTo.host
        reached.port = String(connectTo.port)
      }
      const headers = { host: named.host, accept: 'application/json, */*' }
      const content = body === '' ? {} : { body, headers: { ...headers, 'content-type': 'application/json' } }
      const reply = await clientFor(request, serverName).request({
        method: body === '' ? 'GET' : 'POST',
        url: reached.href,
        headers,
        signal,
        ...content,
      })
      onHead?.()
      const bytes = await reply.bytes(answerBytesMax)
      return { status: reply.status, body: bytes.toString(), headers: reply.headers }
    },
    [Symbol.asyncDispose]: () => {
      for (const client of [...clients]) close(client)
      return Promise.resolve()
    },
  }
}
