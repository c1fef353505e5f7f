import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NodeTable } from './node-table.ts'
import { type PodRecord, recordOf } from './pod-record.ts'
import { someNode, somePod } from './scheduling.contract.ts'
import { isSelected, type PodSelection } from './selected-pods.ts'

const names = ['n-0', 'n-1', 'n-2']
const selectionOf = (namespace: string, app: string): PodSelection => ({
  namespace,
  selector: [{ key: 'app', operator: 'in', values: [app] }],
})

test('numbers that followed pods are those of counting anew, however pods and questions come', () => {
  const anApp = fc.constantFrom('a', 'b')
  const aSpace = fc.constantFrom('x', 'y')
  const aStep = fc.oneof(
    fc.record({ do: fc.constant('add' as const), node: fc.nat(2), app: anApp, namespace: aSpace, ends: fc.boolean() }),
    fc.record({ do: fc.constant('remove' as const), which: fc.nat(30) }),
    fc.record({ do: fc.constant('ask' as const), app: anApp, namespace: aSpace }),
  )
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 60 }), (steps) => {
      const table = new NodeTable()
      for (const name of names) table.putNode(someNode(name))
      const placed: { readonly record: PodRecord; readonly node: string }[] = []
      for (const [index, step] of steps.entries()) {
        if (step.do === 'add') {
          const pod = somePod(`p-${index}`, { labels: { app: step.app }, namespace: step.namespace })
          const metadata = step.ends ? { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } : pod.metadata
          const record = recordOf({ ...pod, metadata }, table.reader)
          const node = names[step.node] ?? ''
          table.addPod(record, node)
          placed.push({ record, node })
        } else if (step.do === 'remove') {
          for (const { record, node } of placed.splice(step.which % Math.max(1, placed.length), 1))
            table.removePod(record.uid, node)
        } else {
          const selection = selectionOf(step.namespace, step.app)
          const counts = table.selectedPods(selection)
          for (const { name, row } of table.order()) {
            const expected = placed.filter(({ record, node }) => node === name && isSelected(record, selection)).length
            assert.equal(counts[row] ?? 0, expected)
          }
        }
      }
    }),
  )
})

test('of many selectors the ones asked about last are kept, and all are answered rightly', () => {
  const table = new NodeTable()
  table.putNode(someNode('n-0'))
  for (let round = 0; round < 2; round++) {
    for (let app = 0; app < 300; app++) {
      const pod = recordOf(somePod(`p-${round}-${app}`, { labels: { app: `app-${app}` } }), table.reader)
      table.addPod(pod, 'n-0')
      assert.equal(table.selectedPods(selectionOf('default', `app-${app}`))[0], round + 1)
    }
  }
})
