/**
 * API aggregation: group versions that other servers serve behind this one. Requests for them are passed on as the front proxy
 * with the user's name; every 30 s, and when their objects change, each server is asked what it serves, which settles its
 * `Available` condition and its part of discovery.
 */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { apiServices } from '#clients/kubernetes/resources.table.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { relay } from '#kit/http/relay.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { APIService } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import { equalJson } from '../api-object.ts'
import type { User } from '../user.ts'
import { isIdentityHeader } from '../authentication/request-header.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { RequestInfo } from '../request-info.ts'
import { allPassed, failedCheck, obstacleOf } from './availability.ts'
import { servedHere, withVerdict } from './available-condition.ts'
import { planLocalServices } from './local-services.ts'
import { webhookReason } from '../webhook-words.ts'
import { chooseAddress, type FrontProxy, originOf, RemoteCalls, remoteUserHeaders } from './remote-calls.ts'
import { aggregatedResources, openApiPath } from './remote-discovery.ts'
import { type SchemaPart, schemaPart } from './remote-schemas.ts'
import { apiServiceStorage, type RemoteGroup, remoteGroupOf, RemoteGroups } from './remote-group.ts'

const checkMs = 30_000
const checkTimeoutMs = 5000
const documentBytesMax = 8 * 1024 * 1024
const aggregatorUser: User = { name: 'system:kube-aggregator', groups: ['system:masters'] }

/** What a remote server said last. */
export interface RemoteDocuments {
  readonly resources: readonly JsonObject[]
  /** Where its OpenAPI v3 document is, undefined when it has none. */
  readonly openApi: string | undefined
  /** What it adds to the OpenAPI v2 document. */
  readonly schemas: SchemaPart | undefined
  /** False when it could not be asked lately. */
  readonly isFresh: boolean
}

export interface AggregatorParts {
  readonly cache: ObjectCache
  readonly clock: Clock
  readonly log: Log
  readonly view: ClusterView
  readonly frontProxy: FrontProxy | undefined
}

/** The aggregation of one server. */
export class Aggregator implements AsyncDisposable {
  readonly #parts: AggregatorParts
  readonly #groups: RemoteGroups
  readonly #calls: RemoteCalls
  readonly #documents = new Map<string, RemoteDocuments>()
  readonly #stop = new AbortController()
  #client: KubeClient | undefined
  #running: Promise<void> | undefined
  #again = false
  #timer: Disposable | undefined

  constructor(parts: AggregatorParts) {
    this.#parts = parts
    this.#groups = new RemoteGroups(parts.cache)
    this.#calls = new RemoteCalls(parts.clock, parts.frontProxy)
  }

