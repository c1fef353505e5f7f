/**
 * Custom resources of one server: follows the definitions, serves the versions of those whose names are accepted, and
 * keeps their statuses. What a definition says is in force as soon as the cache has it.
 */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { WorkQueue } from '#kit/reconcile/work-queue.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import { equalJson } from '../api-object.ts'
import type { CollectionEvent, CollectionListener } from '../cache/collection.ts'
import type { ServerParts } from '../server-parts.ts'
import type { WebhookClient } from '../admission/webhooks/webhook-call.ts'
import { plainConversion } from './convert-custom.ts'
import { webhookConversion } from './webhook-conversion.ts'
import { settleDefinition } from './settle-definition.ts'
import { type ConversionOf, type DefinitionRows, rowsOf, storageOf } from './serve-definition.ts'

export const definitionsStorage = 'apiextensions.k8s.io/customresourcedefinitions'

export interface CustomResourcesOptions {
  readonly parts: ServerParts
  /** Acts as the server itself. */
  readonly client: KubeClient
  /** Asks conversion webhooks. */
  readonly webhooks: WebhookClient
}

interface Known {
  readonly definition: CustomResourceDefinition
  readonly rows: DefinitionRows | undefined
}

/** Longest pause between two looks at a definition whose objects do not go. */
const retryMostMs = 5000

/** Serves custom resources until it is disposed. */
export class CustomResources implements AsyncDisposable {
  readonly #options: CustomResourcesOptions
  readonly #known = new Map<string, Known>()
  readonly #queue: WorkQueue
  readonly #listener: CollectionListener
  #working: Promise<void> | undefined

  constructor(options: CustomResourcesOptions) {
    this.#options = options
    this.#queue = new WorkQueue({ clock: options.parts.clock, retryMostMs })
    this.#listener = { hear: (event) => this.#hear(event), flush: () => undefined, end: () => undefined }
  }

  /** Serves what is defined already, and follows changes from there. */
  start(): void {
    const definitions = this.#options.parts.cache.collection(definitionsStorage)
    for (const stored of definitions.values()) this.#serve(definitionIn(stored.value))
    definitions.listen(this.#listener)
    this.#working = this.#work()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.parts.cache.collection(definitionsStorage).ignore(this.#listener)
    this.#queue[Symbol.dispose]()
    await this.#working
  }

  #hear({ type, object }: CollectionEvent): void {
    const definition = definitionIn(object.value)
    const { group } = definition.spec
    if (type === 'DELETED') this.#forget(definition)
    else this.#serve(definition)
    // Names that were given up may be what others of the group wait for.
    for (const [name, known] of this.#known) if (known.definition.spec.group === group) this.#queue.add(name)
  }

  #serve(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata
    const before = this.#known.get(name)
    this.#queue.add(name)
    if (before !== undefined && isServedAlike(before.definition, definition)) {
      this.#known.set(name, { ...before, definition })
      return
    }
    const rows = this.#isBuiltIn(definition) ? undefined : rowsOf(definition, this.#conversionOf)
    this.#replace(before?.rows, rows, definition)
  }

  #replace(
    before: DefinitionRows | undefined,
    after: DefinitionRows | undefined,
    definition: CustomResourceDefinition,
  ): void {
    const { resources, cache } = this.#options.parts
    for (const row of before?.served ?? []) resources.remove(row)
    for (const row of after?.served ?? []) resources.add(row)
    this.#known.set(definition.metadata.name, { definition, rows: after })
    // Watchers come back and see the objects as the definition has them now.
    if (before !== undefined) cache.endWatches(storageOf(definition))
  }

  #forget(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata
    const { resources, cache } = this.#options.parts
    const { rows } = this.#known.get(name) ?? {}
    for (const row of rows?.served ?? []) resources.remove(row)
    this.#known.delete(name)
    if (rows !== undefined) cache.endWatches(storageOf(definition))
  }

  /** What is built in cannot be defined anew: its objects are not the definition's. */
  #isBuiltIn(definition: CustomResourceDefinition): boolean {
    const storage = storageOf(definition)
    for (const row of this.#options.parts.resources.all())
      if (row.custom === undefined && row.storage === storage) return true
    return false
  }

  readonly #conversionOf: ConversionOf = (definition, versions) => {
    const { webhooks, parts } = this.#options
    if (definition.spec.conversion?.strategy !== 'Webhook') return plainConversion(versions)
    return webhookConversion({ webhooks, view: parts.view }, definition, versions)
  }

  async #work(): Promise<void> {
    for (;;) {
      const name = await this.#queue.take()
      if (name === undefined) return
      await this.#settle(name)
      this.#queue.done(name)
    }
  }

  async #settle(name: string): Promise<void> {
    const { parts, client } = this.#options
    const known = this.#known.get(name)
    if (known === undefined) return
    const { group } = known.definition.spec
    const peers = [...this.#known.values()]
      .map(({ definition }) => definition)
      .filter((definition) => definition.spec.group === group)
    try {
      const isBuiltIn = this.#isBuiltIn(known.definition)
      const settle = { parts, client, row: known.rows?.stored, isBuiltIn }
      const isSettled = await settleDefinition(settle, known.definition, peers)
      if (isSettled) this.#queue.forget(name)
      else this.#queue.retry(name)
    } catch (error) {
      parts.log.warn('a definition could not be settled', { name, error })
      this.#queue.retry(name)
    }
  }
}

function definitionIn(value: object): CustomResourceDefinition {
  return value as CustomResourceDefinition
}

/** True when objects are served the same under both. */
function isServedAlike(before: CustomResourceDefinition, after: CustomResourceDefinition): boolean {
  return (
    before.metadata.uid === after.metadata.uid &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    equalJson(before.spec, after.spec) &&
    equalJson(before.status?.acceptedNames, after.status?.acceptedNames) &&
    equalJson(acceptance(before), acceptance(after))
  )
}

function acceptance({ status }: CustomResourceDefinition): readonly string[] {
  return (status?.conditions ?? [])
    .filter(({ type }) => type === 'NamesAccepted' || type === 'Established')
    .map(({ type, status: state }) => `${type} ${state}`)
}
