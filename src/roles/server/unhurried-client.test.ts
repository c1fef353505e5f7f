import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import test from 'node:test'
import { pods } from '#clients/kubernetes/resources.table.ts'
import { createCluster } from '#roles/cluster/cluster.ts'
import { unhurriedClient } from './unhurried-client.ts'

test('between two lists others have their turn, and everything else is as before', async () => {
  await using cluster = await createCluster()
  let pauses = 0
  const client = unhurriedClient(cluster.client, async () => {
    pauses++
    await setImmediate()
  })
  let turns = 0
  const others = (async () => {
    for (; turns < 3; turns++) await setImmediate()
  })()
  const { items } = await client.list(pods)
  assert.deepEqual([items, pauses, turns > 0], [[], 1, true])
  await others
  await assert.rejects(client.get(pods, 'none', { namespace: 'default' }), /not found/)
})
