/** events.k8s.io/v1 and core/v1 events are one resource; fields were renamed. */
import type { ApiObject } from '../api-object.ts'
import type { Conversion } from '../resource-versions.ts'

/** By core name: the name in events.k8s.io. */
const names: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]
const toCore = new Map(names.map(([core, events]) => [events, core]))
const fromCore = new Map(names)

function rename(event: ApiObject, by: ReadonlyMap<string, string>, apiVersion: string): ApiObject {
  const entries = Object.entries(event).map(([name, value]) => [by.get(name) ?? name, value] as const)
  return { ...Object.fromEntries(entries), apiVersion } as ApiObject
}

export const eventsV1: Conversion = {
  storedVersion: 'v1',
  toStored: (event) => {
    const core = rename(event, toCore, 'v1')
    return {
      ...core,
      reportingInstance: core['reportingInstance'] ?? '',
      reportingComponent: core['reportingComponent'] ?? '',
      source: core['source'] ?? {},
      firstTimestamp: core['firstTimestamp'] ?? null,
      lastTimestamp: core['lastTimestamp'] ?? null,
    }
  },
  fromStored: (event) => {
    const { reportingInstance, ...rest } = rename(event, fromCore, 'events.k8s.io/v1')
    const named = reportingInstance === '' || reportingInstance === undefined ? rest : { ...rest, reportingInstance }
    return (named['reportingController'] === '' ? { ...named, reportingController: undefined } : named) as ApiObject
  },
}
