import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUndoStack } from './undo-stack.ts'

test('what was done is undone newest first, all of it, unless committed', async () => {
  const log: string[] = []
  const build = async (fails: boolean): Promise<void> => {
    await using undo = createUndoStack()
    undo.defer(() => log.push('one'))
    undo.defer(() => log.push('two'))
    if (fails) throw new Error('half-way')
    undo.commit()
  }
  await build(false)
  assert.deepEqual(log, [])
  await assert.rejects(build(true), /half-way/)
  assert.deepEqual(log, ['two', 'one'])
})

test('a step that cannot be undone is told of and does not keep the others from it', async () => {
  const log: unknown[] = []
  {
    await using undo = createUndoStack((error) => log.push(error))
    undo.defer(() => log.push('ran'))
    undo.defer(() => Promise.reject(new Error('a')))
  }
  assert.deepEqual(log, [new Error('a'), 'ran'])
})
