/** The `Dangling` condition of flow schemas: whether the priority level that they name is there. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { flowSchemas } from '#clients/kubernetes/resources.table.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { FlowSchema } from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { ObjectCache } from '../cache/object-cache.ts'

const schemaStorage = 'flowcontrol.apiserver.k8s.io/flowschemas'
const levelStorage = 'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations'

/** The schema with its condition, undefined when it says so already. */
export function withDangling(schema: FlowSchema, levels: ReadonlySet<string>, now: string): FlowSchema | undefined {
  const { name } = schema.spec.priorityLevelConfiguration
  const isThere = levels.has(name)
  const conditions = schema.status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Dangling')
  const status = isThere ? 'False' : 'True'
  const reason = isThere ? 'Found' : 'NotFound'
  const ending = isThere ? 'and it exists' : 'but there is no such object'
  const what = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`
  const message = `${what} ${ending}`
  if (old?.status === status && old.reason === reason && old.message === message) return undefined
  const condition = { type: 'Dangling', status, lastTransitionTime: now, reason, message }
  return { ...schema, status: { conditions: [...conditions.filter((one) => one !== old), condition] } }
}

interface StatusParts {
  readonly cache: ObjectCache
  readonly view: ClusterView
  readonly log: Log
}

/** Keeps the conditions right while the server runs. */
export class SchemaStatuses implements AsyncDisposable {
  readonly #parts: StatusParts
  readonly #client: KubeClient
  #running: Promise<void> | undefined
  #again = false
  #isOver = false

  constructor(parts: StatusParts, client: KubeClient) {
    this.#parts = parts
    this.#client = client
    const listener = { hear: () => {}, flush: () => this.#wake(), end: () => {} }
    for (const storage of [schemaStorage, levelStorage]) parts.cache.collection(storage).listen(listener)
    this.#wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  #wake(): void {
    if (this.#isOver) return
    this.#again = true
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#isOver) {
      this.#again = false
      await this.#settle().catch((error: unknown) => {
        this.#parts.log.warn('the status of a flow schema could not be written', { error })
      })
    }
    this.#running = undefined
  }

  async #settle(): Promise<void> {
    const { view } = this.#parts
    const levels = new Set(view.list(levelStorage, '').map(({ metadata }) => metadata.name ?? ''))
    for (const schema of view.list(schemaStorage, '') as unknown as readonly FlowSchema[]) {
      const next = withDangling(schema, levels, view.now())
      if (next !== undefined && !this.#isOver) await this.#client.updateStatus(flowSchemas, next).catch(() => undefined)
    }
  }
}
