/** A container's log from its kubelet to the client, and what clients read when the kubelet has none. */
import { connectionWords } from '#base/errors/connection-words.ts'
import { type GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { HttpClient } from '#kit/http/client.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { sendReply } from '#kit/http/relay.ts'
import { badRequest, failure, internalError } from '../status-errors.ts'

const errorBytesMax = 50_000

/** Streams the log at `url`. @throws 400, 404, 500 as the kubelet's answer says. */
export async function sendLog(
  client: HttpClient,
  { http, response }: { readonly http: HttpRequest; readonly response: HttpResponse },
  { url, name }: { readonly url: string; readonly name: string },
): Promise<void> {
  let reply: HttpReply
  try {
    reply = await client.request({ url, signal: http.signal })
  } catch (error) {
    throw unreachable(url, error)
  }
  if (reply.status >= 200 && reply.status <= 206)
    return sendReply(response, reply, { editHeaders: () => ({ 'Content-Type': 'text/plain' }) })
  throw await refusal(reply, name)
}

async function refusal(reply: HttpReply, name: string): Promise<GantryError> {
  const text = await reply.text(errorBytesMax).catch(() => '')
  if (reply.status === 400) return badRequest(text)
  if (reply.status === 500) return internalError(text)
  const isMissing = reply.status === 404
  const what = isMissing
    ? 'the server could not find the requested resource'
    : `the server responded with the status code ${reply.status} but did not return more information`
  return failure({
    code: reply.status,
    reason: isMissing ? 'NotFound' : 'Unknown',
    message: `${what} ( pods/log ${name})`,
    details: {
      name,
      kind: 'pods/log',
      causes: text === '' ? [] : [{ reason: 'UnexpectedServerResponse', message: text }],
    },
  })
}

function unreachable(url: string, error: unknown): GantryError {
  const why = connectionWords(error) ?? messageOf(error)
  return failure({ code: 500, reason: '', message: `Get ${JSON.stringify(url)}: ${why}` })
}
