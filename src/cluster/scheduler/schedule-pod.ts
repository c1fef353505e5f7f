/**
 * One scheduling cycle: which node a pod should go to. Filters until enough nodes will do, scores those, takes the best;
 * between equals chance decides. Reads the node table, changes nothing, never waits.
 */
import type { Random } from '#world/ports/random.ts'
import type { Diagnosis } from './fit-error.ts'
import type { KeptAnswers, NodeAnswers, NodeRejection } from './kept-answers.ts'
import type { KnownNode } from './node-table.ts'
import type { ActiveFilter, Cycle, Plugin, Scoring } from './plugin.ts'
import { isRejection, type Rejection } from './rejection.ts'
import type { PodRecord } from './pod-record.ts'
import { type NominatedPods, withNominated } from './nominated-pods.ts'

export interface WeighedPlugin {
  readonly plugin: Plugin
  /** Factor of its scores; 0 where it gives none. */
  readonly weight: number
}

export interface CycleConfig {
  readonly plugins: readonly WeighedPlugin[]
  /** Of 100; 0 chooses by the number of nodes. */
  readonly percentageOfNodesToScore: number
}

/** What is carried from one cycle to the next. */
export interface CycleMemory {
  /** Where filtering begins, so that all nodes get their turn. */
  startIndex: number
}

export type Outcome =
  | { readonly found: true; readonly entry: KnownNode; readonly evaluated: number; readonly feasible: number }
  | { readonly found: false; readonly diagnosis: Diagnosis; readonly filters: readonly ActiveFilter[] }

const leastNodes = 100
const leastPercentage = 5

/** How many feasible nodes are enough (upstream's adaptive share: 50 % of small clusters, 5 % of large ones). */
export function enoughNodes(nodeCount: number, percentage: number): number {
  if (nodeCount < leastNodes || percentage >= 100) return nodeCount
  const share = percentage === 0 ? Math.max(leastPercentage, Math.trunc(50 - nodeCount / 125)) : percentage
  return Math.max(leastNodes, Math.trunc((nodeCount * share) / 100))
}

export interface CycleDeps {
  readonly cycle: Cycle
  readonly config: CycleConfig
  readonly memory: CycleMemory
  readonly random: Random
  readonly nominated: NominatedPods
  /** Of the same plugins. */
  readonly answers: KeptAnswers
}

/** Chooses a node for a pod, or tells why there is none. */
export function schedulePod(pod: PodRecord, deps: CycleDeps): Outcome {
  const search = searchNodes(pod, deps)
  if (!search.found) return search
  const { feasible, evaluated } = search
  const entry = feasible.length === 1 ? feasible[0] : pickBest(pod, feasible, deps)
  if (entry === undefined) throw new Error('a feasible node was found and lost')
  return { found: true, entry, evaluated, feasible: feasible.length }
}

/** Nodes that suit a pod, at least one, and what else the search came upon. */
export interface Suiting {
  readonly found: true
  readonly feasible: readonly KnownNode[]
  /** It is only the node that the pod is nominated to; others were not looked at. */
  readonly isNominee: boolean
  readonly evaluated: number
  readonly diagnosis: Diagnosis
}

/** Looks for nodes that suit a pod; the one that it is nominated to comes first, and alone when it does. */
export function searchNodes(
  pod: PodRecord,
  deps: CycleDeps,
  { skipsNominee = false }: { readonly skipsNominee?: boolean } = {},
): Suiting | Extract<Outcome, { readonly found: false }> {
  const { cycle, config } = deps
  const nodeCount = cycle.table.order().length
  const prepared = prepareFilters(pod, cycle, config.plugins)
  if (!Array.isArray(prepared)) {
    const { plugin, rejection } = prepared
    const wholePod = rejection.reasons.join(', ')
    const plugins = new Set([plugin])
    return {
      found: false,
      filters: [],
      diagnosis: { nodeCount, byNode: new Map(), others: rejection, wholePod, plugins },
    }
  }
  const nominee = skipsNominee ? undefined : nomineeOf(pod, cycle)
  const { feasible, evaluated, byNode, plugins, others } = findFeasible(pod, prepared, { deps, nominee })
  const diagnosis = { nodeCount, byNode, others, wholePod: '', plugins }
  return feasible.length === 0
    ? { found: false, filters: prepared, diagnosis }
    : { found: true, feasible, isNominee: feasible.length === 1 && feasible[0] === nominee, evaluated, diagnosis }
}

