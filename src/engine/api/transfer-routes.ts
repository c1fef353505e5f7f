/** Images from and to registries over the Engine API: pull, import, push, distribution, search, login. */
import type { Readable } from 'node:stream'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Images } from '#images/images.ts'
import { decodeAuth } from '#spec/docker/auth-header.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { requirePlatform } from '#images/records/require-platform.ts'
import { parsePlatform } from '#spec/oci/platform.ts'
import { param, readBodyObject, readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

/** A transfer's conversation with its client. */
export interface TransferWish {
  /** Any form: name, name:tag, name@digest. */
  readonly reference: string
  readonly allTags: boolean
  readonly auth: RegistryAuth
  readonly emit: (message: object) => void | Promise<void>
  readonly signal: AbortSignal
}

/** What the API needs of registries; supplied by `roles`. */
export interface ImageTransfer {
  pull(wish: TransferWish & { readonly platform: string }): Promise<void>
  push(wish: TransferWish): Promise<void>
  /** `GET /distribution/{name}/json`. */
  inspect(reference: string, auth: RegistryAuth, signal: AbortSignal): Promise<object>
  search(request: {
    readonly term: string
    readonly limit: number
    readonly filters: Readonly<Record<string, readonly string[]>>
    readonly auth: RegistryAuth
    readonly signal: AbortSignal
  }): Promise<object[]>
  /** Checks credentials; throws `unauthorized` when the registry refuses them. */
  login(auth: RegistryAuth, signal: AbortSignal): Promise<{ readonly Status: string; readonly IdentityToken: string }>
}

export interface TransferApiDeps {
  readonly images: Images
  readonly transfer: ImageTransfer
  /** The URL of an import, fetched. */
  readonly fetch: (url: string, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>
  readonly applyChanges: (config: ImageRunConfig, changes: readonly string[]) => ImageRunConfig
}

/** Runs work that reports as it goes: its first failure is the request's error, a later one is the stream's last message. */
async function stream(call: ApiCall, work: (emit: (message: object) => Promise<void>) => Promise<void>): Promise<void> {
  const { response } = call
  const begin = (): void => {
    if (!response.started) response.start(200, { 'Content-Type': 'application/json' })
  }
  try {
    await work(async (message) => {
      begin()
      await response.write(`${JSON.stringify(message)}\r\n`)
    })
  } catch (error) {
    if (!response.started) throw error
    await response.write(
      `${JSON.stringify({ errorDetail: { message: messageOf(error) }, error: messageOf(error) })}\r\n`,
    )
  }
  begin()
  response.end()
}

function readReference(name: string, tag: string): string {
  if (tag === '') return name
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`
}

async function handleImport(deps: TransferApiDeps, call: ApiCall, source: string): Promise<void> {
  const { request } = call
  const { query } = request
  const repository = query.get('repo') ?? ''
  const platform = query.get('platform') ?? ''
  const tag = query.get('tag') ?? ''
  const reference = repository === '' ? undefined : tag === '' ? repository : `${repository}:${tag}`
  const config = deps.applyChanges({}, query.all('changes'))
  const body: AsyncIterable<Uint8Array> =
    source === '-' ? (request.body as Readable) : await deps.fetch(source, request.signal)
  await stream(call, async (emit) => {
    const image = await deps.images.import(body, {
      config,
      signal: request.signal,
      message: query.get('message') ?? '',
      ...(reference === undefined ? {} : { reference }),
      ...(platform === '' ? {} : { platform: parsePlatform(platform) }),
    })
    await emit({ status: image.id })
  })
}

async function handleCreate(deps: TransferApiDeps, call: ApiCall): Promise<void> {
  const { request } = call
  const { query } = request
  const source = query.get('fromSrc') ?? ''
  if (source !== '') return handleImport(deps, call, source)
  const name = query.get('fromImage') ?? ''
  if (name === '')
    throw new GantryError('ENGINE_PULL_NAME', 'invalid', 'either fromImage or fromSrc is needed', {
      remedy: 'Name an image to pull or a source to import.',
    })
  const tag = query.get('tag') ?? ''
  const bare = name.replace(/:$/, '')
  const named = /(:[^/]+|@.+)$/.test(bare)
  return stream(call, (emit) =>
    deps.transfer.pull({
      reference: readReference(bare, tag),
      allTags: tag === '' && !named,
      platform: query.get('platform') ?? '',
      auth: decodeAuth(request.headers['x-registry-auth']),
      emit,
      signal: request.signal,
    }),
  )
}

function handlePush(deps: TransferApiDeps, call: ApiCall): Promise<void> {
  const { request } = call
  const tag = request.query.get('tag') ?? ''
  const name = param(call, 'name')
  const named = /:[^/]+$/.test(name)
  const platform = request.query.get('platform') ?? ''
  if (platform !== '') requirePlatform(deps.images.resolve(tag === '' ? name : `${name}:${tag}`), platform, name)
  return stream(call, (emit) =>
    deps.transfer.push({
      reference: readReference(name, tag),
      allTags: tag === '' && !named,
      auth: decodeAuth(request.headers['x-registry-auth']),
      emit,
      signal: request.signal,
    }),
  )
}

export function transferRoutes(deps: TransferApiDeps): ApiRoute[] {
  const { transfer } = deps
  return [
    { method: 'POST', path: '/images/create', handler: (call) => handleCreate(deps, call) },
    { method: 'POST', path: '/images/{name...}/push', handler: (call) => handlePush(deps, call) },
    {
      method: 'GET',
      path: '/distribution/{name...}/json',
      handler: async (call) => {
        const auth = decodeAuth(call.request.headers['x-registry-auth'])
        call.response.json(200, await transfer.inspect(param(call, 'name'), auth, call.request.signal))
      },
    },
    {
      method: 'GET',
      path: '/images/search',
      handler: async (call) => {
        const { query, headers, signal } = call.request
        const term = query.get('term') ?? ''
        if (term === '')
          throw new GantryError('ENGINE_SEARCH_TERM', 'invalid', 'invalid search term: it is empty', {
            remedy: 'Give something to look for.',
          })
        const limit = query.integer('limit', 25)
        if (limit < 1 || limit > 100)
          throw new GantryError('ENGINE_SEARCH_LIMIT', 'invalid', `Limit ${limit} is outside the range of [1, 100]`, {
            remedy: 'Choose a limit from 1 to 100.',
          })
        call.response.json(
          200,
          await transfer.search({
            term,
            limit,
            filters: readFilters(call),
            auth: decodeAuth(headers['x-registry-auth']),
            signal,
          }),
        )
      },
    },
    {
      method: 'POST',
      path: '/auth',
      handler: async (call) => {
        const auth = await readBodyObject<RegistryAuth>(call)
        call.response.json(200, await transfer.login(auth, call.request.signal))
      },
    },
  ]
}
