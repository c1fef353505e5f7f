/** How the seats of a server are shared among its priority levels: nominal limits, and what may be lent and borrowed. */
import type { PriorityLevelConfiguration } from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'

/** Seats of one level. Always: least <= nominal <= most. */
export interface SeatShare {
  readonly nominal: number
  /** What the level never lends. */
  readonly least: number
  /** What it may use when others lend. */
  readonly most: number
}

/** The share of each level by name, of `seats` in all. Sums may be a little above it: each share is rounded up. */
export function shareSeats(levels: readonly PriorityLevelConfiguration[], seats: number): Map<string, SeatShare> {
  const sharesOf = ({ spec }: PriorityLevelConfiguration): number =>
    spec.type === 'Exempt'
      ? (spec.exempt?.nominalConcurrencyShares ?? 0)
      : (spec.limited?.nominalConcurrencyShares ?? 30)
  const sum = levels.reduce((total, level) => total + sharesOf(level), 0)
  return new Map(
    levels.map((level) => {
      const nominal = sum === 0 ? 0 : Math.ceil((seats * sharesOf(level)) / sum)
      const part = (percent: number): number => Math.round((nominal * percent) / 100)
      const { exempt, limited } = level.spec
      const lendable = (level.spec.type === 'Exempt' ? exempt?.lendablePercent : limited?.lendablePercent) ?? 0
      const borrowing = limited?.borrowingLimitPercent
      const most = nominal + (borrowing === undefined ? seats : part(borrowing))
      return [level.metadata.name, { nominal, least: nominal - part(lendable), most }]
    }),
  )
}
