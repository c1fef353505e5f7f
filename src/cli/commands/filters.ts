/** `--filter key=value` flags as the Engine API's `filters` parameter. */

/** JSON of the filters, keys sorted; undefined when there are none. */
export function filtersQuery(
  entries: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): string | undefined {
  const map = new Map<string, Record<string, true>>()
  const add = (key: string, value: string): void => {
    map.set(key, { ...map.get(key), [value]: true })
  }
  for (const entry of entries) {
    const equals = entry.indexOf('=')
    if (equals < 0) continue
    // `label!=x` is the key `label!`.
    add(entry.slice(0, equals).trim().toLowerCase(), entry.slice(equals + 1).trim())
  }
  for (const [key, value] of Object.entries(extra)) if (!map.has(key)) add(key, value)
  return map.size === 0
    ? undefined
    : JSON.stringify(Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1))))
}
