import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customResourceDefinitions } from '#clients/kubernetes/resources.table.ts'
import { definedApi, widget, widgets } from './defined-api.contract.ts'

test('a definition is established at once and its objects are served with defaults, pruned', async () => {
  await using defined = await definedApi()
  const { client } = defined
  const definition = await client.get(customResourceDefinitions, 'widgets.example.com')
  assert.deepEqual(
    definition.status?.conditions?.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
    [
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ],
  )
  const made = await client.create(widgets, widget('a', { color: 'red', nope: 1 }))
  assert.deepEqual(made['spec'], { color: 'red', min: 1, size: 5 })
  assert.equal(made.metadata.generation, 1)
  assert.equal((await client.list(widgets, { namespace: 'default' })).items.length, 1)
})
