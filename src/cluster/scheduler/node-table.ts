/**
 * All nodes and the pods on them, as columns of numbers: a row is a node, a column a resource. Events and assumed pods
 * change single cells, so a scheduling cycle starts without copying anything; it runs to its end without waiting, so it
 * always sees one moment.
 */
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { HostPort, PodRecord } from './pod-record.ts'
import { AmountReader } from './resource-amounts.ts'
import { type PodSelection, SelectedPods } from './selected-pods.ts'

/** One resource over all rows. */
export class ResourceColumn {
  allocatable: Float64Array
  requested: Float64Array

  constructor(rows: number) {
    this.allocatable = new Float64Array(rows)
    this.requested = new Float64Array(rows)
  }

  grow(rows: number): void {
    this.allocatable = grown(this.allocatable, rows)
    this.requested = grown(this.requested, rows)
  }
}

function grown(values: Float64Array, rows: number): Float64Array {
  const larger = new Float64Array(rows)
  larger.set(values)
  return larger
}

/** One node. `node` is undefined while only pods are known of it. */
export interface NodeEntry {
  readonly row: number
  readonly name: string
  node: Node | undefined
  readonly pods: Map<string, PodRecord>
  readonly withAffinity: Map<string, PodRecord>
  readonly withAntiAffinity: Map<string, PodRecord>
  /** Count of users by `TCP/80`, then by address. */
  readonly ports: Map<string, Map<string, number>>
  readonly images: Map<string, number>
  /** Users of each claim, by `namespace/name`. */
  readonly claims: Map<string, number>
}

/** An entry whose node is known: what plugins are asked about. */
export type KnownNode = NodeEntry & { readonly node: Node }

export interface ImageSpread {
  sizeBytes: number
  nodes: number
}

const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']
const regionLabels = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']
const labelOf = (node: Node | undefined, names: readonly string[]): string => {
  for (const name of names) {
    const value = node?.metadata.labels?.[name]
    if (value !== undefined) return value
  }
  return ''
}

/** The zone that nodes are spread over: region and zone together. */
export function zoneOf(node: Node | undefined): string {
  return `${labelOf(node, regionLabels)}:${labelOf(node, zoneLabels)}`
}

export class NodeTable {
  readonly reader: AmountReader = new AmountReader()
  readonly columns: Map<string, ResourceColumn> = new Map()
  readonly cpu: ResourceColumn
  readonly memory: ResourceColumn
  readonly podCount: ResourceColumn
  /** `requested` with presumed amounts, for comparing nodes. */
  presumedCpu: Float64Array
  presumedMemory: Float64Array
  readonly images: Map<string, ImageSpread> = new Map()
  /** Nodes that have pods with affinity, and with required anti-affinity. */
  readonly withAffinity: Set<NodeEntry> = new Set()
  readonly withAntiAffinity: Set<NodeEntry> = new Set()
  /** Nodes with taints that ask for other nodes where there are any (PreferNoSchedule). */
  readonly avoided: Set<NodeEntry> = new Set()
  /** Which state of its node and pods a row shows: another number after each change, above zero. */
  versions: Float64Array
  readonly #byName = new Map<string, NodeEntry>()
  readonly #selected = new SelectedPods()
  readonly #freeRows: number[] = []
  #rows = 64
  #usedRows = 0
  #changes = 0
  #order: readonly KnownNode[] | undefined

