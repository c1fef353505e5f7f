/** Paths that are no resources: discovery, OpenAPI, version, health, metrics, token keys. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Aggregator } from '../aggregation/aggregator.ts'
import { mergeGroups } from '../aggregation/merge-groups.ts'
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type DiscoveredGroup,
  discoveredGroups,
  entityTag,
} from './discovery.ts'
import { verbNotAllowed } from '../answer-request.ts'
import { exportPath, sendState } from '../export-state.ts'
import { answerHealth, checksOf, type Health, healthEndpoints } from './health-checks.ts'
import { limitTime } from '../wire/request-deadline.ts'
import { sendBody } from '../wire/send-body.ts'
import { sendDocument } from '../wire/send-document.ts'
import { sendNotFound } from '../wire/send-not-found.ts'
import { parseAccept } from '../wire/negotiate.ts'
import type { OpenApiDocuments } from './openapi-documents.ts'
import { serverVersion } from './server-version.ts'
import { isOwnGroup } from '../served-resource.ts'
import type { ServerParts } from '../server-parts.ts'
import { unknownResource } from '../status-errors.ts'

export interface PathParts extends ServerParts {
  readonly documents: OpenApiDocuments
  readonly metrics: Metrics
  readonly health: Health
  readonly aggregator: Aggregator
}

/** Routes of which a slash at their end says nothing; elsewhere it makes another path. */
const isWithSlash = /^\/(?:apis?(?:\/.*)?|version|openapi\/v3)\/+$/

/** Answers a path, and 404 for any other. */
export function answerPath(parts: PathParts, http: HttpRequest, response: HttpResponse): void | Promise<void> {
  const path = isWithSlash.test(http.path) ? http.path.replace(/\/+$/, '') : http.path
  const words = path.split('/').slice(1)
  const [first = ''] = words
  if (first === 'api' || first === 'apis') return answerDiscovery(parts, { http, response }, words)
  if (path === '/openapi/v2' || path.startsWith('/openapi/v3')) return answerOpenApi(parts, { http, response }, path)
  if (healthEndpoints.has(first)) return answerHealth(parts.health, { http, response }, words)
  return answerDocument(parts, { http, response }, path)
}

