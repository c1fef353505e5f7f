import assert from 'node:assert/strict'
import test from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { explainStart } from './start-errors.ts'

const rows: readonly (readonly [program: string, complaint: string, exitCode: number, words: RegExp])[] = [
  [
    'nosuch',
    'executable file `nosuch` not found in $PATH: No such file or directory',
    127,
    /exec: "nosuch": executable file not found in \$PATH/,
  ],
  [
    '/nosuch',
    'executable file `/nosuch` not found: No such file or directory',
    127,
    /exec: "\/nosuch": stat \/nosuch: no such file or directory/,
  ],
  ['/etc', 'open executable: Permission denied', 126, /exec: "\/etc": permission denied/],
  ['/a', 'exec: "/a": is a directory', 126, /permission denied/],
  ['/a', 'exec /a: Exec format error', 126, /exec format error/],
  ['sh', 'chdir to cwd ("/no") set in config.json failed', 126, /chdir to cwd set in config\.json failed/],
  ['sh', 'mount `x` to `y`: something else', 128, /something else/],
]

for (const [program, complaint, exitCode, words] of rows)
  test(`${program}: ${complaint}`, () => {
    const failed = explainStart(program, new GantryError('ENGINE_RUNTIME_CREATE', 'internal', complaint))
    assert.equal(failed.exitCode, exitCode)
    assert.match(failed.error.message, words)
    assert.match(
      failed.error.message,
      /^failed to create task for container: failed to create shim task: OCI runtime create failed: /,
    )
  })

test('what fails before the runtime keeps its own words', () => {
  const own = new GantryError('ENGINE_PORT_TAKEN', 'conflict', 'port is already allocated')
  assert.deepEqual(explainStart('sh', own), { exitCode: 128, error: own })
  assert.deepEqual(explainStart('sh', own, 'exec'), { exitCode: 126, error: own })
  assert.equal(explainStart('sh', new Error('ENOSPC')).error.message, 'ENOSPC')
})

test('an exec is introduced as one', () => {
  const failure = new GantryError('ENGINE_RUNTIME_EXEC', 'internal', 'executable file `x` not found in $PATH')
  assert.match(
    explainStart('x', failure, 'exec').error.message,
    /^OCI runtime exec failed: exec failed: unable to start/,
  )
})
