import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readGoBool } from './go-bool.ts'

test('words are read as Go reads them, and others not at all', () => {
  for (const word of ['1', 't', 'T', 'TRUE', 'true', 'True']) assert.equal(readGoBool(word), true, word)
  for (const word of ['0', 'f', 'F', 'FALSE', 'false', 'False']) assert.equal(readGoBool(word), false, word)
  for (const word of ['', 'yes', 'tRUE', ' true', '2', 'constructor']) assert.equal(readGoBool(word), undefined, word)
})
