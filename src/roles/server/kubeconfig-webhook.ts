/** Webhooks that a kubeconfig points to: its server's URL is the webhook itself. */
import { dirname, isAbsolute, join } from 'node:path'
import type { AskWebhook } from '#cluster/apiserver/ask-webhook.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { createHttpClient } from '#kit/http/client.ts'
import type { World } from '#world/ports/world.ts'

/** Largest answer that is taken. */
const answerBytesMax = 1024 * 1024

/**
 * Opens a webhook; its connections end with `scope`.
 * @param timeoutMs how long it may take to answer.
 * @throws for a file that is missing or malformed.
 */
export async function openKubeconfigWebhook(
  { clock, files }: Pick<World, 'clock' | 'files'>,
  { path, timeoutMs }: { readonly path: string; readonly timeoutMs: number },
  scope: AsyncDisposableStack,
): Promise<AskWebhook> {
  const readFile = (name: string): Promise<string> =>
    files.readText(isAbsolute(name) ? name : join(dirname(path), name))
  const connection = await readKubeconfig(await files.readText(path), { readFile })
  const { url, authority, insecure, serverName, certificate, key, token } = connection
  const tls = {
    ...(authority === undefined ? {} : { authorities: authority }),
    ...(insecure === true ? { insecure } : {}),
    ...(serverName === undefined ? {} : { serverName }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
  }
  const client = scope.use(createHttpClient({ clock, tls, connectTimeoutMs: timeoutMs }))
  const headers = { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  return async (object) => {
    const late = new AbortController()
    // The whole of an answer must be there in time, however steadily it comes.
    using _ = clock.setTimer(timeoutMs, () => late.abort(timedOut()))
    const { signal } = late
    try {
      const reply = await client.request({ method: 'POST', url, headers, json: object, signal, headersTimeoutMs: 0 })
      return { status: reply.status, body: await reply.text(answerBytesMax), headers: reply.headers }
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    }
  }
}

function timedOut(): GantryError {
  return new GantryError('HTTP_TIMEOUT', 'deadline', 'context deadline exceeded', {
    remedy: 'Check that the webhook answers, or allow it more time.',
  })
}
