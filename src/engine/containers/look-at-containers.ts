/** Gathers what inspect and list show of containers from the parts that know it. */
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { logPathOf } from './start-container.ts'
import type { Container } from './container-book.ts'
import type { EngineParts } from './engine-parts.ts'
import { inspectContainer } from './inspect-container.ts'
import { checkListFilters, selectContainers, viewListed } from './list-containers.ts'
import type { ListedContainer, ListRequest } from './list-containers.ts'
import { folderOf, networkFilesFolder } from './prepare-start.ts'

async function sizesOf(
  parts: EngineParts,
  container: Container,
): Promise<{ readonly rw: number; readonly rootFs: number }> {
  const rw =
    parts.images.snapshots.get(container.id) === undefined ? 0 : await parts.images.snapshots.usage(container.id)
  const base = parts.images.find(container.record.imageId)?.sizeBytes ?? 0
  return { rw, rootFs: base + rw }
}

/** The inspect document of one container. */
export async function inspectOne(
  parts: EngineParts,
  container: Container,
  wish: { readonly withSize: boolean; readonly minor: number },
): Promise<object> {
  const { record } = container
  const snapshot = parts.images.snapshots.get(container.id)
  const lower = record.layers
    .map((diffId) => parts.images.layers.pathOf(diffId))
    .toReversed()
    .join(':')
  return inspectContainer({
    minor: wish.minor,
    record,
    health: parts.healthOf(container.id),
    execIds: [...container.execIds],
    ports: parts.networking.publishedPorts(record),
    folder: folderOf(parts, container.id),
    networkFolder: networkFilesFolder(parts, record),
    logPath: logPathOf(parts, container.id),
    sandbox: parts.networking.sandboxOf(record),
    graph:
      snapshot === undefined
        ? null
        : { LowerDir: lower, MergedDir: snapshot.mergedPath, UpperDir: snapshot.upperPath, WorkDir: snapshot.workPath },
    ...(wish.withSize ? { sizes: await sizesOf(parts, container) } : {}),
  })
}

/** What a reference points at now; undefined where there is none, or none can be (a container made from nothing). */
function imageIdNow(parts: EngineParts, reference: string): string | undefined {
  try {
    return parts.images.find(reference)?.id
  } catch (error) {
    if (error instanceof GantryError) return undefined
    throw error
  }
}

/** Ids from an image down to where its parents end, for the `ancestor` filter. */
function ancestry(parts: EngineParts, imageId: Digest): string[] {
  const chain: string[] = []
  for (
    let image = parts.images.find(imageId);
    image !== undefined;
    image = image.parent === undefined ? undefined : parts.images.find(image.parent)
  ) {
    if (chain.includes(image.id)) break
    chain.push(image.id)
  }
  return chain
}

function resolveAncestors(parts: EngineParts, values: readonly string[]): string[] {
  return values.flatMap((value) => {
    const image = parts.images.find(value)
    return image === undefined ? [value] : [image.id]
  })
}

/** The rows of a list, newest first. @throws GantryError for filters that do not exist or name unknown containers. */
export async function listAll(
  parts: EngineParts,
  request: ListRequest,
  { withSize, minor }: { readonly withSize: boolean; readonly minor: number },
): Promise<object[]> {
  checkListFilters(request.filters)
  const age = (key: string): number | undefined => {
    const [name] = request.filters[key] ?? []
    if (name === undefined) return undefined
    const found = parts.book.find(name)
    if (found !== undefined) return found.record.createdAt
    throw new GantryError('ENGINE_FILTER', 'not-found', `no such container ${name}`, {
      remedy: 'docker ps -a lists them.',
    })
  }
  const before = age('before')
  const since = age('since')
  const ancestors = request.filters['ancestor']
  const filters =
    ancestors === undefined ? request.filters : { ...request.filters, ancestor: resolveAncestors(parts, ancestors) }
  const rows = parts.book.all().map((container): ListedContainer => ({
    record: container.record,
    health: parts.healthOf(container.id),
    ports: parts.networking.publishedPorts(container.record),
    imageIdNow: imageIdNow(parts, container.record.config.Image),
    ancestry: ancestors === undefined ? [] : ancestry(parts, container.record.imageId),
  }))
  const selected = selectContainers(
    rows,
    { ...request, filters },
    { ...(before === undefined ? {} : { before }), ...(since === undefined ? {} : { since }) },
  )
  const view = { now: parts.world.clock.now(), minor }
  if (!withSize) return selected.map((row) => viewListed(row, view))
  return Promise.all(
    selected.map(async (row) =>
      viewListed({ ...row, sizes: await sizesOf(parts, parts.book.resolve(row.record.id)) }, view),
    ),
  )
}
