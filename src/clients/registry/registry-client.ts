/**
 * A caller of one registry (OCI distribution spec 1.1, Docker Registry HTTP API v2): finds out how to reach it and how to
 * log in, asks for tokens, retries what may be tried again, and never believes a length or a digest it has not checked.
 */
import type { Readable } from 'node:stream'
import { createDigestStream, digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError, isErrorKind } from '#base/errors/gantry-error.ts'
import { createHttpClient } from '#kit/http/client.ts'
import type { ClientRequestOptions, ClientTls, HttpClient } from '#kit/http/client.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import type { Clock } from '#world/ports/clock.ts'
import { parseChallenge } from './auth-challenge.ts'
import type { BearerChallenge } from './auth-challenge.ts'
import { connectionError, registryError } from './registry-errors.ts'

export interface RegistryClientOptions {
  readonly clock: Clock
  /** `host[:port]` as dialled. */
  readonly host: string
  readonly auth: RegistryAuth
  readonly tls?: ClientTls
  /** Plain HTTP is fine, and so is a certificate of unknown origin. */
  readonly insecure: boolean
}

export interface FetchedManifest {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly digest: Digest
}

/** A request to the registry; `scope` is what a token must allow. */
interface Call extends Omit<ClientRequestOptions, 'url' | 'path'> {
  readonly path: string
  readonly scope: string
}

export interface RegistryClient extends AsyncDisposable {
  readonly host: string
  /** Finds the registry and checks the credentials. @throws GantryError unauthorized when they are refused. */
  ping(): Promise<void>
  /** @throws GantryError not-found when there is no such manifest. */
  getManifest(repository: string, reference: string, scope: string, signal: AbortSignal): Promise<FetchedManifest>
  putManifest(
    repository: string,
    reference: string,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
    options: CallOptions,
  ): Promise<void>
  /** The blob's bytes from `offset` on; the caller checks the digest. */
  getBlob(
    repository: string,
    digest: Digest,
    options: CallOptions & { readonly offset: number },
  ): Promise<AsyncIterable<Uint8Array>>
  hasBlob(repository: string, digest: Digest, options: CallOptions): Promise<boolean>
  /** Makes a blob of another repository of the registry this one's too; false when the registry wants it uploaded. */
  mountBlob(repository: string, digest: Digest, options: CallOptions & { readonly from: string }): Promise<boolean>
  /** Uploads bytes whose digest is found on the way; returns it and their length. */
  uploadBlob(
    repository: string,
    content: () => Readable,
    options: CallOptions,
  ): Promise<{ readonly digest: Digest; readonly sizeBytes: number }>
  listTags(repository: string, scope: string, signal: AbortSignal): Promise<string[]>
  /** Any other path of the host (search). */
  get(path: string, signal: AbortSignal): Promise<HttpReply>
}

export interface CallOptions {
  readonly scope: string
  readonly signal: AbortSignal
}

const manifestTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
].join(', ')
const manifestBytesMax = 4 * 1024 * 1024
const errorBytesMax = 16_384
const tagPagesMax = 1000
const idleTimeoutMs = 60_000
const headersTimeoutMs = 60_000
const redirectsMax = 5
const attemptsMax = 5
const firstRetryMs = 250

class Client implements RegistryClient {
  readonly host: string
  readonly #options: RegistryClientOptions
  readonly #http: HttpClient
  readonly #tokens = new Map<string, string>()
  #base: string | undefined
  #basic = false

  constructor(options: RegistryClientOptions) {
    this.host = options.host
    this.#options = options
    const tls = { ...options.tls, ...(options.insecure ? { insecure: true } : {}) }
    this.#http = createHttpClient({ clock: options.clock, tls, headersTimeoutMs })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]()
  }

  async ping(): Promise<void> {
    const reply = await this.#call({ method: 'GET', path: '/v2/', scope: '' })
    await reply.discard()
  }

