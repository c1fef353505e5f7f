/** Debian's python3-kubernetes against a control plane; its script stops at the first difference and names it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { lacksProgram, startOwnServer } from './own-server.ts'

const library = '/usr/lib/python3/dist-packages/kubernetes/__init__.py'

test('python3-kubernetes leads a whole life', { skip: lacksProgram(library) }, async () => {
  await using server = await startOwnServer()
  const { code, stdout, stderr } = server.run('/usr/bin/python3', [join(import.meta.dirname, 'python-client.py')])
  assert.equal(code, 0, `${stdout}${stderr}`)
  assert.match(stdout, /whole life\n$/)
})
