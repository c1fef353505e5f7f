import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { noObjects } from './cluster-objects.ts'
import { explainPlacement, type Placement } from './explain-placement.ts'
import { type PodShape, someNode, somePod } from './scheduling.contract.ts'

const random = { bytes: (count: number) => new Uint8Array(count), below: () => 0, float: () => 0 }

function explain(
  pod: PodShape,
  nodes: ReturnType<typeof someNode>[],
  placed: ReturnType<typeof somePod>[] = [],
): Placement {
  return explainPlacement(somePod('asked', pod), { nodes, pods: placed, objects: noObjects, random, nowMs: 0 })
}

describe('explaining a placement', () => {
  it('lets every plugin speak about every node, not only the first that objects', () => {
    const tainted = someNode('b', {
      spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
      allocatable: { cpu: '1' },
    })
    const { verdicts, feasible, message } = explain({ cpu: '2' }, [
      someNode('a', { allocatable: { cpu: '1' } }),
      tainted,
    ])
    const told = verdicts.map(({ plugin, rejected, reasons }) => [plugin, rejected, [...reasons.values()]])
    assert.deepEqual(told, [
      ['NodeResourcesFit', 2, [['a', 'b']]],
      ['TaintToleration', 1, [['b']]],
    ])
    assert.deepEqual([...(verdicts[0]?.reasons.keys() ?? [])], ['Insufficient cpu'])
    assert.deepEqual(feasible, [])
    assert.match(message ?? '', /^0\/2 nodes are available: /)
  })

  it('counts what runs on a node, and not what has ended there', () => {
    const node = someNode('a', { allocatable: { cpu: '2' } })
    const runs = somePod('runs', { cpu: '1500m', spec: { nodeName: 'a' } })
    assert.equal(explain({ cpu: '1' }, [node], [runs]).verdicts[0]?.plugin, 'NodeResourcesFit')
    const ended = { ...runs, status: { phase: 'Succeeded' as const } }
    assert.equal(explain({ cpu: '1' }, [node], [ended]).node, 'a')
  })

  it('names the plugin that says no to the pod as a whole', () => {
    const gated = explain({ spec: { schedulingGates: [{ name: 'example.com/wait' }] } }, [someNode('a')])
    assert.equal(gated.wholePod?.plugin, 'SchedulingGates')
    assert.deepEqual(gated.feasible, [])
  })

  it('says that there are no nodes', () => {
    assert.equal(explain({}, []).message, 'no nodes available to schedule pods')
  })
})
