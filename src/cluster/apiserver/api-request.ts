/** One request to the API after routing, whichever way it came, and its answer before encoding. */
import type { ApiObject } from './api-object.ts'
import type { ServedResource } from './served-resource.ts'
import { badRequest } from './status-errors.ts'
import type { StoredObject } from './cache/stored-object.ts'
import type { User } from './user.ts'

export type ApiVerb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | 'connect'

/** A body as sent, or already an object when the caller is in this process. */
export type RequestBody =
  | { readonly bytes: Buffer; readonly mediaType: string }
  | { readonly value: unknown; readonly mediaType?: string }

export interface ApiRequest {
  readonly verb: ApiVerb
  readonly resource: ServedResource
  /** `''` for the main resource. */
  readonly subresource: string
  /** `''` across namespaces and for resources without. */
  readonly namespace: string
  /** `''` for collections. */
  readonly name: string
  readonly user: User
  readonly userAgent: string
  /** A query parameter, the first of its values. */
  query(name: string): string | undefined
  readonly body: RequestBody | undefined
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined
  /** Texts for the Warning header. */
  readonly warnings: string[]
  /** Records a note with the request's audit event. */
  annotate?(key: string, value: string): void
}

/** Items of one page of a list, all of one version. */
export interface ListAnswer {
  readonly form: 'list'
  readonly resource: ServedResource
  readonly resourceVersion: string
  readonly items: readonly StoredObject[]
  readonly continueToken: string
  readonly remaining: number | undefined
}

export type ApiAnswer =
  /** A stored object; its bytes are ready. */
  | { readonly form: 'stored'; readonly code: number; readonly resource: ServedResource; readonly object: StoredObject }
  /** An object that is nowhere stored: a dry run's, a review, a scale, a Status. */
  | {
      readonly form: 'value'
      readonly code: number
      readonly object: ApiObject
      readonly resource?: ServedResource | undefined
    }
  | ListAnswer

/** Reads a boolean parameter as Go does; undefined when it is not sent. */
export function booleanQuery(request: Pick<ApiRequest, 'query'>, name: string): boolean | undefined {
  const text = request.query(name)
  if (text === undefined) return undefined
  return text !== '0' && text.toLowerCase() !== 'false'
}

/** A whole number of 64 bits; undefined when it is not given. @throws 400 for any other text, an empty one included. */
export function integerQuery(request: Pick<ApiRequest, 'query'>, name: string): number | undefined {
  const text = request.query(name)
  if (text === undefined) return undefined
  const refused = (why: string): Error => badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`)
  if (!/^[+-]?\d+$/.test(text)) throw refused('invalid syntax')
  const value = BigInt(text.replace('+', ''))
  if (BigInt.asIntN(64, value) !== value) throw refused('value out of range')
  return Number(value)
}

/** True for `dryRun=All`. */
export function isDryRun(request: Pick<ApiRequest, 'query'>): boolean {
  return (request.query('dryRun') ?? '') !== ''
}
