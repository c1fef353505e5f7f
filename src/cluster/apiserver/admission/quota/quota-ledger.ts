/**
 * Charges quotas before what they limit is written. All quotas of a namespace change in one step, and only from the states
 * that were looked at, so that writes at the same time, on this server or another, cannot both take what is left.
 */
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { ResourceQuota } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Amounts, amountsJson, amountsOf, minus, plus } from '#base/data/amounts.ts'
import { chargeQuotas, type ChargedWrite, type QuotaCharge } from '#spec/kubernetes/quota/charge-quotas.ts'
import type { ApiObject } from '../../api-object.ts'
import { storedBytes } from '../../cache/object-bytes.ts'
import { keyOf, type ObjectCache } from '../../cache/object-cache.ts'
import type { StoredObject } from '../../cache/stored-object.ts'

const storage = '/resourcequotas'
/** How often a charge is tried that meets others; the server's own writes wait for each other before. */
const triesMax = 16

export interface LedgerDeps {
  readonly store: Pick<VersionedStore, 'txn'>
  readonly cache: ObjectCache
}

/** What came of charging a write. */
export type Charged =
  | { readonly refusal: string }
  /** Takes the charge back. */
  | { readonly refund: () => Promise<void> }

/** The quotas of one server. */
export class QuotaLedger {
  readonly #deps: LedgerDeps
  /** The last charge of each namespace that has one under way. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(deps: LedgerDeps) {
    this.#deps = deps
  }

  /** Whether a namespace has quotas. */
  hasQuotas(namespace: string): boolean {
    for (const _quota of this.#deps.cache.collection(storage).range(`${namespace}/`)) return true
    return false
  }

  /** Charges a write to the quotas of its namespace, or only asks whether it could be. */
  async charge(namespace: string, write: ChargedWrite, dryRun: boolean): Promise<Charged> {
    return this.#inTurn(namespace, async () => {
      for (let attempt = 1; attempt <= triesMax; attempt += 1) {
        // Each try looks at what the one before it met.
        await this.#deps.cache.catchUp()
        const stored = this.#quotas(namespace)
        const answer = chargeQuotas(
          stored.map(({ value }) => value as unknown as ResourceQuota),
          write,
        )
        if ('refusal' in answer) return answer
        if (dryRun || answer.charges.length === 0) return { refund: () => Promise.resolve() }
        if (await this.#write(namespace, stored, answer.charges)) {
          return { refund: () => this.#refund(namespace, answer.charges) }
        }
      }
      return { refusal: 'the quotas of the namespace change too fast; please try again' }
    })
  }

  #quotas(namespace: string): readonly StoredObject[] {
    return Array.from(this.#deps.cache.collection(storage).range(`${namespace}/`))
  }

  async #inTurn<T>(namespace: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(namespace)
    const turn = (async () => {
      await before?.catch(() => undefined)
      return work()
    })()
    this.#turns.set(namespace, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(namespace) === turn) this.#turns.delete(namespace)
    }
  }

  /** Writes what is used now; false when a quota changed since it was looked at. */
  async #write(namespace: string, stored: readonly StoredObject[], charges: readonly QuotaCharge[]): Promise<boolean> {
    const used = new Map(charges.map(({ quota, used: amounts }) => [quota.metadata.name, amounts]))
    return this.#store(namespace, stored, (name) => used.get(name))
  }

  async #refund(namespace: string, charges: readonly QuotaCharge[]): Promise<void> {
    const added = new Map(charges.map(({ quota, added: amounts }) => [quota.metadata.name, amounts]))
    await this.#inTurn(namespace, async () => {
      for (let attempt = 1; attempt <= triesMax; attempt += 1) {
        // Each try looks at what the one before it met.
        await this.#deps.cache.catchUp()
        const stored = this.#quotas(namespace)
        const before = new Map(
          stored.map(({ name, value }) => [name, amountsOf((value as unknown as ResourceQuota).status?.used)]),
        )
        const rest = (name: string): Amounts | undefined => {
          const amounts = added.get(name)
          const known = before.get(name)
          return amounts === undefined || known === undefined ? undefined : plus(new Map(), minus(known, amounts))
        }
        if (await this.#store(namespace, stored, rest)) return
      }
      // The quota controller counts anew; until then too much counts as used, never too little.
    })
  }

  async #store(
    namespace: string,
    stored: readonly StoredObject[],
    usedOf: (name: string) => Amounts | undefined,
  ): Promise<boolean> {
    const { store, cache } = this.#deps
    const changes = stored.flatMap(({ name, revision, value }) => {
      const used = usedOf(name)
      if (used === undefined) return []
      const status = { ...(value['status'] as object), used: amountsJson(used) }
      const object: ApiObject = { ...value, status }
      const bytes = storedBytes(object)
      cache.expect(bytes, object)
      return [{ key: keyOf(storage, namespace, name), revision, bytes }]
    })
    if (changes.length === 0) return true
    const result = await store.txn({
      expect: changes.map(({ key, revision }) => ({ key, modRevision: revision })),
      writes: changes.map(({ key, bytes }) => ({ type: 'put', key, value: bytes })),
    })
    if (result.ok) await cache.reach(result.revision)
    return result.ok
  }
}
