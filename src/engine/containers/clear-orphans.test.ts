import assert from 'node:assert/strict'
import test from 'node:test'
import { ownerOf } from './clear-orphans.ts'

const id = 'ab'.repeat(32)
const bundles = '/run/gantry/01234567/b'

const rows: readonly (readonly [what: string, words: readonly string[], owner: string | undefined])[] = [
  ['a monitor', ['/usr/bin/conmon', '-c', id, '-b', `${bundles}/abab`], id],
  [
    'a runtime that a monitor called',
    ['/usr/bin/crun', '--root', '/x', 'create', '--bundle', `${bundles}/abab`, id],
    id,
  ],
  [
    'a monitor on its way into a namespace',
    ['nsenter', '--mount=/x', '--', 'conmon', '-c', id, '-b', `${bundles}/a`],
    id,
  ],
  ['another engine’s monitor', ['conmon', '-c', id, '-b', '/run/gantry/76543210/b/abab'], undefined],
  ['a folder whose name begins alike', ['conmon', '-c', id, '-b', `${bundles}2/abab`], undefined],
  ['another program', ['/bin/cat', `${bundles}/abab/config.json`, id], undefined],
  ['a kernel thread', [''], undefined],
]

for (const [what, words, owner] of rows)
  test(`${what} ${owner === undefined ? 'is nobody of ours' : 'belongs to its container'}`, () =>
    assert.equal(ownerOf(words.join('\0'), bundles), owner))