  /** Begins to check; `client` may write API services. */
  start(client: KubeClient): void {
    this.#client = client
    const listener = { hear: () => {}, flush: () => this.#wake(), end: () => {} }
    const watched = [apiServiceStorage, 'apiextensions.k8s.io/customresourcedefinitions']
    for (const storage of watched) this.#parts.cache.collection(storage).listen(listener)
    const ofServices = { ...listener, flush: () => (this.#groups.all().length > 0 ? this.#wake() : undefined) }
    for (const storage of ['/services', 'discovery.k8s.io/endpointslices'])
      this.#parts.cache.collection(storage).listen(ofServices)
    this.#wake()
  }

  /** The remote group that a request is for. */
  remoteFor(info: RequestInfo, path: string): RemoteGroup | undefined {
    if (info.isResource) return this.#groups.find(info.group, info.version)
    const match = /^(?:\/openapi\/v3)?\/apis\/([^/]+)\/([^/]+)(?:\/|$)/.exec(path)
    return match === null ? undefined : this.#groups.find(match[1] ?? '', match[2] ?? '')
  }

  /** Remote groups with what they serve, for discovery. */
  discovered(): readonly (RemoteGroup & RemoteDocuments)[] {
    const none: RemoteDocuments = { resources: [], openApi: undefined, schemas: undefined, isFresh: false }
    return this.#groups.all().map((group) => ({ ...group, ...(this.#documents.get(group.name) ?? none) }))
  }

  /** What the remote servers add to the OpenAPI v2 document. */
  schemaParts(): readonly SchemaPart[] {
    return this.discovered().flatMap(({ schemas }) => schemas ?? [])
  }

  /** Passes a request on; `late` gives it up, once its client has been answered by somebody else. */
  async serve(
    remote: RemoteGroup,
    {
      request,
      response,
      late,
    }: { readonly request: HttpRequest; readonly response: HttpResponse; readonly late: AbortSignal },
    user: User,
  ): Promise<void> {
    const address = remote.isAvailable ? chooseAddress(this.#parts.view, remote) : undefined
    if (address === undefined) {
      refuse(response, 'service unavailable')
      return
    }
    const { requestHeader } = this.#parts.view.config
    try {
      await relay(
        this.#calls.clientOf(remote),
        { request, response },
        {
          url: `${originOf(address)}${request.target}`,
          headers: { ...remoteUserHeaders(user), host: `${originOf(address).slice('https://'.length)}` },
          omit: (name) => isIdentityHeader(name, requestHeader),
          signal: late,
        },
      )
    } catch (error) {
      if (late.aborted) return
      if (response.started) throw error
      refuse(response, `error trying to reach service: ${webhookReason(error)}`)
    }
  }

  /** Resolves when what is known now has been checked. */
  async settled(): Promise<void> {
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#timer?.[Symbol.dispose]()
    await this.#running
    this.#calls[Symbol.dispose]()
  }

  #wake(): void {
    if (this.#stop.signal.aborted) return
    this.#again = true
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false
      await this.#checkAll().catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#parts.log.warn('API services could not be checked', { error })
      })
    }
    this.#running = undefined
    this.#timer?.[Symbol.dispose]()
    const isNeeded = this.#groups.all().length > 0 && !this.#stop.signal.aborted
    this.#timer = isNeeded ? this.#parts.clock.setTimer(checkMs, () => this.#wake()) : undefined
  }

  async #checkAll(): Promise<void> {
    const client = this.#client
    if (client === undefined) return
    await planLocalServices(this.#parts.view, client)
    const services = this.#parts.view.list(apiServiceStorage, '') as unknown as readonly APIService[]
    const names = new Set(services.map(({ metadata }) => metadata.name))
    this.#calls.keepOnly(names)
    for (const name of this.#documents.keys()) if (!names.has(name)) this.#documents.delete(name)
    await Promise.all(services.map((service) => this.#check(client, service)))
  }

  async #check(client: KubeClient, service: APIService): Promise<void> {
    const remote = remoteGroupOf(service)
    const verdict =
      remote === undefined ? servedHere : (obstacleOf(this.#parts.view, remote) ?? (await this.#ask(remote)))
    if (verdict.status !== 'True') {
      const known = this.#documents.get(service.metadata.name)
      if (known !== undefined) this.#documents.set(service.metadata.name, { ...known, isFresh: false })
    }
    const next = withVerdict(service, verdict, this.#parts.view.now())
    if (next !== undefined && !this.#stop.signal.aborted)
      await client.updateStatus(apiServices, next).catch(() => undefined)
  }

  /** Asks a server what it serves. */
  async #ask(remote: RemoteGroup): Promise<ReturnType<typeof failedCheck>> {
    const address = chooseAddress(this.#parts.view, remote)
    const path = `/apis/${remote.group}/${remote.version}`
    if (address === undefined) return failedCheck(`no address for ${path}`)
    const url = `${originOf(address)}${path}`
    try {
      const { status, body } = await this.#get(remote, url)
      if (status < 200 || status > 299)
        return failedCheck(`failing or missing response from ${url}: bad status from ${url}: ${status}`)
      const index = await this.#document(remote, `${originOf(address)}/openapi/v3`)
      const whole = await this.#document(remote, `${originOf(address)}/openapi/v2`)
      this.#documents.set(remote.name, {
        resources: aggregatedResources(body, remote),
        openApi: index === undefined ? undefined : openApiPath(index, remote),
        schemas: whole === undefined ? undefined : this.#schemasOf(remote, whole),
        isFresh: true,
      })
      return allPassed
    } catch (error) {
      return failedCheck(`failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${messageOf(error)}`)
    }
  }

  /** A document that a server may have. */
  async #document(remote: RemoteGroup, url: string): Promise<unknown> {
    try {
      return (await this.#get(remote, url)).body
    } catch {
      return undefined
    }
  }

  /** The server's part of the v2 document; the one that is known where it says the same. */
  #schemasOf({ name, group, version }: RemoteGroup, document: unknown): SchemaPart {
    const known = this.#documents.get(name)?.schemas
    const now = schemaPart(document, group, version)
    return known !== undefined && equalJson(known, now) ? known : now
  }

  async #get(remote: RemoteGroup, url: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const deadline = new AbortController()
    using _ = this.#parts.clock.setTimer(checkTimeoutMs, () =>
      deadline.abort(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
    )
    const signal = AbortSignal.any([deadline.signal, this.#stop.signal])
    const headers = { ...remoteUserHeaders(aggregatorUser), accept: 'application/json' }
    await using reply = await this.#calls.clientOf(remote).request({ url, headers, signal })
    return { status: reply.status, body: reply.status === 200 ? await reply.json(documentBytesMax) : undefined }
  }
}

function refuse(response: HttpResponse, text: string): void {
  response.send(503, `${text}\n`, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  })
}
