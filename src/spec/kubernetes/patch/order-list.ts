/** The order of a merged list: the patch decides about its own items, the server's other items keep their places around them. */
import { notAMap } from './patch-error.ts'

type Item = unknown

/** What tells items apart: the merge key's value, or the item itself in a list of scalars. */
export function identityOf(item: Item, mergeKey: string | undefined): unknown {
  if (mergeKey === undefined) return item
  return typeof item === 'object' && item !== null ? (item as Readonly<Record<string, unknown>>)[mergeKey] : undefined
}

/** Index of the item with this identity, or -1. Throws when an item of a keyed list is no object. */
export function indexOfIdentity(list: readonly Item[], identity: unknown, mergeKey: string | undefined): number {
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    if (mergeKey !== undefined && (typeof item !== 'object' || item === null || Array.isArray(item))) throw notAMap(i)
    if (identityOf(item, mergeKey) === identity) return i
  }
  return -1
}

function sortBy(list: readonly Item[], order: readonly Item[], mergeKey: string | undefined): Item[] {
  const rank = new Map<unknown, number>()
  order.forEach((item, i) => rank.has(identityOf(item, mergeKey)) || rank.set(identityOf(item, mergeKey), i))
  const placeOf = (item: Item): number => rank.get(identityOf(item, mergeKey)) ?? -1
  return [...list].sort((a, b) => placeOf(a) - placeOf(b))
}

export interface ListOrder {
  /** Items in the order the patch wants; other items are the server's own. */
  readonly patchOrder: readonly Item[]
  /** The list as it was before the patch. */
  readonly serverOrder: readonly Item[]
  readonly mergeKey: string | undefined
}

/**
 * Orders a merged list. Items named by the patch come in its order; each of the server's own items stays before the first
 * patched item that it preceded.
 */
export function orderMergedList(merged: readonly Item[], { patchOrder, serverOrder, mergeKey }: ListOrder): Item[] {
  const named = new Set(patchOrder.map((item) => identityOf(item, mergeKey)))
  const isNamed = (item: Item): boolean => named.has(identityOf(item, mergeKey))
  const fromPatch = sortBy(merged.filter(isNamed), patchOrder, mergeKey)
  const own = sortBy(
    merged.filter((item) => !isNamed(item)),
    serverOrder,
    mergeKey,
  )
  const places = new Map(serverOrder.map((item, i) => [identityOf(item, mergeKey), i]))
  const place = (item: Item): number => places.get(identityOf(item, mergeKey)) ?? -1
  const out: Item[] = []
  let next = 0
  for (const item of fromPatch) {
    while (next < own.length && place(own[next]) >= 0 && place(own[next]) < place(item)) out.push(own[next++])
    out.push(item)
  }
  return [...out, ...own.slice(next)]
}
