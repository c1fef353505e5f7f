/**
 * Subresources that need a connection of their own: logs, exec, attach and port-forward of pods through their node's kubelet,
 * and requests that pods, services and nodes are asked to answer themselves. Everything is checked here, worded as upstream;
 * then bytes are passed on.
 */
import { connectionWords } from '#base/errors/connection-words.ts'
import { type GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { type HttpClient, isUpgraded, type Upgrade } from '#kit/http/client.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { joinStreams, relay, sendReply } from '#kit/http/relay.ts'
import { acceptWebSocket, wantsWebSocket, webSocketStream } from '#kit/http/websocket.ts'
import { verbNotAllowed } from '../answer-request.ts'
import { type ApiObject, textAt } from '../api-object.ts'
import { isIdentityHeader } from '../authentication/request-header.ts'
import { type Access, refusalOf } from '../authorization/access.ts'
import type { StreamingContext, StreamingHandler } from '../http-handler.ts'
import type { RequestInfo } from '../request-info.ts'
import { badRequest, forbidden, internalError, notFound, unavailable } from '../status-errors.ts'
import { type LocalLog, type LocalLogs, type LocalLogSource, sendLocalLog } from './local-log.ts'
import { sendLog } from './send-log.ts'
import type { KubeletReach, NodeConnection } from './node-connection.ts'
import { chosenContainer, logQuery, streamEnds, streamQuery } from './pod-options.ts'
import { isGlobalAddress, originText, parseProxyName, podOrigin, serviceOrigin } from './proxy-target.ts'
import { translateWebSocket } from './translate-websocket.ts'

export interface NodeStreamingOptions {
  readonly nodes: NodeConnection
  /** Reaches pods and services. */
  readonly client: HttpClient
  /** Logs of pods whose node runs nothing. */
  readonly localLogs?: LocalLogs
  /** Which addresses proxies may reach; those of the network at large unless told. */
  readonly isAllowed?: (host: string) => boolean
}

interface Exchange {
  readonly http: HttpRequest
  readonly response: HttpResponse
}

type Serve = (options: NodeStreamingOptions, exchange: Exchange, context: StreamingContext) => Promise<void>

const served: Readonly<Record<string, Serve>> = {
  'pods/log': serveLog,
  'pods/exec': serveStream,
  'pods/attach': serveStream,
  'pods/portforward': servePortForward,
  'pods/proxy': serveProxy,
  'services/proxy': serveProxy,
  'nodes/proxy': serveProxy,
}

/** The handler of such subresources. */
export function createNodeStreaming(options: NodeStreamingOptions): StreamingHandler {
  const find = (info: RequestInfo): Serve | undefined =>
    info.group === '' && info.version === 'v1' ? served[`${info.resource}/${info.subresource}`] : undefined
  return {
    handles: (info) => find(info) !== undefined,
    serve: async (http, response, context) => {
      await find(context.info)?.(options, { http, response }, context)
    },
  }
}

function podOf({ info, parts }: StreamingContext): ApiObject {
  const pod = parts.view.find('/pods', info.namespace, info.name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name: info.name })
  return pod
}

function kubeletOf(
  { nodes }: NodeStreamingOptions,
  { parts }: StreamingContext,
  { nodeName, anyCertificate = false }: { readonly nodeName: string; readonly anyCertificate?: boolean },
): KubeletReach {
  const node = parts.view.find('/nodes', '', nodeName)
  if (node === undefined) throw notFound({ group: '', resource: 'nodes', name: nodeName })
  return nodes.reach(node, { anyCertificate })
}

/** The node that a pod runs on. @throws 400 while it has none. */
function nodeNameOf(pod: ApiObject): string {
  const name = textAt(pod, 'spec', 'nodeName')
  if (name === '') throw badRequest(`pod ${pod.metadata.name ?? ''} does not have a host assigned`)
  return name
}

async function serveLog(
  options: NodeStreamingOptions,
  { http, response }: Exchange,
  context: StreamingContext,
): Promise<void> {
  if (http.method !== 'GET' && http.method !== 'HEAD') throw verbNotAllowed()
  const { query } = http
  const params = logQuery(query, context.info.name)
  const pod = podOf(context)
  const container = chosenContainer(pod, query.get('container') ?? '')
  const nodeName = textAt(pod, 'spec', 'nodeName')
  if (nodeName === '') {
    response.send(204)
    return
  }
  const local = localSource(options, context, { pod, container, params })
  if (local !== undefined) return sendLocalLog({ http, response }, local)
  const anyCertificate = query.get('insecureSkipTLSVerifyBackend') === 'true'
  const { client, origin } = kubeletOf(options, context, { nodeName, anyCertificate })
  const { name = '', namespace = '' } = pod.metadata
  const url = `${origin}/containerLogs/${[namespace, name, container].map(encodeURIComponent).join('/')}?${params.toString()}`
  await sendLog(client, { http, response }, { url, name })
}

