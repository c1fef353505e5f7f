/** Volumes and claims: both start Pending. */
import type { Strategy } from './strategy.ts'

export const persistentVolumeStrategy: Partial<Strategy> = {
  prepareCreate: (volume, { view }) => ({
    ...volume,
    status: { phase: 'Pending', lastPhaseTransitionTime: view.now() },
  }),
}

export const persistentVolumeClaimStrategy: Partial<Strategy> = {
  prepareCreate: (claim) => ({ ...claim, status: { phase: 'Pending' } }),
}
