import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import type { VersionedStore } from '../versioned-store.ts'
import { storeModel } from '../store-model.contract.ts'
import { storeContract } from '../versioned-store.contract.ts'
import { etcdMissing, startEtcdCluster } from './etcd-cluster.contract.ts'
import { openEtcdStore } from './etcd-store.ts'

const missing = etcdMissing()
const open = (endpoints: readonly string[]): Promise<VersionedStore> =>
  openEtcdStore({ endpoints, clock: createClock(), random: createRandom() })

if (missing !== undefined) test('the contract on etcd', { skip: missing }, () => undefined)
else {
  storeContract('etcd', async () => {
    const cluster = await startEtcdCluster(1)
    let store = await open(cluster.endpoints)
    return {
      store,
      reopen: async () => {
        await store[Symbol.asyncDispose]()
        await cluster.kill(0)
        await cluster.start(0)
        store = await open(cluster.endpoints)
        return store
      },
      cleanUp: async () => cluster[Symbol.asyncDispose](),
      leaseTtlMsMin: 2000,
    }
  })
  storeModel({
    name: 'etcd',
    runs: 15,
    open: async () => {
      const cluster = await startEtcdCluster(1)
      return { store: await open(cluster.endpoints), cleanUp: async () => cluster[Symbol.asyncDispose]() }
    },
  })
}
