import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import type { VersionedStore } from '../versioned-store.ts'
import { storeContract } from '../versioned-store.contract.ts'
import { etcdMissing, startEtcdCluster } from './etcd-cluster.contract.ts'
import { openEtcdStore } from './etcd-store.ts'

const missing = etcdMissing()
if (missing !== undefined) test('the contract on etcd', { skip: missing }, () => undefined)
else
  storeContract('etcd', async () => {
    const cluster = await startEtcdCluster(1)
    const open = (): Promise<VersionedStore> =>
      openEtcdStore({ endpoints: cluster.endpoints, clock: createClock(), random: createRandom() })
    let store = await open()
    return {
      store,
      reopen: async () => {
        await store[Symbol.asyncDispose]()
        await cluster.kill(0)
        await cluster.start(0)
        store = await open()
        return store
      },
      cleanUp: async () => cluster[Symbol.asyncDispose](),
      leaseTtlMsMin: 2000,
    }
  })
