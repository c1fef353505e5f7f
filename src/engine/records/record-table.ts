/** Records of one kind as JSON in the engine's store: loaded once, written through, each write durable when it returns. */
import type { VersionedStore } from '#kit/store/versioned-store.ts'

export interface RecordTable<T> {
  /** Every record, by key. */
  load(): Promise<Map<string, T>>
  save(key: string, record: T): Promise<void>
  remove(key: string): Promise<void>
}

/** Records live under `<prefix>/<key>`. A record that no longer parses is reported by name, not skipped. */
export function createRecordTable<T>(store: VersionedStore, prefix: string): RecordTable<T> {
  const path = (key: string): string => `${prefix}/${key}`
  return {
    load: async () => {
      const { entries } = await store.range({ prefix: path('') })
      const decoder = new TextDecoder()
      return new Map(
        entries.map(({ key, value }) => [key.slice(prefix.length + 1), JSON.parse(decoder.decode(value)) as T]),
      )
    },
    save: async (key, record) => {
      await store.put(path(key), Buffer.from(JSON.stringify(record)))
    },
    remove: async (key) => {
      await store.delete(path(key))
    },
  }
}
