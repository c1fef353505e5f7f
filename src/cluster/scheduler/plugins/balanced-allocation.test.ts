import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NodeTable } from '../node-table.ts'
import { recordOf } from '../pod-record.ts'
import { noObjects } from '../cluster-objects.ts'
import { someNode, somePod } from '../scheduling.contract.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { cpuAndMemory, type WeighedResource } from './scored-resources.ts'

/** The score of a node of 10 CPUs, 10 Gi and 10 GPUs on which some of each is in use. */
function scoreOf(
  used: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
  resources: readonly WeighedResource[] = cpuAndMemory,
): number | undefined {
  const table = new NodeTable()
  table.putNode(someNode('n', { allocatable: { cpu: '10', memory: '10Gi', 'example.com/gpu': '10' } }))
  const record = (name: string, requests: object): ReturnType<typeof recordOf> =>
    recordOf(
      somePod(name, { spec: { containers: [{ name: 'c', image: 'i', resources: { requests } as never }] } }),
      table.reader,
    )
  table.addPod(record('there', used), 'n')
  const plugin = balancedAllocation(resources)
  const entry = table.known('n')
  assert.ok(entry !== undefined)
  const scoring = plugin.preScore?.(record('new', wanted), { table, objects: noObjects, nowMs: 0 }, [entry])
  return scoring?.score(entry)
}

describe('NodeResourcesBalancedAllocation', () => {
  test('gives 75 to a pod that changes no balance', () => {
    assert.equal(scoreOf({}, { cpu: '2', memory: '2Gi' }), 75)
    assert.equal(scoreOf({ cpu: '3', memory: '1Gi' }, { cpu: '2', memory: '2Gi' }), 75)
  })

  test('gives more to a pod that mends the balance and less to one that upsets it', () => {
    assert.equal(scoreOf({ cpu: '4' }, { memory: '4Gi' }), 85)
    assert.equal(scoreOf({}, { cpu: '4' }), 65)
    assert.equal(scoreOf({ cpu: '2', memory: '4Gi' }, { cpu: '2' }), 80)
  })

  test('goes by the deviation of three resources and more', () => {
    const resources = [...cpuAndMemory, { name: 'example.com/gpu', weight: 1 }]
    assert.equal(scoreOf({}, { cpu: '3', memory: '3Gi', 'example.com/gpu': '3' }, resources), 75)
    // 0.6, 0 and 0.3 deviate by 0.245: 75 of 100, from 100 before.
    assert.equal(scoreOf({}, { cpu: '6', 'example.com/gpu': '3' }, resources), 62)
  })

  test('says nothing about a pod that asks for nothing', () => {
    assert.equal(scoreOf({ cpu: '4' }, {}), undefined)
  })
})
