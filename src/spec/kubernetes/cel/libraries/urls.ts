/** `url()`: absolute URLs and paths as Go's net/url parses requests' (Kubernetes' URL library). */
import { declare, fail, type CelOverload } from '../cel-function.ts'
import { BuiltMap, CelList, CelOpaque, type CelValue } from '../cel-value.ts'
import { urlType } from '../named-types.ts'

interface UrlParts {
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string
}

class CelUrl extends CelOpaque {
  readonly type = urlType
  readonly text: string
  readonly parts: UrlParts

  constructor(text: string, parts: UrlParts) {
    super()
    this.text = text
    this.parts = parts
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelUrl && other.text === this.text
  }
}

const shape = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s
const pathShape = /^(\/[^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s
const badEscape = /%(?![0-9a-fA-F]{2})/
const portShape = /^(?:[^:@[\]]*|\[[0-9a-fA-F:.%]+\])(?::\d*)?$/

/** The parts of an absolute URL or path, or what Go says against it. */
function parseUrl(text: string): UrlParts | string {
  const problem = textProblem(text)
  if (problem !== undefined) return problem
  const path = pathShape.exec(text)
  if (path !== null) return { scheme: '', host: '', path: path[1] ?? '', query: path[2] ?? '' }
  const whole = shape.exec(text)
  if (whole === null) return said(text, /^[^/?#]*:/.test(text) ? 'missing protocol scheme' : 'invalid URI for request')
  return absoluteParts(text, whole)
}

function absoluteParts(
  text: string,
  [, scheme = '', authority, path = '', query = '']: readonly (string | undefined)[],
): UrlParts | string {
  if (authority === undefined && !path.startsWith('/')) return said(text, 'invalid URI for request')
  const host = (authority ?? '').replace(/^.*@/, '')
  const wrong = hostProblem(host)
  return wrong === undefined ? { scheme: scheme.toLowerCase(), host, path, query } : said(text, wrong)
}

const said = (text: string, reason: string): string => `parse ${JSON.stringify(text)}: ${reason}`

function textProblem(text: string): string | undefined {
  if (text === '') return said(text, 'empty url')
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001F\u007F]/.test(text)) return 'net/url: invalid control character in URL'
  const escaped = badEscape.exec(text.replace(/[?#].*$/s, ''))
  if (escaped === null) return undefined
  return said(text, `invalid URL escape ${JSON.stringify(text.slice(escaped.index, escaped.index + 3))}`)
}

function hostProblem(host: string): string | undefined {
  if (/\s/.test(host)) return 'invalid character " " in host name'
  return portShape.test(host) ? undefined : `invalid port ${JSON.stringify(host.replace(/^[^:]*/, ''))} after host`
}

/** What Go says against a text as the URL of a request, or undefined. */
export function urlProblem(text: string): string | undefined {
  const parts = parseUrl(text)
  return typeof parts === 'string' ? parts : undefined
}

function toUrl(text: string): CelUrl {
  const parts = parseUrl(text)
  if (typeof parts === 'string') return fail(`URL parse error during conversion from string: ${parts}`)
  return new CelUrl(text, parts)
}

function hostname(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'))
  return host.replace(/:\d*$/, '')
}

function port(host: string): string {
  return /:(\d*)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? ''
}

function escapedPath(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]/gu, (char) => encodeURIComponent(char))
}

function query(text: string): CelValue {
  const entries = new Map<string, readonly [CelValue, CelValue]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const before = entries.get(`s${name}`)?.[1]
    const values = before instanceof CelList ? [...before, value] : [value]
    entries.set(`s${name}`, [name, new CelList(values)])
  }
  return new BuiltMap(entries)
}

const part = (value: CelValue | undefined): UrlParts => (value as CelUrl).parts

export const urlFunctions: readonly CelOverload[] = [
  declare('url(string) kubernetes.URL', 'string_to_url', ([text]) => toUrl(text as string)),
  declare('isURL(string) bool', 'is_url_string', ([text]) => typeof parseUrl(text as string) !== 'string'),
  declare('.getScheme(kubernetes.URL) string', 'url_get_scheme', ([url]) => part(url).scheme),
  declare('.getHost(kubernetes.URL) string', 'url_get_host', ([url]) => part(url).host),
  declare('.getHostname(kubernetes.URL) string', 'url_get_hostname', ([url]) => hostname(part(url).host)),
  declare('.getPort(kubernetes.URL) string', 'url_get_port', ([url]) => port(part(url).host)),
  declare('.getEscapedPath(kubernetes.URL) string', 'url_get_escaped_path', ([url]) => escapedPath(part(url).path)),
  declare('.getQuery(kubernetes.URL) map(string, list(string))', 'url_get_query', ([url]) => query(part(url).query)),
]