/** The log of a pod that the server itself knows; undefined where its node has to be asked. */
function localSource(
  { localLogs }: NodeStreamingOptions,
  { info, parts }: StreamingContext,
  { pod, container, params }: { readonly pod: ApiObject; readonly container: string; readonly params: URLSearchParams },
): LocalLogSource | undefined {
  const { view, clock } = parts
  const node = view.find('/nodes', '', textAt(pod, 'spec', 'nodeName'))
  const previous = params.has('previous')
  const readOf = (now: ApiObject): LocalLog | undefined =>
    localLogs?.read(now, node, { container, previous, nowMs: clock.now() })
  if (readOf(pod) === undefined) return undefined
  const read = (): LocalLog | undefined => {
    const now = view.find('/pods', info.namespace, info.name)
    return now?.metadata.uid === pod.metadata.uid && now !== undefined ? readOf(now) : undefined
  }
  return { clock, read, params }
}

/** Streams may be opened by GET too, and open doors: whoever asks must be allowed to create them. */
async function checkCreate({ info, user, parts }: StreamingContext): Promise<void> {
  if (info.verb === 'create') return
  const access: Access = { ...info, verb: 'create', user, path: '' }
  const { allowed } = await parts.authorizer.decide(access)
  if (allowed) return
  throw forbidden({ group: '', resource: `${info.resource}/${info.subresource}`, name: info.name }, refusalOf(access))
}

async function checkUpgrade(http: HttpRequest, context: StreamingContext): Promise<void> {
  if (http.method !== 'GET' && http.method !== 'POST') throw verbNotAllowed()
  await checkCreate(context)
}

async function serveStream(
  options: NodeStreamingOptions,
  exchange: Exchange,
  context: StreamingContext,
): Promise<void> {
  const { http, response } = exchange
  await checkUpgrade(http, context)
  const pod = podOf(context)
  const container = chosenContainer(pod, http.query.get('container') ?? '')
  const kubelet = kubeletOf(options, context, { nodeName: nodeNameOf(pod) })
  const { name = '', namespace = '' } = pod.metadata
  const place = [context.info.subresource, namespace, name, container].map(encodeURIComponent).join('/')
  const url = `${kubelet.origin}/${place}?${streamQuery(http.query).toString()}`
  requireUpgrade(http)
  if (!offersProtocol(http, 'v5.channel.k8s.io')) return passUpgrade(kubelet, exchange, { url, context })
  const protocols = ['v5', 'v4', 'v3', 'v2'].map((one) => `${one}.channel.k8s.io`)
  const answer = await upgradeTo(kubelet, { http, url, protocols })
  if (!isUpgraded(answer)) return sendReply(response, answer)
  const socket = await acceptWebSocket(http, response, { protocols: ['v5.channel.k8s.io'] })
  const protocol = String(answer.headers['x-stream-protocol-version'] ?? '')
  return translateWebSocket(socket, { connection: answer.stream, protocol }, streamEnds(http.query))
}

const tunnel = 'SPDY/3.1+portforward.k8s.io'

async function servePortForward(
  options: NodeStreamingOptions,
  exchange: Exchange,
  context: StreamingContext,
): Promise<void> {
  const { http, response } = exchange
  await checkUpgrade(http, context)
  const pod = podOf(context)
  const kubelet = kubeletOf(options, context, { nodeName: nodeNameOf(pod) })
  const { name = '', namespace = '' } = pod.metadata
  const ports = http.query.all('ports').join(',')
  const query = ports === '' ? '' : `?port=${encodeURIComponent(ports)}`
  const url = `${kubelet.origin}/portForward/${[namespace, name].map(encodeURIComponent).join('/')}${query}`
  requireUpgrade(http)
  if (!offersProtocol(http, tunnel)) return passUpgrade(kubelet, exchange, { url, context })
  const answer = await upgradeTo(kubelet, { http, url, protocols: ['portforward.k8s.io'] })
  if (!isUpgraded(answer)) return sendReply(response, answer)
  const socket = await acceptWebSocket(http, response, { protocols: [tunnel] })
  return joinStreams(webSocketStream(socket), answer.stream)
}

function requireUpgrade({ upgrade }: HttpRequest): void {
  if (upgrade === undefined || upgrade === '') throw badRequest('Upgrade request required')
}

