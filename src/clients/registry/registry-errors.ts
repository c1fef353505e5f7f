/** A registry's refusals in the words of Docker's daemon. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'

interface RegistryErrorBody {
  readonly errors?: readonly { readonly code?: string; readonly message?: string; readonly detail?: unknown }[]
}

const bodyCharactersMax = 16_384

/** `manifest unknown: manifest unknown`: code in words, then the message, as distribution's client prints an error. */
function describe(code: string, message: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return message === '' ? words : `${words}: ${message}`
}

/** The registry's own explanation of an error reply; undefined when the body says nothing we can read. */
export function readRegistryError(body: string): { readonly code: string; readonly text: string } | undefined {
  if (body.length > bodyCharactersMax) return undefined
  try {
    const parsed = JSON.parse(body) as RegistryErrorBody
    const first = parsed.errors?.[0]
    if (first === undefined || typeof first.code !== 'string') return undefined
    return { code: first.code, text: describe(first.code, typeof first.message === 'string' ? first.message : '') }
  } catch {
    return undefined
  }
}

/** An error reply as an error of ours; `what` names the request as Docker does: `Get "http://…"`. */
export function registryError(reply: { readonly status: number; readonly body: string }, what: string): GantryError {
  const known = readRegistryError(reply.body)
  const text = known?.text ?? `unexpected status ${reply.status}`
  if (reply.status === 401)
    return new GantryError(
      'REGISTRY_UNAUTHORIZED',
      'unauthorized',
      `${what}: ${known?.text ?? 'unauthorized: authentication required'}`,
      { remedy: 'Log in with docker login.' },
    )
  if (reply.status === 403)
    return new GantryError(
      'REGISTRY_DENIED',
      'forbidden',
      known?.text ?? `${what}: denied: requested access to the resource is denied`,
      { remedy: 'Log in as somebody who may.' },
    )
  if (reply.status === 404)
    return new GantryError('REGISTRY_NOT_FOUND', 'not-found', text, { remedy: 'Check the name and the tag.' })
  if (reply.status === 429)
    return new GantryError(
      'REGISTRY_TOO_MANY',
      'exhausted',
      known?.text ?? 'toomanyrequests: the registry asks to slow down',
      { remedy: 'Wait and try again.' },
    )
  return new GantryError('REGISTRY_REFUSED', reply.status >= 500 ? 'unavailable' : 'invalid', `${what}: ${text}`)
}

/** A connection that failed, worded as Go's net/http words it. */
export function connectionError(method: string, url: string, cause: unknown): GantryError {
  const { hostname, port, protocol } = new URL(url)
  const address = `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`
  const text = String(cause instanceof Error ? cause.message : cause)
  const reason = /ECONNREFUSED/.test(text)
    ? `dial tcp ${address}: connect: connection refused`
    : /ENOTFOUND|EAI_AGAIN/.test(text)
      ? `dial tcp: lookup ${hostname}: no such host`
      : text
  const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`
  return new GantryError('REGISTRY_UNREACHABLE', 'internal', `${verb} "${url}": ${reason}`, {
    cause,
    remedy: 'Check that the registry runs and can be reached.',
  })
}
