/** Whom the `Impersonate-*` headers of a request name. */
import { goQuote } from '#base/data/go-quote.ts'
import type { HttpRequest } from '#kit/http/exchange.ts'
import { extraOf } from '../authentication/request-header.ts'
import { badRequest } from '../status-errors.ts'

const extraPrefix = 'Impersonate-Extra-'

/** A user as the headers tell, nothing added. */
export interface WantedUser {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** The wanted user, undefined where no header asks for one. @throws 400 for headers without a name. */
export function wantedUserOf(request: Pick<HttpRequest, 'headers' | 'headerValues'>): WantedUser | undefined {
  let isAsked = false
  for (const header in request.headers) isAsked ||= header.startsWith('impersonate-')
  if (!isAsked) return undefined
  const [name = ''] = request.headerValues('impersonate-user')
  const [uid = ''] = request.headerValues('impersonate-uid')
  const wanted = {
    name,
    uid,
    groups: request.headerValues('impersonate-group'),
    extra: extraOf(request, [extraPrefix]),
  }
  if (name !== '') return wanted
  if (hasOnlyName(wanted)) return undefined
  throw badRequest(`requested ${goText(wanted)} without impersonating a user name`)
}

/** True where nothing but the name is given, or not even that. */
export function hasOnlyName({ uid, groups, extra }: WantedUser): boolean {
  return uid === '' && groups.length === 0 && Object.keys(extra).length === 0
}

/** As Go's `%#v` shows the value to whoever forgot the name. */
function goText({ name, uid, groups, extra }: WantedUser): string {
  const entries = Object.keys(extra)
    .sort()
    .map((key) => `${goQuote(key)}:${goStrings(extra[key] ?? [])}`)
  const map = entries.length === 0 ? 'map[string][]string(nil)' : `map[string][]string{${entries.join(', ')}}`
  const list = groups.length === 0 ? '[]string(nil)' : goStrings(groups)
  return `&user.DefaultInfo{Name:${goQuote(name)}, UID:${goQuote(uid)}, Groups:${list}, Extra:${map}}`
}

function goStrings(words: readonly string[]): string {
  return `[]string{${words.map(goQuote).join(', ')}}`
}
