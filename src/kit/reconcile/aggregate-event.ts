/**
 * Decides what becomes of an event that a controller reports: a new object, a higher count of one that was written before,
 * a common one for many that differ only in their message, or nothing when an object is reported about too often.
 * The numbers are client-go's (tools/record EventCorrelator): a common event from the tenth similar one in 10 minutes on, a
 * burst of 25 for each object and source, then one every 5 minutes.
 */
import { LruCache } from '#base/data/lru-cache.ts'
import type { EventSubject, EventText } from './plan.ts'

const similarMost = 10
const similarWithinMs = 600_000
const burst = 25
const refillMs = 300_000
const rememberedMost = 4096

export type EventDecision =
  | {
      readonly write: 'new'
      readonly key: string
      readonly message: string
      readonly count: 1
      /** It stands for several that differ in their message. */
      readonly isCombined: boolean
    }
  | {
      readonly write: 'again'
      readonly key: string
      readonly message: string
      readonly count: number
      readonly name: string
    }
  | { readonly write: 'nothing' }

interface Counted {
  count: number
  name: string | undefined
}

export interface EventAggregator {
  decide(subject: EventSubject, text: EventText, nowMs: number): EventDecision
  /** An event was written under this name: the same again raises its count. */
  wrote(key: string, name: string): void
  /** The written event is gone (events expire): the same again is a new one. */
  lost(key: string): void
}

/** Remembers what was reported; the least recent are forgotten beyond 4096. */
export function createEventAggregator(): EventAggregator {
  const counted = new LruCache<string, Counted>({ capacity: rememberedMost })
  const similar = new LruCache<string, { messages: Set<string>; lastMs: number }>({ capacity: rememberedMost })
  const buckets = new LruCache<string, { tokens: number; atMs: number }>({ capacity: rememberedMost })
  const isAllowed = (key: string, nowMs: number): boolean => {
    const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs }
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs)
    bucket.atMs = nowMs
    buckets.set(key, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
  const isOneOfMany = (group: string, message: string, nowMs: number): boolean => {
    const known = similar.get(group)
    const fresh = known !== undefined && nowMs - known.lastMs <= similarWithinMs
    const record = fresh ? known : { messages: new Set<string>(), lastMs: nowMs }
    record.lastMs = nowMs
    similar.set(group, record)
    // The message that makes it ten is not remembered: those known before go on counting for themselves.
    if (!record.messages.has(message) && record.messages.size + 1 >= similarMost) return true
    record.messages.add(message)
    return false
  }
  return {
    decide(subject, text, nowMs) {
      const about = subjectKey(subject)
      const group = [about, text.type, text.reason].join('\u0000')
      const isMany = isOneOfMany(group, text.message, nowMs)
      const message = isMany ? `(combined from similar events): ${text.message}` : text.message
      const key = isMany ? group : `${group}\u0000${text.message}`
      const known = counted.get(key)
      // What is too frequent to be written counts all the same.
      if (known?.name !== undefined) known.count++
      if (!isAllowed(about, nowMs)) return { write: 'nothing' }
      if (known?.name === undefined) {
        counted.set(key, { count: 1, name: undefined })
        return { write: 'new', key, message, count: 1, isCombined: isMany }
      }
      return { write: 'again', key, message, count: known.count, name: known.name }
    },
    wrote(key, name) {
      const known = counted.get(key)
      if (known !== undefined) known.name = name
    },
    lost: (key) => counted.set(key, { count: 0, name: undefined }),
  }
}

function subjectKey({ apiVersion, kind, metadata }: EventSubject): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name ?? '', metadata.uid ?? ''].join('\u0000')
}
