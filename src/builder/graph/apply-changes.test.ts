import assert from 'node:assert/strict'
import test from 'node:test'
import { applyChanges } from './apply-changes.ts'

const base = { Env: ['PATH=/bin'], Cmd: ['sh'], WorkingDir: '' }

test('changes are applied in order and see the environment', () => {
  const config = applyChanges(base, [
    'ENV A=$PATH',
    'ENV B=$A',
    'CMD a b',
    "LABEL a='b c'",
    'WORKDIR rel',
    'EXPOSE 80',
    'onbuild run x',
  ])
  assert.deepEqual(config, {
    Env: ['PATH=/bin', 'A=/bin', 'B=/bin'],
    Cmd: ['/bin/sh', '-c', 'a b'],
    Labels: { a: 'b c' },
    WorkingDir: '/rel',
    ExposedPorts: { '80/tcp': {} },
    OnBuild: ['run x'],
  })
  assert.equal(applyChanges(base, []), base)
})

// Texts recorded from dockerd 20.10.24.
const failures: readonly (readonly [string, string])[] = [
  ['RUN x', 'run is not a valid change command'],
  ['FOO', 'foo is not a valid change command'],
  ['STOPSIGNAL 9', 'stopsignal is not a valid change command'],
  ['ENV', 'ENV requires at least one argument'],
  ['ENV A', 'ENV must have two arguments'],
  ['EXPOSE zz', 'Invalid containerPort: zz'],
  ['ONBUILD FROM x', "FROM isn't allowed as an ONBUILD trigger"],
  ['CMD ["a",1]', 'when using JSON array syntax, arrays must be comprised of strings only'],
  ['# c', 'file with no instructions'],
]

for (const [change, message] of failures) {
  test(`the change "${change}" is refused in Docker's words`, () => {
    assert.throws(() => applyChanges(base, [change]), { message })
  })
}