function offersProtocol(http: HttpRequest, protocol: string): boolean {
  const offered = (http.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  return wantsWebSocket(http) && offered.includes(protocol)
}

interface UpgradeTo {
  readonly http: HttpRequest
  readonly url: string
  readonly protocols: readonly string[]
}

async function upgradeTo({ client }: KubeletReach, { http, url, protocols }: UpgradeTo): Promise<Upgrade | HttpReply> {
  const headers = { 'X-Stream-Protocol-Version': [...protocols] }
  try {
    return await client.upgrade({ method: 'POST', url, headers, protocol: 'SPDY/3.1', signal: http.signal })
  } catch (error) {
    throw dialError(error)
  }
}

/** What both sides speak is theirs: the connection is passed on as it is. */
async function passUpgrade(
  { client }: KubeletReach,
  { http, response }: Exchange,
  { url, context }: { readonly url: string; readonly context: StreamingContext },
): Promise<void> {
  const { requestHeader } = context.parts.view.config
  try {
    await relay(client, { request: http, response }, { url, omit: (name) => isIdentityHeader(name, requestHeader) })
  } catch (error) {
    if (response.started) throw error
    throw dialError(error)
  }
}

function dialError(error: unknown): GantryError {
  return internalError(`error dialing backend: ${connectionWords(error) ?? messageOf(error)}`)
}

async function serveProxy(
  options: NodeStreamingOptions,
  { http, response }: Exchange,
  context: StreamingContext,
): Promise<void> {
  const { client, origin } = proxyTarget(options, context)
  const base = proxyBase(http.path, context.info)
  const tail = http.target.slice(base.length)
  // Relative links only work below a path that ends in a slash.
  if (!tail.startsWith('/') && (http.method === 'GET' || http.method === 'HEAD') && !http.upgrade) {
    response.send(301, undefined, { Location: `${base}/${tail}` })
    return
  }
  const { requestHeader } = context.parts.view.config
  try {
    await relay(
      client,
      { request: http, response },
      {
        url: `${origin}${tail.startsWith('/') ? tail : `/${tail}`}`,
        omit: (name) => isIdentityHeader(name, requestHeader),
        headers: { 'x-forwarded-uri': http.path, 'x-forwarded-proto': http.secure ? 'https' : 'http' },
        editHeaders: (headers) => withLocation(headers, { origin, base }),
      },
    )
  } catch (error) {
    if (response.started) throw error
    throw unavailable(`error trying to reach service: ${connectionWords(error) ?? messageOf(error)}`)
  }
}

/** The path up to and with `proxy`, as the client wrote it. */
function proxyBase(path: string, info: RequestInfo): string {
  const words = path.split('/')
  const at = words.indexOf('proxy', info.namespace === '' ? 5 : 7)
  return words.slice(0, (at < 0 ? words.length : at) + 1).join('/')
}

/** Redirects within the target go on through the proxy. */
function withLocation(
  headers: Parameters<NonNullable<Parameters<typeof relay>[2]['editHeaders']>>[0],
  { origin, base }: { readonly origin: string; readonly base: string },
): typeof headers {
  const { location } = headers
  if (typeof location !== 'string') return headers
  if (location.startsWith(`${origin}/`)) return { ...headers, location: `${base}${location.slice(origin.length)}` }
  return location.startsWith('/') && !location.startsWith('//')
    ? { ...headers, location: `${base}${location}` }
    : headers
}

function proxyTarget(options: NodeStreamingOptions, context: StreamingContext): KubeletReach {
  const { info, parts } = context
  const { client, isAllowed = isGlobalAddress } = options
  if (info.resource === 'nodes') return nodeTarget(options, context)
  const find = info.resource === 'pods' ? podOrigin : serviceOrigin
  const { origin, host } = find(parts.view, info.namespace, info.name)
  if (!isAllowed(host)) throw badRequest('address not allowed')
  return { client, origin }
}

/** The kubelet, unless another port is asked for. */
function nodeTarget(options: NodeStreamingOptions, context: StreamingContext): KubeletReach {
  const { client, isAllowed = isGlobalAddress } = options
  const asked = parseProxyName(context.info.name)
  if (asked === undefined) throw badRequest(`invalid node request ${JSON.stringify(context.info.name)}`)
  const kubelet = kubeletOf(options, context, { nodeName: asked.name })
  const { hostname, port } = new URL(kubelet.origin)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (/^[\d.]+$|:/.test(host) && !isAllowed(host)) throw badRequest('address not allowed')
  if (asked.port === '' || asked.port === port) return kubelet
  return { client, origin: originText(asked.scheme, host, asked.port) }
}
