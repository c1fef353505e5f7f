/** Where webhooks are called: a URL or a service of the cluster (apiserver util/webhook, v1.36). */
import { each, portNumber, requiredText } from '../checks.ts'
import { invalid, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dns1035Label, dnsSubdomain } from '../formats.ts'

interface Service {
  readonly name: string
  readonly namespace: string
  readonly path?: string
  readonly port?: number
}

/** How a webhook is reached. */
export interface WebhookClient {
  readonly url?: string
  readonly service?: Service
}

const form = '; desired format: https://host[/path]'

function validateUrl(at: Path, text: string): FieldError[] {
  const url = URL.parse(text)
  if (url === null) return [required(at, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${form}`)]
  const errors: FieldError[] = []
  if (url.protocol !== 'https:') {
    const scheme = url.protocol.slice(0, -1)
    errors.push(invalid(at, scheme, `'https' is the only allowed URL scheme${form}`))
  }
  if (url.host === '') errors.push(invalid(at, url.host, `host must be specified${form}`))
  if (url.username !== '' || url.password !== '') {
    errors.push(invalid(at, url.username, 'user information is not permitted in the URL'))
  }
  if (url.hash !== '') errors.push(invalid(at, url.hash.slice(1), 'fragments are not permitted in the URL'))
  if (url.search !== '') errors.push(invalid(at, url.search.slice(1), 'query parameters are not permitted in the URL'))
  return errors
}

function validatePath(at: Path, text: string): FieldError[] {
  if (text === '/' || text === '') return []
  if (text === '//') return [invalid(at, text, 'segment[0] may not be empty')]
  if (!text.startsWith('/')) return [invalid(at, text, "must start with a '/'")]
  const trimmed = text.endsWith('/') ? text.slice(1, -1) : text.slice(1)
  return trimmed.split('/').flatMap((segment, index) => {
    if (segment === '') return [invalid(at, text, `segment[${index}] may not be empty`)]
    return dnsSubdomain(segment).map((problem) => invalid(at, text, `segment[${index}]: ${problem}`))
  })
}

function validateService(at: Path, service: Service): FieldError[] {
  const port = service.port ?? 443
  const isPort = portNumber(at, port).length === 0
  return [
    ...requiredText(at.child('name'), service.name),
    ...requiredText(at.child('namespace'), service.namespace),
    ...(isPort ? [] : [invalid(at.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive')]),
    ...(service.path === undefined ? [] : validatePath(at.child('path'), service.path)),
  ]
}

/** Exactly one of a URL and a service. */
export function validateWebhookClient(at: Path, client: WebhookClient | undefined): FieldError[] {
  const { url, service } = client ?? {}
  if (url !== undefined && service === undefined) return validateUrl(at.child('url'), url)
  if (service !== undefined && url === undefined) return validateService(at.child('service'), service)
  return [required(at, 'exactly one of url or service is required')]
}

/** The review versions that a webhook understands: distinct labels, one of them known. */
export function validateReviewVersions(at: Path, versions: readonly string[], missing: string): FieldError[] {
  if (versions.length === 0) return [required(at, missing)]
  const seen = new Set<string>()
  const errors = each(at, versions, (version, itemAt) => {
    if (seen.has(version)) return [invalid(itemAt, version, 'duplicate version')]
    seen.add(version)
    return dns1035Label(version).map((text) => invalid(itemAt, version, text))
  })
  const isKnown = versions.includes('v1') || versions.includes('v1beta1')
  return isKnown ? errors : [...errors, invalid(at, versions, 'must include at least one of v1, v1beta1')]
}

const certificateBlock = /-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/

/** Why a bundle (base64 of PEM) holds no certificate, undefined when it does or is blank. */
export function caBundleProblem(bundle: string): string | undefined {
  const text = Buffer.from(bundle, 'base64').toString('latin1')
  if (text.trim() === '' || certificateBlock.test(text)) return undefined
  return 'unable to load root certificates: unable to parse bytes as PEM block'
}
