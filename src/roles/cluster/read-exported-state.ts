/** What `gantry server export` wrote, as a moment that a simulated cluster can start from; pure. */
import { exportKind, type ExportHead } from '#cluster/apiserver/export-state.ts'
import { storedBytes } from '#cluster/apiserver/cache/object-bytes.ts'
import { registryPrefix } from '#cluster/apiserver/cache/object-cache.ts'
import type { SimulatedNode } from '#cluster/simulated-nodes/node-object.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { snapshotOf } from '#kit/store/memory-store.ts'
import type { Entry } from '#kit/store/versioned-store.ts'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { isJsonObject, type JsonObject, type KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ClusterSnapshot } from './cluster-snapshot.ts'

const nodePrefix = '/nodes/'

function fail(line: number, why: string, cause?: unknown): GantryError {
  return new GantryError(
    'CLUSTER_STATE_INVALID',
    'invalid',
    `The exported state cannot be read: line ${line} ${why}.`,
    {
      cause,
      remedy: 'Export it again with gantry server export, and hand over all of it.',
    },
  )
}

function parseLine(text: string, line: number): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw fail(line, 'is not JSON', error)
  }
  if (!isJsonObject(value)) throw fail(line, 'is not an object')
  return value
}

function readHead(text: string): ExportHead {
  const { kind, version, revision, timeMs } = parseLine(text, 1)
  if (kind !== exportKind) throw fail(1, 'does not say that this is the state of a cluster')
  if (version !== 1) throw fail(1, 'has a version that this program does not know')
  if (!Number.isSafeInteger(revision) || !Number.isSafeInteger(timeMs)) throw fail(1, 'lacks its revision or time')
  return { kind, version, revision: revision as number, timeMs: timeMs as number }
}

interface Exported {
  readonly key: string
  readonly object: KubernetesObject
}

function readObject(text: string, line: number): Exported {
  const { key, object } = parseLine(text, line)
  if (typeof key !== 'string' || !/^[^/\0]*\/[^/\0]+\/[^\0]+$/.test(key)) throw fail(line, 'has no key of an object')
  if (!isJsonObject(object) || !isJsonObject(object['metadata'])) throw fail(line, 'has no object')
  return { key, object: object as unknown as KubernetesObject }
}

/** Everything, with the time and nodes like those that were there. @throws GantryError CLUSTER_STATE_INVALID. */
export function readExportedState(text: string): ClusterSnapshot {
  const lines = text.split('\n')
  const head = readHead(lines[0] ?? '')
  const entries: Entry[] = []
  const nodes: Partial<SimulatedNode>[] = []
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line === '') continue
    const { key, object } = readObject(line, index + 1)
    entries.push(entryOf({ key, object }, head.revision))
    if (key.startsWith(nodePrefix)) nodes.push(nodeLike(object as Node, nodes.length))
  }
  return { store: snapshotOf(entries, head.revision), timeMs: head.timeMs, nodes }
}

function entryOf({ key, object }: Exported, newest: number): Entry {
  const version = Number(object.metadata.resourceVersion)
  const modRevision = Number.isSafeInteger(version) && version > 0 ? Math.min(version, newest) : newest
  const value = storedBytes(object as Parameters<typeof storedBytes>[0])
  return { key: `${registryPrefix}${key}`, value, createRevision: modRevision, modRevision, version: 1 }
}

/** A simulated node that takes over the Node object of a real one. */
function nodeLike({ metadata, spec, status }: Node, index: number): Partial<SimulatedNode> {
  const { kubeletVersion } = status?.nodeInfo ?? {}
  return {
    name: metadata.name ?? '',
    index,
    labels: metadata.labels ?? {},
    taints: spec?.taints ?? [],
    ...(status?.allocatable === undefined ? {} : { capacity: status.allocatable }),
    ...(kubeletVersion === undefined ? {} : { kubeletVersion }),
  }
}