/** Documents of one path each. */
function answerDocument(parts: PathParts, { http, response }: Exchange, path: string): void | Promise<void> {
  const tokenDocument = tokenDocuments[path]
  if (tokenDocument !== undefined) return sendTokenDocument({ http, response }, tokenDocument(parts), path)
  if (path === '/') return sendDocument(http, response, { paths: rootPaths(parts) })
  if (path === '/version') {
    onlyGet(http)
    return sendDocument(http, response, serverVersion, ['application/json'])
  }
  const metrics = metricsOf(parts, path)
  if (metrics !== undefined) {
    response.send(200, metrics, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
    return undefined
  }
  if (path === exportPath) return sendState(parts.cache, response, parts.view.nowMs())
  if (path.startsWith('/version/')) throw unknownResource()
  return sendNotFound(response)
}

/** Some documents are for GET alone; other paths answer every method. @throws 405. */
function onlyGet({ method }: HttpRequest): void {
  if (method !== 'GET') throw verbNotAllowed()
}

function metricsOf({ metrics, health }: PathParts, path: string): string | undefined {
  if (path === '/metrics') return metrics.render()
  return path === '/metrics/slis' ? health.meter.render() : undefined
}

/** What upstream's routes of discovery say that they produce, but for protobuf, which these documents have no form in. */
const discoveryTypes: readonly string[] = ['application/json', 'application/yaml']

/** What verifiers of service account tokens read (OpenID Connect Discovery 1.0, section 4; RFC 7517). */
const tokenDocuments: Readonly<Record<string, (parts: PathParts) => JsonObject>> = {
  '/.well-known/openid-configuration': ({ view }) => ({
    issuer: view.config.issuer,
    jwks_uri: `https://${view.config.advertiseAddress}:${view.config.advertisePort}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }),
  '/openid/v1/jwks': ({ tokenKeys }) => tokenKeys?.keySet ?? { keys: [] },
}

function sendTokenDocument({ http, response }: Exchange, document: JsonObject, path: string): void {
  onlyGet(http)
  response.send(200, JSON.stringify(document), {
    'Content-Type': path === '/openid/v1/jwks' ? 'application/jwk-set+json' : 'application/json',
    'Cache-Control': 'public, max-age=3600',
  })
}

function rootPaths({ resources, health: { checks }, aggregator }: PathParts): readonly string[] {
  const groups = mergeGroups(discoveredGroups(resources), aggregator.discovered()).flatMap(({ group, versions }) =>
    group === ''
      ? ['/api', '/api/v1', '/apis', '/apis/']
      : [`/apis/${group}`, ...versions.map(({ version }) => `/apis/${group}/${version}`)],
  )
  const healthPaths = ['healthz', 'livez', 'readyz'].flatMap((name) => [
    `/${name}`,
    ...checksOf(checks, name).map((check) => `/${name}/${check.name}`),
  ])
  return [
    ...groups,
    ...healthPaths,
    '/.well-known/openid-configuration',
    '/metrics',
    '/metrics/slis',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
    '/version',
  ].toSorted()
}

interface Exchange {
  readonly http: HttpRequest
  readonly response: HttpResponse
}

function answerDiscovery(
  parts: PathParts,
  { http, response }: Exchange,
  words: readonly string[],
): Promise<void> | void {
  const isCore = words[0] === 'api'
  const groups = mergeGroups(discoveredGroups(parts.resources), parts.aggregator.discovered())
  if (words.length === 1) return answerGroups(parts, { http, response }, { isCore, groups })
  const [name = '', version] = isCore ? ['', words[1]] : words.slice(1)
  const group = groups.find((one) => one.group === name)
  // Nobody serves such a group, nor anything below it.
  return group === undefined
    ? sendNotFound(response)
    : answerGroup(parts, { http, response }, { group, versionName: version })
}

/** `/api` and `/apis`, in the form that the client prefers. */
function answerGroups(
  parts: PathParts,
  { http, response }: Exchange,
  { isCore, groups }: { readonly isCore: boolean; readonly groups: readonly DiscoveredGroup[] },
): Promise<void> | void {
  if (isCore) onlyGet(http)
  const aggregated = aggregatedVersion(http.headers.accept)
  if (aggregated !== undefined) {
    const bytes = Buffer.from(`${JSON.stringify(aggregatedDiscovery(groups, isCore, aggregated))}\n`)
    const type = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`
    return sendTagged(parts, { http, response }, { bytes, tag: entityTag(bytes), type, caching: 'public' })
  }
  const { advertiseAddress, advertisePort } = parts.view.config
  if (isCore) sendDocument(http, response, apiVersions(`${advertiseAddress}:${advertisePort}`), discoveryTypes)
  else sendDocument(http, response, apiGroupList(groups))
  return undefined
}

/** `/apis/GROUP`, `/api/v1` and `/apis/GROUP/VERSION`. */
function answerGroup(
  { resources }: PathParts,
  { http, response }: Exchange,
  { group, versionName }: { readonly group: DiscoveredGroup; readonly versionName: string | undefined },
): void {
  if (versionName === undefined) {
    sendDocument(http, response, apiGroup(group))
    return
  }
  const version = group.versions.find((one) => one.version === versionName)
  if (version === undefined) {
    if (isOwnGroup(resources, group.group)) throw unknownResource()
    sendNotFound(response)
    return
  }
  onlyGet(http)
  const apiVersion = group.group === '' ? versionName : `${group.group}/${versionName}`
  sendDocument(http, response, apiResourceList(apiVersion, version.resources), discoveryTypes)
}

/** The version of the aggregated form that the client prefers, undefined when it wants the legacy one. */
function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const { type, parameters } of parseAccept(accept ?? '')) {
    const { g: group, v: version = '', as } = parameters
    if (type === 'application/json' && as === undefined) return undefined
    const isAsked = group === 'apidiscovery.k8s.io' && as === 'APIGroupDiscoveryList'
    if (type === 'application/json' && isAsked && (version === 'v2' || version === 'v2beta1')) return version
  }
  return undefined
}

interface Tagged {
  readonly bytes: Buffer
  readonly tag: string
  readonly type: string
  readonly caching: string
}

/** A document that clients may keep and ask for again by its tag. */
async function sendTagged(
  { view }: PathParts,
  { http, response }: Exchange,
  { bytes, tag, type, caching }: Tagged,
): Promise<void> {
  const headers = { 'Content-Type': type, ETag: tag, Vary: 'Accept-Encoding, Accept', 'Cache-Control': caching }
  if (http.headers['if-none-match'] === tag) {
    response.send(304, undefined, headers)
    return
  }
  using _ = limitTime(http, response)
  await sendBody({ http, response }, { code: 200, pieces: [bytes], headers }, view.config.compression)
}

/** What the protobuf form is answered as: Go's parser of media types does not get through the name that it is asked by. */
const protobufDocument = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

async function answerOpenApi(parts: PathParts, { http, response }: Exchange, route: string): Promise<void> {
  await parts.documents.ready()
  const path = route.slice('/openapi/'.length)
  if (path === 'v3') {
    const index = parts.documents.index(parts.aggregator.discovered())
    response.send(200, index, { 'Content-Type': 'application/json' })
    return
  }
  const isProtobuf = (http.headers.accept ?? '').includes('com.github.proto-openapi.spec.v2')
  const document =
    path === 'v2'
      ? parts.documents.v2(isProtobuf, parts.aggregator.schemaParts())
      : parts.documents.v3(path.replace(/^v3\//, ''))
  if (document === undefined) {
    response.send(404, undefined, {})
    return undefined
  }
  return sendTagged(
    parts,
    { http, response },
    {
      bytes: document.bytes,
      tag: `"${document.hash}"`,
      type: path === 'v2' && isProtobuf ? protobufDocument : 'application/json',
      caching: http.query.get('hash') === document.hash ? 'public, immutable' : 'no-cache, private',
    },
  )
}
