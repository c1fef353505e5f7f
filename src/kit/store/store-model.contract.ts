/** The contract as a property: any sequence of writes leaves a store where a plain map with its history would be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  absent,
  type Entry,
  type StoreEvent,
  type TxnRequest,
  type VersionedStore,
  type Write,
} from './versioned-store.ts'

/** A plain store: its content after every revision. */
class Model {
  readonly #versions: { readonly revision: number; readonly content: ReadonlyMap<string, Entry> }[]

  constructor(revision: number) {
    this.#versions = [{ revision, content: new Map<string, Entry>() }]
  }

  get newest(): ReadonlyMap<string, Entry> {
    return this.#versions.at(-1)?.content ?? new Map<string, Entry>()
  }

  get revisions(): readonly number[] {
    return this.#versions.map(({ revision }) => revision)
  }

  at(revision: number): ReadonlyMap<string, Entry> {
    return this.#versions.findLast((version) => version.revision <= revision)?.content ?? new Map<string, Entry>()
  }

  holds({ expect = [] }: TxnRequest): boolean {
    return expect.every(({ key, modRevision }) => (this.newest.get(key)?.modRevision ?? absent) === modRevision)
  }

  /** Takes in writes that were carried out at a revision; tells their events. */
  write(writes: readonly Write[], revision: number): StoreEvent[] {
    const content = new Map(this.newest)
    const events: StoreEvent[] = []
    for (const write of writes) {
      const before = content.get(write.key)
      if (write.type === 'delete' && before === undefined) continue
      const entry: Entry = {
        key: write.key,
        value: write.type === 'put' ? write.value : new Uint8Array(0),
        createRevision: write.type === 'put' ? (before?.createRevision ?? revision) : 0,
        modRevision: revision,
        version: write.type === 'put' ? (before?.version ?? 0) + 1 : 0,
      }
      if (write.type === 'put') content.set(write.key, entry)
      else content.delete(write.key)
      events.push({ type: write.type, entry })
    }
    if (events.length > 0) this.#versions.push({ revision, content })
    return events
  }
}

const names = ['a', 'b', 'b/c', 'c', 'é', '\u{1f600}']
/** A write, and what it expects of its key: nothing, what is there, or something else. */
const step = fc.array(
  fc.record({
    name: fc.constantFrom(...names),
    value: fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined }),
    expects: fc.constantFrom('nothing', 'nothing', 'truth', 'absence', 'falsehood'),
  }),
  { minLength: 1, maxLength: 3 },
)
type Step = readonly { readonly name: string; readonly value: Uint8Array | undefined; readonly expects: string }[]

function requestOf(step: Step, prefix: string, model: Model): TxnRequest {
  const once = step.filter(({ name }, index) => step.findIndex((other) => other.name === name) === index)
  const expect = once.flatMap(({ name, expects }) => {
    const key = prefix + name
    const modRevision = model.newest.get(key)?.modRevision ?? absent
    if (expects === 'truth') return [{ key, modRevision }]
    if (expects === 'absence') return [{ key, modRevision: absent }]
    return expects === 'falsehood' ? [{ key, modRevision: modRevision + 1 }] : []
  })
  const writes = once.map(({ name, value }): Write => {
    const key = prefix + name
    return value === undefined ? { type: 'delete', key } : { type: 'put', key, value }
  })
  return { expect, writes }
}

/** Values compare as plain bytes, whatever kind of array a backend hands out. */
const plain = (entry: Entry | undefined): unknown => entry && { ...entry, value: [...entry.value] }
const plainEvent = ({ type, entry }: StoreEvent): unknown => ({
  type,
  key: entry.key,
  value: [...entry.value],
  at: entry.modRevision,
})
const sorted = (content: ReadonlyMap<string, Entry>): Entry[] =>
  [...content.values()].toSorted((x, y) => Buffer.compare(Buffer.from(x.key), Buffer.from(y.key)))

async function checkRun(store: VersionedStore, prefix: string, steps: readonly Step[]): Promise<void> {
  const began = await store.currentRevision()
  const model = new Model(began)
  const events: StoreEvent[] = []
  for (const step of steps) {
    const request = requestOf(step, prefix, model)
    const holds = model.holds(request)
    const before = model.newest
    const result = await store.txn(request)
    assert.equal(result.ok, holds)
    if (!result.ok) {
      assert.deepEqual(
        result.current.map(plain),
        (request.expect ?? []).map(({ key }) => plain(before.get(key))),
      )
      continue
    }
    events.push(...model.write(request.writes, result.revision))
    const written = request.writes.map(({ type, key }) => (type === 'put' ? model.newest : before).get(key))
    assert.deepEqual(result.entries.map(plain), written.map(plain))
  }
  for (const revision of model.revisions) {
    const wanted = sorted(model.at(revision))
    const all = await store.range({ prefix, revision })
    assert.deepEqual(all.entries.map(plain), wanted.map(plain))
    const page = await store.range({ prefix, revision, start: `${prefix}b`, limit: 2 })
    const rest = wanted.filter(({ key }) => Buffer.compare(Buffer.from(key), Buffer.from(`${prefix}b`)) >= 0)
    assert.deepEqual(page.entries.map(plain), rest.slice(0, 2).map(plain))
    assert.deepEqual([page.count, page.more], [rest.length, rest.length > 2])
    assert.deepEqual(plain(await store.get(`${prefix}a`, { revision })), plain(model.at(revision).get(`${prefix}a`)))
  }
  if (events.length === 0) return
  const heard: StoreEvent[] = []
  for await (const batch of store.watch({ prefix, afterRevision: began })) {
    heard.push(...batch.events)
    if (heard.length >= events.length) break
  }
  assert.deepEqual(heard.map(plainEvent), events.map(plainEvent))
}

export interface ModelOptions {
  readonly name: string
  readonly runs: number
  readonly open: () => Promise<{ readonly store: VersionedStore; readonly cleanUp?: () => Promise<void> | void }>
}

/** Runs the property; `open` is called once, and every run writes below a prefix of its own. */
export function storeModel({ name, runs, open }: ModelOptions): void {
  test(`${name} is where a plain map with its history would be after any writes`, async () => {
    const { store, cleanUp } = await open()
    let count = 0
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) =>
      checkRun(store, `/model/${++count}/`, steps),
    )
    try {
      await fc.assert(property, { numRuns: runs })
    } finally {
      await store[Symbol.asyncDispose]()
      await cleanUp?.()
    }
  })
}