  constructor() {
    this.cpu = this.column('cpu')
    this.memory = this.column('memory')
    this.podCount = this.column('pods')
    this.presumedCpu = new Float64Array(this.#rows)
    this.presumedMemory = new Float64Array(this.#rows)
    this.versions = new Float64Array(this.#rows)
  }

  /** The column of a resource, made when first asked for. */
  column(resource: string): ResourceColumn {
    const known = this.columns.get(resource)
    if (known !== undefined) return known
    const made = new ResourceColumn(this.#rows)
    this.columns.set(resource, made)
    return made
  }

  get(name: string): NodeEntry | undefined {
    return this.#byName.get(name)
  }

  /** The entry of a node that exists. */
  known(name: string): KnownNode | undefined {
    const entry = this.#byName.get(name)
    return entry !== undefined && isKnown(entry) ? entry : undefined
  }

  /** All nodes, one of each zone in turn, so that the first ones looked at lie in different zones. */
  order(): readonly KnownNode[] {
    if (this.#order !== undefined) return this.#order
    const zones = new Map<string, KnownNode[]>()
    for (const entry of this.#byName.values()) {
      if (!isKnown(entry)) continue
      const zone = zoneOf(entry.node)
      const list = zones.get(zone)
      if (list === undefined) zones.set(zone, [entry])
      else list.push(entry)
    }
    const lists = [...zones.values()]
    const longest = Math.max(0, ...lists.map((list) => list.length))
    const order: KnownNode[] = []
    for (let index = 0; index < longest; index++) {
      for (const list of lists) {
        const entry = list[index]
        if (entry !== undefined) order.push(entry)
      }
    }
    this.#order = order
    return order
  }

  /** How many pods of a selection each node has, by row; good for one cycle. */
  selectedPods(selection: PodSelection): readonly (number | undefined)[] {
    return this.#selected.byRow(selection, () => this.#byName.values())
  }

  /** A node is new or changed. */
  putNode(node: Node): void {
    const entry = this.#entry(node.metadata.name)
    const before = entry.node
    const isNew = before === undefined
    if (isNew || zoneOf(before) !== zoneOf(node)) this.#order = undefined
    entry.node = node
    this.versions[entry.row] = ++this.#changes
    if (node.spec.taints?.some(({ effect }) => effect === 'PreferNoSchedule') === true) this.avoided.add(entry)
    else this.avoided.delete(entry)
    this.#putAllocatable(entry, node)
    if (isNew || before.status?.images !== node.status?.images) this.#putImages(entry, node)
  }

  #putAllocatable({ row }: NodeEntry, { status }: Node): void {
    const allocatable = this.reader.list(status?.allocatable ?? status?.capacity)
    for (const [name, column] of this.columns) column.allocatable[row] = allocatable.get(name) ?? 0
    for (const [name, amount] of allocatable) this.column(name).allocatable[row] = amount
  }

  removeNode(name: string): void {
    const entry = this.#byName.get(name)
    if (entry === undefined) return
    this.#order = undefined
    entry.node = undefined
    this.avoided.delete(entry)
    this.#dropImages(entry)
    for (const column of this.columns.values()) column.allocatable[entry.row] = 0
    this.#release(entry)
  }

  addPod(record: PodRecord, nodeName: string): void {
    const entry = this.#entry(nodeName)
    if (entry.pods.has(record.uid)) return
    entry.pods.set(record.uid, record)
    this.#count(entry, record, 1)
    if (record.hasAffinity) {
      entry.withAffinity.set(record.uid, record)
      this.withAffinity.add(entry)
    }
    if (record.antiAffinity.length > 0) {
      entry.withAntiAffinity.set(record.uid, record)
      this.withAntiAffinity.add(entry)
    }
  }

  removePod(uid: string, nodeName: string): PodRecord | undefined {
    const entry = this.#byName.get(nodeName)
    const record = entry?.pods.get(uid)
    if (entry === undefined || record === undefined) return undefined
    entry.pods.delete(uid)
    this.#count(entry, record, -1)
    if (entry.withAffinity.delete(uid) && entry.withAffinity.size === 0) this.withAffinity.delete(entry)
    if (entry.withAntiAffinity.delete(uid) && entry.withAntiAffinity.size === 0) this.withAntiAffinity.delete(entry)
    this.#release(entry)
    return record
  }

  #count(entry: NodeEntry, record: PodRecord, by: 1 | -1): void {
    const { row } = entry
    this.versions[row] = ++this.#changes
    for (const [name, amount] of record.requests) {
      const column = this.column(name)
      column.requested[row] = (column.requested[row] ?? 0) + by * amount
    }
    this.podCount.requested[row] = entry.pods.size
    this.presumedCpu[row] = (this.presumedCpu[row] ?? 0) + by * record.presumedCpuMillis
    this.presumedMemory[row] = (this.presumedMemory[row] ?? 0) + by * record.presumedMemoryBytes
    this.#selected.count(record, row, by)
    for (const port of record.hostPorts) countPort(entry.ports, port, by)
    for (const claim of record.claims) countIn(entry.claims, `${record.namespace}/${claim}`, by)
  }

  #entry(name: string): NodeEntry {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const row = this.#freeRows.pop() ?? this.#usedRows++
    if (row >= this.#rows) this.#grow()
    const entry: NodeEntry = {
      row,
      name,
      node: undefined,
      pods: new Map(),
      withAffinity: new Map(),
      withAntiAffinity: new Map(),
      ports: new Map(),
      images: new Map(),
      claims: new Map(),
    }
    this.#byName.set(name, entry)
    return entry
  }

  #grow(): void {
    this.#rows *= 2
    for (const column of this.columns.values()) column.grow(this.#rows)
    this.presumedCpu = grown(this.presumedCpu, this.#rows)
    this.presumedMemory = grown(this.presumedMemory, this.#rows)
    this.versions = grown(this.versions, this.#rows)
  }

  /** A row is free again when neither a node nor a pod is left of it. */
  #release(entry: NodeEntry): void {
    if (entry.node !== undefined || entry.pods.size > 0) return
    this.#byName.delete(entry.name)
    this.#freeRows.push(entry.row)
    // Sums of fractions of amounts may leave dust.
    for (const column of this.columns.values()) column.requested[entry.row] = 0
    this.presumedCpu[entry.row] = 0
    this.presumedMemory[entry.row] = 0
  }

  #putImages(entry: NodeEntry, node: Node): void {
    this.#dropImages(entry)
    for (const image of node.status?.images ?? []) {
      for (const name of image.names ?? []) {
        entry.images.set(name, image.sizeBytes ?? 0)
        const spread = this.images.get(name)
        if (spread === undefined) this.images.set(name, { sizeBytes: image.sizeBytes ?? 0, nodes: 1 })
        else spread.nodes++
      }
    }
  }

  #dropImages(entry: NodeEntry): void {
    for (const name of entry.images.keys()) {
      const spread = this.images.get(name)
      if (spread !== undefined && --spread.nodes === 0) this.images.delete(name)
    }
    entry.images.clear()
  }
}

function isKnown(entry: NodeEntry): entry is KnownNode {
  return entry.node !== undefined
}

function countIn(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count <= 0) counts.delete(key)
  else counts.set(key, count)
}

function countPort(ports: NodeEntry['ports'], { protocol, port, ip }: HostPort, by: 1 | -1): void {
  const key = `${protocol}/${port}`
  const users = ports.get(key) ?? new Map<string, number>()
  countIn(users, ip, by)
  if (users.size === 0) ports.delete(key)
  else ports.set(key, users)
}
