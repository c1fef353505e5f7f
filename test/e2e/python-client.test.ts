/** Debian's python3-docker against the engine; its script stops at the first difference and names it. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { clear, lacksImage, run } from './target.ts'

const library = '/usr/lib/python3/dist-packages/docker/__init__.py'
const skip = existsSync(library) ? lacksImage('busybox') : 'python3-docker is not installed'

before(clear)
after(clear)
test('python3-docker leads a whole life', { skip }, () => {
  const { code, text, stdout } = run('/usr/bin/python3', [join(import.meta.dirname, 'python-client.py')], {
    timeoutMs: 300_000,
  })
  assert.equal(code, 0, text)
  assert.match(stdout, /whole life\n$/)
})
