/** Continue tokens of paged lists, in upstream's form: base64url of version, revision and the next key. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { parseJson } from '#spec/kubernetes/decode/parse-json.ts'
import { badRequest } from './status-errors.ts'

export interface ContinueToken {
  /** The version that all pages are of; negative when the rest is read at whatever version is newest. */
  readonly revision: number
  /** Places below this were on earlier pages. */
  readonly start: string
}

/** Opaque text for the client. */
export function writeContinueToken({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url')
}

/** The token's content, undefined for `''`. @throws 400 for anything that this server did not write. */
export function readContinueToken(text: string): ContinueToken | undefined {
  if (text === '') return undefined
  const fail = (why: string): Error => badRequest(`invalid continue token: continue key is not valid: ${why}`)
  let token: unknown
  try {
    token = parseJson(Buffer.from(text, 'base64url').toString('latin1')).value
  } catch (error) {
    throw fail(messageOf(error))
  }
  const { v, rv, start } = (token ?? {}) as { readonly v?: unknown; readonly rv?: unknown; readonly start?: unknown }
  if (v !== 'meta.k8s.io/v1') throw fail('server does not recognize this encoded version')
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw fail('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof start !== 'string' || start === '') throw fail('encoded start key empty (version meta.k8s.io/v1)')
  return { revision: rv, start }
}
