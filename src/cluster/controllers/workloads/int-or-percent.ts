/** Numbers that may be written as a share of a total: `2` or `25%`. */

/** The number; a share of `total` is rounded as told. Text that is neither counts as 0. */
export function resolveIntOrPercent(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)?.[1]
  if (percent === undefined) return /^\d+$/.test(value) ? Number(value) : 0
  const share = (Number(percent) * total) / 100
  return round === 'up' ? Math.ceil(share) : Math.floor(share)
}
