import { createClock } from '#world/real/clock.ts'
import { createMemoryStore } from './memory-store.ts'
import { storeModel } from './store-model.contract.ts'
import { storeContract } from './versioned-store.contract.ts'

storeContract('memory', async () => ({
  store: createMemoryStore({ clock: createClock(), limits: { progressIntervalMs: 50 } }),
  cleanUp: async () => undefined,
  leaseTtlMsMin: 200,
}))

storeModel({ name: 'memory', runs: 100, open: async () => ({ store: createMemoryStore({ clock: createClock() }) }) })
