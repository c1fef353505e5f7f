import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newName } from './new-name.ts'

const first = { bytes: (count: number) => new Uint8Array(count), below: () => 0, float: () => 0 }

test('a name is its base and five letters, cut to a label', () => {
  assert.equal(newName('web-', first), 'web-bbbbb')
  assert.equal(newName('a'.repeat(80), first), `${'a'.repeat(58)}bbbbb`)
})

test('a base that is no name stays readable in what is said against it', () =>
  assert.equal(newName('Größe-日本-', first), 'Größe-日本-bbbbb'))
