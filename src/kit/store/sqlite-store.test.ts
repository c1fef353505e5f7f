import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClock } from '#world/real/clock.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { storeModel } from './store-model.contract.ts'
import { storeContract } from './versioned-store.contract.ts'

storeContract('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-store-'))
  const open = (): ReturnType<typeof openSqliteStore> =>
    openSqliteStore({ path: join(folder, 'store.db'), clock: createClock(), limits: { progressIntervalMs: 50 } })
  let store = open()
  return {
    store,
    reopen: async () => {
      await store[Symbol.asyncDispose]()
      store = open()
      return store
    },
    cleanUp: async () => rmSync(folder, { recursive: true, force: true }),
    leaseTtlMsMin: 200,
  }
})

storeModel({
  name: 'sqlite',
  runs: 60,
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-store-'))
    const store = openSqliteStore({ path: join(folder, 'store.db'), clock: createClock() })
    return { store, cleanUp: () => rmSync(folder, { recursive: true, force: true }) }
  },
})
