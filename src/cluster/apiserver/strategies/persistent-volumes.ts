/** Volumes and claims: both start Pending; volumes remember since when they are what they are, claims where their data comes from. */
import { type ApiObject, objectAt, textAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const persistentVolumeStrategy: Partial<Strategy> = {
  prepareCreate: (volume, { view }) => ({
    ...volume,
    status: { phase: 'Pending', lastPhaseTransitionTime: view.now() },
  }),
  prepareStatusUpdate: (next, old, { view }) => withTransitionTime(next, old, view.now()),
}

/** A client that changes the phase need not say when; one that does not change it need not repeat the time. */
function withTransitionTime(next: ApiObject, old: ApiObject, now: string): ApiObject {
  const before = objectAt(old, 'status')['lastPhaseTransitionTime']
  const said = objectAt(next, 'status')['lastPhaseTransitionTime']
  const isSame = textAt(next, 'status', 'phase') === textAt(old, 'status', 'phase')
  const time = isSame ? (said ?? before) : said === undefined || said === before ? now : said
  if (time === undefined || time === said) return next
  return { ...next, status: { ...objectAt(next, 'status'), lastPhaseTransitionTime: time } }
}

export const persistentVolumeClaimStrategy: Partial<Strategy> = {
  prepareCreate: (claim) => ({ ...withDataSources(claim), status: { phase: 'Pending' } }),
  prepareUpdate: (next) => withDataSources(next),
}

/** The two sources that `dataSource` may name; it drops everything else silently, as it always has. */
function isOldSource(source: object): boolean {
  const kind = textAt(source, 'kind')
  const group = textAt(source, 'apiGroup')
  return (
    (kind === 'PersistentVolumeClaim' && group === '') ||
    (kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io')
  )
}

/** `dataSource` and `dataSourceRef` say the same, unless the reference goes to another namespace. */
function withDataSources(claim: ApiObject): ApiObject {
  const { dataSource, dataSourceRef, ...spec } = objectAt(claim, 'spec')
  if (dataSource === undefined && dataSourceRef === undefined) return claim
  const isKept = dataSourceRef !== undefined || isOldSource(objectAt(claim, 'spec', 'dataSource'))
  const old = isKept ? dataSource : undefined
  const isElsewhere = textAt(dataSourceRef, 'namespace') !== ''
  const source = old ?? (dataSourceRef === undefined || isElsewhere ? undefined : withoutNamespace(dataSourceRef))
  const reference = dataSourceRef ?? old
  return {
    ...claim,
    spec: {
      ...spec,
      ...(source === undefined ? {} : { dataSource: source }),
      ...(reference === undefined ? {} : { dataSourceRef: reference }),
    },
  }
}

function withoutNamespace(reference: unknown): object {
  const { namespace: _, ...source } = reference as { readonly namespace?: string }
  return source
}