interface WholePodRejection {
  readonly plugin: string
  readonly rejection: Rejection
}

/** Runs every preFilter; the first rejection of the whole pod ends it. */
export function prepareFilters(
  pod: PodRecord,
  cycle: Cycle,
  plugins: readonly WeighedPlugin[],
): ActiveFilter[] | WholePodRejection {
  const filters: ActiveFilter[] = []
  for (const { plugin } of plugins) {
    const result = plugin.preFilter?.(pod, cycle)
    if (result === undefined) continue
    if (isRejection(result)) return { plugin: plugin.name, rejection: result }
    filters.push({ plugin: plugin.name, filtering: result })
  }
  return filters
}

interface Search {
  readonly feasible: KnownNode[]
  readonly byNode: Map<string, Rejection>
  readonly plugins: Set<string>
  readonly others: Rejection | undefined
  evaluated: number
}

const notListed: Rejection = {
  reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"],
  preemptable: false,
}

function findFeasible(
  pod: PodRecord,
  filters: readonly ActiveFilter[],
  { deps, nominee }: { readonly deps: CycleDeps; readonly nominee: KnownNode | undefined },
): Search {
  const { cycle, memory } = deps
  const all = cycle.table.order()
  const lists = filters.filter(({ filtering }) => filtering.onlyNodes !== undefined)
  const nodes = lists.length === 0 ? all : onlyListed(all, filters, cycle)
  const search: Search = {
    feasible: [],
    byNode: new Map(),
    plugins: new Set(lists.map(({ plugin }) => plugin)),
    others: lists.length === 0 ? undefined : listRejection(lists),
    evaluated: 0,
  }
  const asked = { filters, deps, verdicts: verdictsOf(filters, deps) }
  if (nominee !== undefined && checkNode(pod, nominee, asked) === undefined) {
    // The node that was made free for this pod is taken without looking further.
    search.feasible.push(nominee)
    search.evaluated = 1
    return search
  }
  const enough = enoughNodes(nodes.length, deps.config.percentageOfNodesToScore)
  for (let step = 0; step < nodes.length && search.feasible.length < enough; step++) {
    const entry = nodes[(memory.startIndex + step) % nodes.length]
    if (entry === undefined) continue
    search.evaluated++
    const no = checkNode(pod, entry, asked)
    if (no === undefined) search.feasible.push(entry)
    else {
      search.byNode.set(entry.name, no.rejection)
      search.plugins.add(no.plugin)
    }
  }
  if (nodes.length > 0) memory.startIndex = (memory.startIndex + search.evaluated) % nodes.length
  return search
}

/** What these filters said of nodes before; undefined when one of them looks at more than a node. */
function verdictsOf(
  filters: readonly ActiveFilter[],
  { answers }: CycleDeps,
): NodeAnswers<NodeRejection | undefined> | undefined {
  let questions = ''
  for (const { plugin, filtering } of filters) {
    if (filtering.check === undefined) continue
    if (filtering.question === undefined) return undefined
    questions += `${plugin} ${filtering.question}\n`
  }
  return answers.verdicts(questions)
}

/** The node that preemption made free for the pod. */
function nomineeOf({ pod }: PodRecord, { table }: Cycle): KnownNode | undefined {
  const name = pod.status?.nominatedNodeName ?? ''
  return name === '' ? undefined : table.known(name)
}

function listRejection(lists: readonly ActiveFilter[]): Rejection {
  const names = lists.map(({ plugin }) => plugin)
  return names.length === 1 && names[0] === 'NodeAffinity'
    ? notListed
    : { reasons: [`node(s) didn't satisfy plugin(s) [${names.join(' ')}]`], preemptable: false }
}

function onlyListed(all: readonly KnownNode[], filters: readonly ActiveFilter[], cycle: Cycle): readonly KnownNode[] {
  let names: Set<string> | undefined
  for (const { filtering } of filters) {
    const only = filtering.onlyNodes
    if (only === undefined) continue
    names = names === undefined ? new Set(only) : new Set([...names].filter((name) => only.has(name)))
  }
  if (names === undefined) return all
  return [...names].flatMap((name) => cycle.table.known(name) ?? [])
}