  async getManifest(
    repository: string,
    reference: string,
    scope: string,
    signal: AbortSignal,
  ): Promise<FetchedManifest> {
    const path = `/v2/${repository}/manifests/${reference}`
    // Docker asks with HEAD first; what keeps a user out is then worded for that request.
    const head = await this.#call({ method: 'HEAD', path, scope, signal, headers: { Accept: manifestTypes } })
    await head.discard()
    const reply = await this.#call({ method: 'GET', path, scope, signal, headers: { Accept: manifestTypes } })
    const bytes = await readBounded(reply, manifestBytesMax)
    const digest = digestOf(bytes)
    const expected = reference.includes(':') ? reference : reply.header('docker-content-digest')
    if (expected !== undefined && expected.startsWith('sha256:') && expected !== digest) {
      throw new GantryError('REGISTRY_DIGEST', 'invalid', `manifest verification failed for digest ${expected}`, {
        remedy: 'The registry answered with something else than was asked for.',
      })
    }
    return { bytes, digest, mediaType: (reply.header('content-type') ?? '').split(';', 1)[0]?.trim() ?? '' }
  }

  async putManifest(
    repository: string,
    reference: string,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
    { scope, signal }: CallOptions,
  ): Promise<void> {
    const path = `/v2/${repository}/manifests/${reference}`
    const reply = await this.#call({
      method: 'PUT',
      path,
      scope,
      signal,
      headers: { 'Content-Type': manifest.mediaType },
      body: manifest.bytes,
    })
    await reply.discard()
  }

  async getBlob(
    repository: string,
    digest: Digest,
    { scope, signal, offset }: CallOptions & { readonly offset: number },
  ): Promise<AsyncIterable<Uint8Array>> {
    const headers = offset > 0 ? { Range: `bytes=${offset}-` } : {}
    const reply = await this.#call({
      method: 'GET',
      path: `/v2/${repository}/blobs/${digest}`,
      scope,
      signal,
      headers,
      idleTimeoutMs,
      redirectsMax,
    })
    if (offset === 0 || reply.status === 206) return reply.body
    return skipBytes(reply.body, offset)
  }

  async hasBlob(repository: string, digest: Digest, { scope, signal }: CallOptions): Promise<boolean> {
    try {
      const reply = await this.#call({
        method: 'HEAD',
        path: `/v2/${repository}/blobs/${digest}`,
        scope,
        signal,
        redirectsMax,
      })
      await reply.discard()
      return true
    } catch (error) {
      if (isErrorKind(error, 'not-found')) return false
      throw error
    }
  }

  async mountBlob(
    repository: string,
    digest: Digest,
    { scope, signal, from }: CallOptions & { readonly from: string },
  ): Promise<boolean> {
    const path = `/v2/${repository}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`
    const reply = await this.#call({ method: 'POST', path, scope, signal, headers: { 'Content-Length': '0' } })
    await reply.discard()
    if (reply.status === 201) return true
    const location = reply.header('location')
    // The registry began an upload instead; nobody will go on with it.
    if (location !== undefined)
      await this.#send({ method: 'DELETE', scope, signal }, this.#resolve(location)).then(
        (one) => one.discard(),
        () => undefined,
      )
    return false
  }

  async uploadBlob(
    repository: string,
    content: () => Readable,
    { scope, signal }: CallOptions,
  ): Promise<{ readonly digest: Digest; readonly sizeBytes: number }> {
    const begun = await this.#call({
      method: 'POST',
      path: `/v2/${repository}/blobs/uploads/`,
      scope,
      signal,
      headers: { 'Content-Length': '0' },
    })
    await begun.discard()
    const location = begun.header('location')
    if (location === undefined)
      throw new GantryError('REGISTRY_PROTOCOL', 'invalid', 'the registry did not say where to upload')
    const hash = createDigestStream()
    const source = content()
    source.on('data', (chunk: Buffer) => hash.update(chunk))
    const patched = await this.#answered(
      await this.#send(
        { method: 'PATCH', scope, signal, headers: { 'Content-Type': 'application/octet-stream' }, body: source },
        this.#resolve(location),
      ),
      'PATCH',
      this.#resolve(location),
    )
    await patched.discard()
    const { sizeBytes } = hash
    const digest = hash.finish()
    const next = this.#resolve(patched.header('location') ?? location)
    const last = `${next}${next.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
    const done = await this.#answered(
      await this.#send({ method: 'PUT', scope, signal, headers: { 'Content-Length': '0' } }, last),
      'PUT',
      last,
    )
    await done.discard()
    return { digest, sizeBytes }
  }

  async listTags(repository: string, scope: string, signal: AbortSignal): Promise<string[]> {
    const tags: string[] = []
    let path: string | undefined = `/v2/${repository}/tags/list`
    for (let page = 0; path !== undefined && page < tagPagesMax; page += 1) {
      const reply: HttpReply = await this.#call({ method: 'GET', path, scope, signal })
      const body = JSON.parse(Buffer.from(await readBounded(reply, manifestBytesMax)).toString('utf8')) as {
        readonly tags?: readonly string[] | null
      }
      tags.push(...(body.tags ?? []))
      path = /<([^>]+)>;\s*rel="?next"?/.exec(reply.header('link') ?? '')?.[1]
      if (path !== undefined && /^https?:/.test(path)) path = new URL(path).pathname + new URL(path).search
    }
    return tags
  }

  async get(path: string, signal: AbortSignal): Promise<HttpReply> {
    await this.#find(signal)
    return this.#send({ method: 'GET', scope: '', signal }, `${this.#base ?? ''}${path}`)
  }

  #resolve(location: string): string {
    return new URL(location, this.#base).href
  }

  /** Sends a request to the registry, retrying what is worth it. @throws GantryError for every refusal. */
  async #call(call: Call): Promise<HttpReply> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#find(call.signal)
        const url = `${this.#base ?? ''}${call.path}`
        return await this.#answered(await this.#authorised(call, url), call.method ?? 'GET', url)
      } catch (error) {
        const again = attempt < attemptsMax && isErrorKind(error, 'unavailable') && call.signal?.aborted !== true
        if (!again) throw error
        await this.#options.clock.sleep(firstRetryMs * 2 ** attempt, call.signal)
      }
    }
  }

  async #answered(reply: HttpReply, method: string, url: string): Promise<HttpReply> {
    if (reply.status < 400) return reply
    const body = Buffer.from(await readBounded(reply, errorBytesMax).catch(() => new Uint8Array())).toString('utf8')
    const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`
    throw registryError({ status: reply.status, body }, `${verb} "${url}"`)
  }

  /** Finds the scheme that the registry speaks: HTTPS, or for insecure ones whichever answers. */
  async #find(signal: AbortSignal | undefined): Promise<void> {
    if (this.#base !== undefined) return
    const { host, insecure } = this.#options
    const schemes = insecure ? ['http', 'https'] : ['https']
    let failure: unknown
    for (const scheme of schemes) {
      const url = `${scheme}://${host}/v2/`
      try {
        const reply = await this.#http.request({ url, ...(signal === undefined ? {} : { signal }) })
        await reply.discard()
        // A TLS server's answer to plain HTTP.
        if (scheme === 'http' && reply.status === 400 && schemes.length > 1) continue
        this.#base = `${scheme}://${host}`
        return
      } catch (error) {
        if (signal?.aborted === true) throw error
        failure ??= connectionError('GET', url, error)
        if (scheme === 'http' && isErrorKind(error, 'unavailable')) break
      }
    }
    throw failure
  }

  async #authorised(call: Call, url: string): Promise<HttpReply> {
    const first = await this.#send(call, url)
    if (first.status !== 401) return first
    const challenge = parseChallenge(first.header('www-authenticate'))
    if (challenge === undefined) return first
    await first.discard()
    const verb = `${(call.method ?? 'GET').charAt(0)}${(call.method ?? 'GET').slice(1).toLowerCase()}`
    if (challenge.scheme === 'basic') {
      if ((this.#options.auth.username ?? '') === '') {
        throw new GantryError('REGISTRY_NO_CREDENTIALS', 'internal', `${verb} "${url}": no basic auth credentials`, {
          remedy: 'Log in with docker login.',
        })
      }
      this.#basic = true
    } else {
      this.#tokens.set(call.scope, await this.#fetchToken(challenge, call))
    }
    return this.#send(call, url)
  }

  async #fetchToken(challenge: BearerChallenge, call: Call): Promise<string> {
    const { auth } = this.#options
    const scope = call.scope === '' ? challenge.scope : call.scope
    const url = new URL(challenge.realm)
    const signal = call.signal === undefined ? {} : { signal: call.signal }
    const identity = auth.identitytoken ?? ''
    const reply = await (identity === ''
      ? this.#tokenByGet(url, { service: challenge.service, scope }, signal)
      : this.#tokenByPost(url, { service: challenge.service, scope, identity }, signal))
    const answered = await this.#answered(reply, 'GET', url.href)
    const body = JSON.parse(Buffer.from(await readBounded(answered, manifestBytesMax)).toString('utf8')) as {
      readonly token?: string
      readonly access_token?: string
    }
    const token = body.token ?? body.access_token
    if (typeof token !== 'string')
      throw new GantryError(
        'REGISTRY_TOKEN',
        'unauthorized',
        'authorization server did not include a token in the response',
      )
    return token
  }

  #tokenByGet(
    url: URL,
    wish: { readonly service: string; readonly scope: string },
    signal: { readonly signal?: AbortSignal },
  ): Promise<HttpReply> {
    if (wish.service !== '') url.searchParams.set('service', wish.service)
    if (wish.scope !== '') url.searchParams.set('scope', wish.scope)
    const basic = this.#basicHeader()
    return this.#http.request({
      url: url.href,
      ...signal,
      ...(basic === undefined ? {} : { headers: { Authorization: basic } }),
    })
  }

  #tokenByPost(
    url: URL,
    wish: { readonly service: string; readonly scope: string; readonly identity: string },
    signal: { readonly signal?: AbortSignal },
  ): Promise<HttpReply> {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'gantry',
      service: wish.service,
      scope: wish.scope,
      refresh_token: wish.identity,
    })
    return this.#http.request({
      method: 'POST',
      url: url.href,
      ...signal,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    })
  }

  #basicHeader(): string | undefined {
    const { username = '', password = '' } = this.#options.auth
    return username === '' ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }

  async #send(call: Omit<Call, 'path'>, url: string): Promise<HttpReply> {
    const { scope, ...options } = call
    const token = this.#tokens.get(scope) ?? this.#options.auth.registrytoken
    const authorization = this.#basic
      ? this.#basicHeader()
      : token === undefined || token === ''
        ? undefined
        : `Bearer ${token}`
    const own = new URL(url).host === new URL(this.#base ?? url).host
    const headers = {
      ...options.headers,
      ...(authorization === undefined || !own ? {} : { Authorization: authorization }),
    }
    try {
      return await this.#http.request({ ...options, url, headers })
    } catch (error) {
      if (call.signal?.aborted === true) throw error
      throw connectionError(call.method ?? 'GET', url, error)
    }
  }
}

async function* skipBytes(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count
  for await (const chunk of source) {
    if (left >= chunk.byteLength) left -= chunk.byteLength
    else {
      yield left === 0 ? chunk : chunk.subarray(left)
      left = 0
    }
  }
}

async function readBounded(reply: HttpReply, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
    total += chunk.byteLength
    if (total > bytesMax) {
      reply.body.destroy()
      throw new GantryError('REGISTRY_TOO_LARGE', 'too-large', `the registry's answer is larger than ${bytesMax} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Makes a caller of one registry; nothing is connected yet. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  return new Client(options)
}

/** True for hosts on this machine's loopback: Docker trusts them without TLS. Pure. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}
