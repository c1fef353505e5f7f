/** Files that a volume puts at the same place, or one below the other (pkg/api/pod, v1.36). */
import { goQuote } from '#base/data/go-quote.ts'
import type { Volume, VolumeProjection } from '../objects/core-v1.generated.ts'

interface PlacedFile {
  readonly path: string
  /** What brings the file, as warnings name it; `''` where the volume has one source only. */
  readonly source: string
}

function shown({ path, source }: PlacedFile): string {
  return source === '' ? goQuote(path) : `${goQuote(path)} (${source})`
}

function overlaps(a: PlacedFile, b: PlacedFile): boolean {
  if (a.path === '' || b.path === '') return false
  return `${a.path}/`.startsWith(`${b.path}/`) || `${b.path}/`.startsWith(`${a.path}/`)
}

/** Files that are compared one by one where some of them are in each other's way; an answer has no room for more. */
const comparedMost = 100

/** In order of their paths, a file that is in the way of another stands right before it. */
function haveOverlap(files: readonly PlacedFile[]): boolean {
  const paths = files.flatMap(({ path }) => (path === '' ? [] : [`${path}/`])).toSorted()
  return paths.some((path, index) => index > 0 && path.startsWith(paths[index - 1] ?? ''))
}

function collisions(files: readonly PlacedFile[]): readonly string[] {
  if (files.length < 2) return []
  const all = files.map((file) => ({ ...file, path: file.path.replace(/\/+$/, '') }))
  if (!haveOverlap(all)) return []
  const placed = all.slice(0, comparedMost)
  return placed.flatMap((file, index) =>
    placed.slice(0, index).flatMap((other) => (overlaps(file, other) ? [`${shown(file)} with ${shown(other)}`] : [])),
  )
}

function filesOf(items: readonly { readonly path: string }[] = [], source: string = ''): readonly PlacedFile[] {
  return items.map(({ path }) => ({ path, source }))
}

function certificateFiles(source: NonNullable<VolumeProjection['podCertificate']>): readonly PlacedFile[] {
  const named = [
    { path: source.certificateChainPath ?? '', source: 'PodCertificate chain' },
    { path: source.keyPath ?? '', source: 'PodCertificate key' },
    { path: source.credentialBundlePath ?? '', source: 'PodCertificate credential bundle' },
  ]
  return named.filter(({ path }) => path !== '')
}

function bundleFiles(source: NonNullable<VolumeProjection['clusterTrustBundle']>): readonly PlacedFile[] {
  const name = source.name ?? source.signerName ?? ''
  return [{ path: source.path, source: `ClusterTrustBundle ${goQuote(name)}` }]
}

function issuedFiles({
  serviceAccountToken,
  clusterTrustBundle,
  podCertificate,
}: VolumeProjection): readonly PlacedFile[] {
  if (serviceAccountToken !== undefined) return [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }]
  if (clusterTrustBundle !== undefined) return bundleFiles(clusterTrustBundle)
  return podCertificate === undefined ? [] : certificateFiles(podCertificate)
}

/** The first source that a projection names decides. */
function projectedFiles(projection: VolumeProjection): readonly PlacedFile[] {
  const { configMap, secret, downwardAPI } = projection
  if (configMap?.items !== undefined) return filesOf(configMap.items, `ConfigMap ${goQuote(configMap.name ?? '')}`)
  if (secret?.items !== undefined) return filesOf(secret.items, `Secret ${goQuote(secret.name ?? '')}`)
  if (downwardAPI?.items !== undefined) return filesOf(downwardAPI.items, 'DownwardAPI')
  return issuedFiles(projection)
}

function fileWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): readonly string[] {
  const told = (what: string, files: readonly PlacedFile[]): readonly string[] =>
    collisions(files).map((body) => `volume ${goQuote(name)} (${what}): overlapping paths: ${body}`)
  const sources = projected?.sources ?? []
  const empty = sources.filter((source) => Object.keys(source).length === 0)
  return [
    ...told(`ConfigMap ${goQuote(configMap?.name ?? '')}`, filesOf(configMap?.items)),
    ...told(`Secret ${goQuote(secret?.secretName ?? '')}`, filesOf(secret?.items)),
    ...told('DownwardAPI', filesOf(downwardAPI?.items)),
    ...empty.map(() => `volume ${goQuote(name)} (Projected) has no sources provided`),
    ...told('Projected', sources.flatMap(projectedFiles)),
  ]
}

const withFiles = ['configMap', 'secret', 'downwardAPI', 'projected'] as const

/** What is said of the files of one volume. */
export function volumePathWarnings(volume: Volume): readonly string[] {
  return withFiles.some((name) => volume[name] !== undefined) ? fileWarnings(volume) : []
}
