import assert from 'node:assert/strict'
import test from 'node:test'
import type { SpecProcess } from '#engine/runtime/oci-spec.ts'
import type { ProcessUser } from '#engine/runtime/plan-user.ts'
import { planExecProcess, readExecConfig } from './plan-exec.ts'
import type { ExecBody } from './plan-exec.ts'

const base: SpecProcess = {
  terminal: true,
  consoleSize: { height: 1, width: 2 },
  user: { uid: 0, gid: 0 },
  args: ['init'],
  env: ['PATH=/p', 'HOME=/root', 'A=1'],
  cwd: '/w',
  capabilities: {
    bounding: ['CAP_CHOWN'],
    effective: ['CAP_CHOWN'],
    permitted: ['CAP_CHOWN'],
    inheritable: [],
    ambient: [],
  },
  noNewPrivileges: true,
}
const root: ProcessUser = { uid: 0, gid: 0, additionalGids: [], home: '/root' }
const guest: ProcessUser = { uid: 7, gid: 8, additionalGids: [9], home: '/home/guest' }
const plan = (body: ExecBody, user = root, size?: readonly [number, number]): SpecProcess =>
  planExecProcess(base, readExecConfig(body), { user, allCapabilities: ['CAP_CHOWN', 'CAP_SYS_ADMIN'], size })

test('an exec is the container’s process with another command', () => {
  const planned = plan({ Cmd: ['ls'] })
  assert.deepEqual(planned.args, ['ls'])
  assert.deepEqual(planned.env, base.env)
  assert.equal(planned.cwd, '/w')
  assert.equal(planned.terminal, false)
  assert.equal(planned.consoleSize, undefined)
  assert.equal(planned.noNewPrivileges, true)
  assert.deepEqual(planned.capabilities.effective, ['CAP_CHOWN'])
})

test('variables are set, replaced and taken away', () => {
  assert.deepEqual(plan({ Cmd: ['x'], Env: ['A=2', 'B=3', 'PATH'] }).env, ['HOME=/root', 'A=2', 'B=3'])
  assert.deepEqual(plan({ Cmd: ['x'], Tty: true }).env, [...base.env, 'TERM=xterm'])
  assert.deepEqual(plan({ Cmd: ['x'], Tty: true, Env: ['TERM=vt'] }).env, [...base.env, 'TERM=vt'])
})

test('another user has another home and no capabilities in effect', () => {
  const planned = plan({ Cmd: ['x'], User: 'guest' }, guest)
  assert.deepEqual(planned.user, { uid: 7, gid: 8, additionalGids: [9] })
  assert.deepEqual(planned.env, ['PATH=/p', 'A=1', 'HOME=/home/guest'])
  assert.deepEqual(planned.capabilities.effective, [])
  assert.deepEqual(planned.capabilities.bounding, ['CAP_CHOWN'])
  assert.deepEqual(plan({ Cmd: ['x'], User: 'guest', Env: ['HOME=/mine'] }, guest).env, [
    'PATH=/p',
    'A=1',
    'HOME=/mine',
  ])
})

test('a privileged exec has every capability; a size is height and width', () => {
  assert.deepEqual(plan({ Cmd: ['x'], Privileged: true }).capabilities.effective, ['CAP_CHOWN', 'CAP_SYS_ADMIN'])
  assert.deepEqual(plan({ Cmd: ['x'], Tty: true }, root, [24, 80]).consoleSize, { height: 24, width: 80 })
  assert.equal(plan({ Cmd: ['x'], Tty: true }, root, [0, 0]).consoleSize, undefined)
  assert.equal(plan({ Cmd: ['x'], WorkingDir: '/d' }).cwd, '/d')
})
