/** Images over the Engine API: list, inspect, history, tag, remove, prune, save, load, import. Pull and push: transfer-routes. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { booleanFilter } from '#spec/docker/filters.ts'
import type { Images } from '#images/images.ts'
import { createdMsOf } from '#images/records/image-index.ts'
import type { ImageRecord, ImageRow } from '#images/records/record-types.ts'
import { readPlatform, requirePlatform } from '#images/records/require-platform.ts'
import type { EngineEvent } from '#engine/containers/engine-parts.ts'
import { viewImage } from './view-image.ts'
import { param, readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

/** Images here are of one platform: a call for another one is refused rather than answered with what there is. */
function checkPlatforms(images: Images, name: string, { request: { query } }: ApiCall): void {
  for (const wanted of [...query.all('platform'), ...query.all('platforms')])
    requirePlatform(images.resolve(name), wanted, name)
}

/** A row of the list as the client's version knows it (contract T21). */
function viewRow(row: ImageRow, options: { readonly minor: number; readonly digests: boolean }): object {
  const { record } = row
  const { minor } = options
  const none = row.repoTags.length === 0 && row.repoDigests.length === 0
  const fallback = minor < 43 && none
  return {
    Containers: minor < 51 ? -1 : row.containers,
    Created: Math.floor(createdMsOf(record.config) / 1000),
    Id: record.id,
    Labels: record.config.config?.Labels ?? null,
    ParentId: record.parent ?? '',
    RepoDigests: fallback ? ['<none>@<none>'] : row.repoDigests,
    RepoTags: fallback ? ['<none>:<none>'] : row.repoTags,
    SharedSize: row.sharedSizeBytes ?? -1,
    Size: record.sizeBytes,
    ...(minor < 44 ? { VirtualSize: record.sizeBytes } : {}),
  }
}

export interface ImageApiDeps {
  readonly images: Images
  readonly emit: (event: EngineEvent) => void
}

const listFilters = new Set(['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'])
const pruneFilters = new Set(['dangling', 'label', 'label!', 'until'])

function checkFilters(filters: Readonly<Record<string, readonly string[]>>, known: ReadonlySet<string>): void {
  const unknown = Object.keys(filters).find((key) => !known.has(key))
  if (unknown !== undefined) throw new GantryError('ENGINE_FILTER', 'invalid', `Invalid filter '${unknown}'`)
  booleanFilter(filters, 'dangling')
}

async function handleSave(images: Images, names: readonly string[], call: ApiCall): Promise<void> {
  for (const name of names) checkPlatforms(images, name, call)
  const stream = images.save(names)
  call.response.start(200, { 'Content-Type': 'application/x-tar' })
  for await (const chunk of stream) await call.response.write(chunk as Buffer)
  call.response.end()
}

async function handleLoad(images: Images, call: ApiCall): Promise<void> {
  const { request, response } = call
  const quiet = request.query.flag('quiet', true)
  const platform = request.query.get('platform') ?? ''
  // The head waits for the first word: some clients take it for the end of the load and stop sending.
  const begin = (): void => {
    if (!response.started) response.start(200, { 'Content-Type': 'application/json' })
  }
  try {
    const loaded = await images.load(request.body, {
      signal: request.signal,
      ...(platform === '' ? {} : { platform: readPlatform(platform) }),
      onProgress: ({ layer, currentBytes, totalBytes, done }) => {
        if (quiet) return
        begin()
        const detail = { current: currentBytes, ...(totalBytes === undefined ? {} : { total: totalBytes }) }
        response.push(
          `${JSON.stringify({ status: done ? 'Loaded' : 'Loading layer', progressDetail: detail, id: layer })}\n`,
        )
      },
    })
    begin()
    for (const message of loaded.flatMap((image) => image.messages))
      await response.writeJson({ stream: `${message}\n` })
  } catch (error) {
    // Docker reports whatever is wrong with an archive in the stream: clients print it as it is.
    begin()
    await response.writeJson({ errorDetail: { message: messageOf(error) }, error: messageOf(error) })
  }
  response.end()
}

function handleList(images: Images, call: ApiCall): void {
  const { query } = call.request
  const filters = readFilters(call)
  checkFilters(filters, listFilters)
  const filter = query.get('filter') ?? ''
  const all = filter === '' ? filters : { ...filters, reference: [...(filters['reference'] ?? []), filter] }
  const rows = images.list({ all: query.flag('all'), filters: all, sharedSize: query.flag('shared-size') })
  const shape = { minor: call.version.minor, digests: query.flag('digests') }
  call.response.json(
    200,
    rows.map((row) => viewRow(row, shape)),
  )
}

async function handleTag(images: Images, call: ApiCall): Promise<void> {
  const { query } = call.request
  const repository = query.get('repo') ?? ''
  const tag = query.get('tag') ?? ''
  await images.tag(param(call, 'name'), tag === '' ? repository : `${repository}:${tag}`)
  call.response.send(201)
}

async function handleRemove(images: Images, call: ApiCall): Promise<void> {
  const { query } = call.request
  const options = { force: query.flag('force'), noPrune: query.flag('noprune') }
  checkPlatforms(images, param(call, 'name'), call)
  call.response.json(200, await images.remove(param(call, 'name'), options))
}

async function handlePrune({ images, emit }: ImageApiDeps, call: ApiCall): Promise<void> {
  const filters = readFilters(call)
  checkFilters(filters, pruneFilters)
  const { ImagesDeleted, SpaceReclaimed } = await images.prune(filters)
  emit({ type: 'image', action: 'prune', id: '', attributes: { reclaimed: String(SpaceReclaimed) } })
  call.response.json(200, { ImagesDeleted: ImagesDeleted.length > 0 ? ImagesDeleted : null, SpaceReclaimed })
}

function handleSaveMany(images: Images, call: ApiCall): Promise<void> {
  const names = call.request.query.all('names').flatMap((name) => name.split(','))
  return handleSave(images, names, call)
}

/** Inspect alone says twice that there is no such image. */
function resolveToShow(images: Images, name: string): ImageRecord {
  try {
    return images.resolve(name)
  } catch (error) {
    if (!(error instanceof GantryError) || error.kind !== 'not-found') throw error
    throw new GantryError(error.code, 'not-found', `no such image: ${name}: ${error.message}`, {
      cause: error,
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    })
  }
}

export function imageRoutes(deps: ImageApiDeps): ApiRoute[] {
  const { images } = deps
  const row = (
    method: string,
    path: string,
    handler: (images: Images, call: ApiCall) => Promise<void> | void,
  ): ApiRoute => ({ method, path, handler: (call) => handler(images, call) })
  return [
    row('GET', '/images/json', handleList),
    row('GET', '/images/{name...}/json', (_images, call) => {
      const record = resolveToShow(images, param(call, 'name'))
      checkPlatforms(images, param(call, 'name'), call)
      call.response.json(200, viewImage(images, record))
    }),
    row('GET', '/images/{name...}/history', (_images, call) => {
      const history = images.history(param(call, 'name'))
      checkPlatforms(images, param(call, 'name'), call)
      call.response.json(200, history)
    }),
    row('POST', '/images/{name...}/tag', handleTag),
    row('DELETE', '/images/{name...}', handleRemove),
    { method: 'POST', path: '/images/prune', handler: (call) => handlePrune(deps, call) },
    row('GET', '/images/get', handleSaveMany),
    row('GET', '/images/{name...}/get', (_images, call) => handleSave(images, [param(call, 'name')], call)),
    row('POST', '/images/load', handleLoad),
  ]
}
