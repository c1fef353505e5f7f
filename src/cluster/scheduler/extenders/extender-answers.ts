/**
 * What extenders answer, read with care: member names in any case (as Go reads them), null for what is left out, and
 * nothing believed that is of another shape.
 */
import { array, object, record } from '#base/schema/composites.ts'
import { integer, nullable, optional, string } from '#base/schema/scalars.ts'
import type { Schema } from '#base/schema/schema.ts'
import { parseWith } from '#base/schema/validate.ts'

export interface FilterAnswer {
  /** Names of the nodes that pass; undefined when it named none. */
  readonly nodeNames: readonly string[] | undefined
  /** The same, by the nodes that it sent back. */
  readonly nodes: readonly string[] | undefined
  readonly failed: ReadonlyMap<string, string>
  readonly failedForGood: ReadonlyMap<string, string>
  readonly error: string
}

export interface VictimsAnswer {
  readonly uids: readonly string[]
  readonly budgetViolations: number
}

const absent = <T>(schema: Schema<T>) => optional(nullable(schema))
const texts = absent(record(string()))
const nodeList = object(
  { items: absent(array(object({ metadata: object({ name: string() }, 'drop') }, 'drop'))) },
  'drop',
)
const filterAnswer = object(
  {
    nodes: absent(nodeList),
    nodenames: absent(array(string())),
    failednodes: texts,
    failedandunresolvablenodes: texts,
    error: absent(string()),
  },
  'drop',
)
const scores = nullable(array(object({ host: string(), score: integer() }, 'drop')))
const victims = object(
  { pods: absent(array(object({ uid: string() }, 'drop'))), numpdbviolations: absent(integer()) },
  'drop',
)
const preemption = object({ nodenametometavictims: absent(record(nullable(victims))) }, 'drop')
const binding = object({ error: absent(string()) }, 'drop')

/** Reads the answer to a filter call. @throws GantryError SCHEMA_INVALID. */
export function readFilterAnswer(answer: unknown, from: string): FilterAnswer {
  const { nodes, nodenames, failednodes, failedandunresolvablenodes, error } = parseWith(
    filterAnswer,
    lowered(answer),
    from,
  )
  return {
    nodeNames: nodenames ?? undefined,
    nodes: nodes === null || nodes === undefined ? undefined : (nodes.items ?? []).map(({ metadata }) => metadata.name),
    failed: new Map(Object.entries(failednodes ?? {})),
    failedForGood: new Map(Object.entries(failedandunresolvablenodes ?? {})),
    error: error ?? '',
  }
}

/** Reads the answer to a prioritize call: scores by node. @throws GantryError SCHEMA_INVALID. */
export function readScores(answer: unknown, from: string): ReadonlyMap<string, number> {
  const list = parseWith(scores, Array.isArray(answer) ? answer.map(lowered) : answer, from) ?? []
  const sums = new Map<string, number>()
  for (const { host, score } of list) sums.set(host, (sums.get(host) ?? 0) + score)
  return sums
}

/** Reads the answer to a preempt call: victims by node. @throws GantryError SCHEMA_INVALID. */
export function readVictims(answer: unknown, from: string): ReadonlyMap<string, VictimsAnswer> {
  const nodes = member(answer, 'nodenametometavictims')
  const byNode = isMembers(nodes)
    ? Object.fromEntries(Object.entries(nodes).map(([name, of]) => [name, deep(of)]))
    : nodes
  const found = parseWith(preemption, { nodenametometavictims: byNode }, from).nodenametometavictims ?? {}
  return new Map(
    Object.entries(found).map(([name, of]) => [
      name,
      { uids: (of?.pods ?? []).map(({ uid }) => uid), budgetViolations: of?.numpdbviolations ?? 0 },
    ]),
  )
}

/** What a bind call answers was wrong; '' when nothing. @throws GantryError SCHEMA_INVALID. */
export function readBindingError(answer: unknown, from: string): string {
  return parseWith(binding, lowered(answer), from).error ?? ''
}

type Members = Readonly<Record<string, unknown>>

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value with the names of its own members in lower case. */
function lowered(value: unknown): unknown {
  if (!isMembers(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name.toLowerCase(), of]))
}

function member(value: unknown, name: string): unknown {
  const members = lowered(value)
  return isMembers(members) ? members[name] : members
}

/** The victims of one node: two levels of names that are Go's. */
function deep(value: unknown): unknown {
  const found = lowered(value)
  if (!isMembers(found) || !Array.isArray(found['pods'])) return found
  return { ...found, pods: found['pods'].map(lowered) }
}
