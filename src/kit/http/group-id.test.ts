import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFiles } from '#world/real/files.ts'
import { findGroupId, parseGroups } from './group-id.ts'

test('groups are read by name, malformed lines skipped', () => {
  const groups = parseGroups('root:x:0:\ndocker:x:998:alice,bob\nbroken\nbad:x:y:\ndocker:x:5:\n')
  assert.deepEqual(
    [...groups],
    [
      ['root', 0],
      ['docker', 998],
    ],
  )
})

test('the first group that exists is taken, a number stands for itself', async () => {
  const files = createFiles()
  assert.equal(await findGroupId(files, ['no-such-group-here', 'root']), 0)
  assert.equal(await findGroupId(files, ['no-such-group-here']), undefined)
  assert.equal(await findGroupId(files, ['4321']), 4321)
})