interface Asked {
  readonly filters: readonly ActiveFilter[]
  readonly deps: CycleDeps
  readonly verdicts: NodeAnswers<NodeRejection | undefined> | undefined
}

/** Runs the filters on one node, also as it will be when the pods nominated to it have come. */
function checkNode(pod: PodRecord, entry: KnownNode, asked: Asked): NodeRejection | undefined {
  const { filters, deps } = asked
  const { nominated } = deps
  const expected = nominated.isEmpty ? [] : nominated.ahead(pod, entry.name)
  if (expected.length > 0) {
    const no = withNominated(expected, entry, {
      filters,
      table: deps.cycle.table,
      run: () => runFilters(filters, entry),
    })
    if (no !== undefined) return no
  }
  return askFilters(entry, asked)
}

function askFilters(entry: KnownNode, { filters, deps, verdicts }: Asked): NodeRejection | undefined {
  if (verdicts === undefined) return runFilters(filters, entry)
  const { row } = entry
  const version = deps.cycle.table.versions[row] ?? 0
  if (verdicts.has(row, version)) return verdicts.get(row)
  const verdict = runFilters(filters, entry)
  verdicts.set(row, version, verdict)
  return verdict
}

/** The first filter's no on a node, or undefined. */
export function runFilters(filters: readonly ActiveFilter[], entry: KnownNode): NodeRejection | undefined {
  for (const { plugin, filtering } of filters) {
    const no = filtering.check?.(entry)
    if (no !== undefined) return { plugin, rejection: no }
  }
  return undefined
}

/** The node with the highest sum of weighted scores. */
function pickBest(pod: PodRecord, feasible: readonly KnownNode[], deps: CycleDeps): KnownNode | undefined {
  return feasible[highest(scoreNodes(pod, feasible, deps), deps.random)]
}

/** The sum of weighted scores of each node. */
export function scoreNodes(
  pod: PodRecord,
  feasible: readonly KnownNode[],
  { cycle, config, answers }: CycleDeps,
): Float64Array {
  const totals = new Float64Array(feasible.length)
  const scores = new Float64Array(feasible.length)
  for (const { plugin, weight } of config.plugins) {
    if (weight === 0) continue
    const scoring = plugin.preScore?.(pod, cycle, feasible)
    if (scoring === undefined) continue
    const { question } = scoring
    if (question === undefined) scoreAll(feasible, scoring, scores)
    else
      scoreChanged(feasible, scoring, {
        scores,
        table: cycle.table,
        known: answers.scores(`${plugin.name} ${question}`),
      })
    scoring.normalize?.(scores, feasible)
    for (let index = 0; index < feasible.length; index++)
      totals[index] = (totals[index] ?? 0) + weight * (scores[index] ?? 0)
  }
  return totals
}

function scoreAll(feasible: readonly KnownNode[], { score }: Scoring, scores: Float64Array): void {
  for (let index = 0; index < feasible.length; index++) scores[index] = score(feasible[index] as KnownNode)
}

/** Asks only about nodes that are not as they were when they were asked about. */
function scoreChanged(
  feasible: readonly KnownNode[],
  { score }: Scoring,
  { scores, table, known }: { scores: Float64Array; table: Cycle['table']; known: NodeAnswers<number> },
): void {
  for (let index = 0; index < feasible.length; index++) {
    const entry = feasible[index] as KnownNode
    const version = table.versions[entry.row] ?? 0
    if (!known.has(entry.row, version)) known.set(entry.row, version, score(entry))
    scores[index] = known.get(entry.row)
  }
}

/** The index of the highest total; between equals chance decides. */
export function highest(totals: Float64Array, random: Random): number {
  let most = -Infinity
  let equals = 0
  for (let index = 0; index < totals.length; index++) {
    const total = totals[index] ?? 0
    if (total > most) {
      most = total
      equals = 1
    } else if (total === most) equals++
  }
  let chosen = equals > 1 ? random.below(equals) : 0
  for (let index = 0; index < totals.length; index++) if (totals[index] === most && chosen-- === 0) return index
  return -1
}
