/** Rows of `GET /images/json` and of an image's history, from records alone. */
import type { Digest } from '#base/data/digest.ts'
import type { LayerRecord } from '#images/layers/layer-types.ts'
import { familiarReference, parseReference } from '#spec/oci/reference.ts'
import type { CompiledFilters } from './image-filters.ts'
import { filterReferences } from './image-filters.ts'
import { createdMsOf } from './image-index.ts'
import type { ImageIndex } from './image-index.ts'
import type { HistoryRow, ImageRecord, ImageRow, ImageUser } from './record-types.ts'

export interface ListContext {
  readonly index: ImageIndex
  readonly layer: (diffId: Digest) => LayerRecord | undefined
  readonly users: readonly ImageUser[]
}

/** The images to show, newest first. Intermediate images of builds only with `all`. */
export function listImages(
  context: ListContext,
  filters: CompiledFilters,
  options: { readonly all?: boolean; readonly sharedSize?: boolean },
): ImageRow[] {
  const records = context.index.all()
  const shown = records.flatMap((record) => {
    const names = namesToShow(context, filters, { record, all: options.all === true })
    return names === undefined || !filters.matches(record) ? [] : [{ record, ...names }]
  })
  const uses = options.sharedSize === true ? countLayerUses(records) : undefined
  return shown.map(({ record, repoTags, repoDigests }) => ({
    record,
    repoTags,
    repoDigests,
    sharedSizeBytes: uses === undefined ? undefined : sharedSize(context, record, uses),
    containers: context.users.filter((user) => user.imageId === record.id).length,
  }))
}

/** Rows newest first; ids are known for the images of a local build's chain, `<missing>` for the rest. */
export function imageHistory(context: ListContext, record: ImageRecord): HistoryRow[] {
  let layerNumber = 0
  const rows = (record.config.history ?? []).map((entry) => {
    const diffId = entry.empty_layer === true ? undefined : record.diffIds[layerNumber]
    if (entry.empty_layer !== true) layerNumber += 1
    const size = diffId === undefined ? 0 : (context.layer(diffId)?.sizeBytes ?? 0)
    return {
      Created: Math.floor(createdMsOf({ ...record.config, created: entry.created ?? '' }) / 1000),
      CreatedBy: entry.created_by ?? '',
      Size: size,
      Comment: entry.comment ?? '',
    }
  })
  let chain: ImageRecord | undefined = record
  return rows.toReversed().map((row) => {
    const here: ImageRecord | undefined = chain
    chain = here?.parent === undefined ? undefined : context.index.get(here.parent)
    const tags = (here?.tags ?? []).map((tag) => familiarReference(parseReference(tag)))
    return { Id: here?.id ?? '<missing>', ...row, Tags: tags.length === 0 ? null : tags }
  })
}

/** How many images have each layer. */
export function countLayerUses(records: readonly ImageRecord[]): Map<Digest, number> {
  const uses = new Map<Digest, number>()
  for (const record of records)
    for (const diffId of new Set(record.diffIds)) uses.set(diffId, (uses.get(diffId) ?? 0) + 1)
  return uses
}

function namesToShow(
  context: ListContext,
  filters: CompiledFilters,
  of: { record: ImageRecord; all: boolean },
): { repoTags: string[]; repoDigests: string[] } | undefined {
  const { record } = of
  const familiar = (references: readonly string[]): string[] =>
    filterReferences(filters, references)
      .map((text) => familiarReference(parseReference(text)))
      .sort()
  const repoTags = familiar(record.tags)
  const repoDigests = familiar(record.digests)
  if (repoTags.length > 0 || repoDigests.length > 0)
    return filters.dangling === true && repoTags.length > 0 ? undefined : { repoTags, repoDigests }
  const hasChildren = context.index.childrenOf(record.id).length > 0
  if (hasChildren && (!of.all || filters.dangling === true)) return undefined
  if (filters.dangling === false || filters.references.length > 0) return undefined
  return { repoTags, repoDigests }
}

function sharedSize(context: ListContext, record: ImageRecord, uses: ReadonlyMap<Digest, number>): number {
  let total = 0
  for (const diffId of record.diffIds) if ((uses.get(diffId) ?? 0) > 1) total += context.layer(diffId)?.sizeBytes ?? 0
  return total
}
