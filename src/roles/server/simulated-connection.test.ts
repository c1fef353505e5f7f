import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '#cluster/apiserver/api-object.ts'
import type { KubeletReach, NodeConnection } from '#cluster/apiserver/node-proxy/node-connection.ts'
import { sparingSimulatedNodes } from './simulated-connection.ts'

const nodeOf = (containerRuntimeVersion: string): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  status: { nodeInfo: { containerRuntimeVersion } },
})

test('real nodes are reached, simulated ones answer that nothing is there', () => {
  const reached = { origin: 'https://a:10250' } as KubeletReach
  const connection: NodeConnection = { reach: () => reached, [Symbol.asyncDispose]: async () => {} }
  const sparing = sparingSimulatedNodes(connection)
  assert.equal(sparing.reach(nodeOf('containerd://2.0.0')), reached)
  assert.throws(() => sparing.reach(nodeOf('sim://1.0.0')), /node "a" is simulated: no container runs on it/)
})
