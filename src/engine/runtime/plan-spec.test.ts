import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planCapabilities } from './plan-capabilities.ts'
import { planDeviceRules, planRlimits } from './plan-resources.ts'
import { planDefaultSeccomp } from './plan-seccomp.ts'
import { parseSecurityOptions } from './plan-spec.ts'
import { planUser } from './plan-user.ts'

const allBits = 2n ** 41n - 1n
const accounts = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/var/www:/bin/false\n',
  group: 'root:x:0:\nwww:x:33:\nextra:x:70:www,root\n',
}

test('a container gets the fourteen default capabilities, less what is dropped', () => {
  assert.equal(planCapabilities({ add: [], drop: [], privileged: false }, allBits).granted.length, 14)
  assert.ok(!planCapabilities({ add: [], drop: ['CHOWN'], privileged: false }, allBits).granted.includes('CAP_CHOWN'))
  assert.deepEqual(planCapabilities({ add: ['CHOWN'], drop: ['ALL'], privileged: false }, allBits).granted, [
    'CAP_CHOWN',
  ])
})

test('a capability that we do not hold is withheld, not an error', () => {
  const plan = planCapabilities({ add: ['SYS_RESOURCE'], drop: [], privileged: false }, allBits & ~(1n << 24n))
  assert.deepEqual(plan.withheld, ['CAP_SYS_RESOURCE'])
  assert.equal(plan.granted.length, 14)
})

test('an unknown capability is refused by its full name', () => {
  assert.throws(
    () => planCapabilities({ add: ['NOSUCH'], drop: [], privileged: false }, allBits),
    /invalid CapAdd: unknown capability: "CAP_NOSUCH"/,
  )
})

test('a user is found by name or number, with the groups of the account', () => {
  assert.deepEqual(planUser('', [], accounts), { uid: 0, gid: 0, additionalGids: [0, 70], home: '/root' })
  assert.deepEqual(planUser('33', [], accounts), { uid: 33, gid: 33, additionalGids: [33, 70], home: '/var/www' })
  assert.deepEqual(planUser('www:extra', ['0', '777'], accounts), {
    uid: 33,
    gid: 70,
    additionalGids: [70, 0, 777],
    home: '/var/www',
  })
  assert.deepEqual(planUser('4321', [], { passwd: '', group: '' }), {
    uid: 4321,
    gid: 0,
    additionalGids: [0],
    home: '/',
  })
  assert.throws(
    () => planUser('nosuch', [], accounts),
    /unable to find user nosuch: no matching entries in passwd file/,
  )
  assert.throws(
    () => planUser('0:nosuch', [], accounts),
    /unable to find group nosuch: no matching entries in group file/,
  )
  assert.throws(() => planUser('4294967296', [], accounts), /uids and gids must be in range/)
})

test('namespace-making clone flags stay closed unless CAP_SYS_ADMIN is held', () => {
  const plain = planDefaultSeccomp([], 'amd64')
  assert.ok(plain.syscalls?.some((rule) => rule.names.includes('clone') && rule.args !== undefined))
  const admin = planDefaultSeccomp(['CAP_SYS_ADMIN'], 'amd64')
  assert.ok(admin.syscalls?.[0]?.names.includes('mount'))
  assert.ok(!admin.syscalls?.some((rule) => rule.names.includes('clone3') && rule.action === 'SCMP_ACT_ERRNO'))
})

test('limits are clamped to our own hard limits when they cannot be raised', () => {
  const own = (): { hard: bigint } => ({ hard: 20_000n })
  const plan = planRlimits([{ Name: 'nofile', Soft: 1024, Hard: 100_000 }], own, false)
  assert.deepEqual(plan, { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 20_000 }], clamped: ['nofile'] })
  assert.deepEqual(planRlimits([{ Name: 'core', Soft: -1, Hard: -1 }], own, true).rlimits, [
    { type: 'RLIMIT_CORE', soft: Infinity, hard: Infinity },
  ])
})

test('device rules start from nothing and privileged containers get everything', () => {
  assert.deepEqual(planDeviceRules(true, [], []), [{ allow: true, access: 'rwm' }])
  const rules = planDeviceRules(false, [], ['c 42:* rmw', 'nonsense'])
  assert.deepEqual(rules[0], { allow: false, access: 'rwm' })
  assert.deepEqual(rules.at(-1), { allow: true, type: 'c', major: 42, access: 'rmw' })
})

test('security options are read in both spellings', () => {
  assert.deepEqual(parseSecurityOptions(['no-new-privileges', 'seccomp:unconfined', 'apparmor=unconfined']), {
    noNewPrivileges: true,
    seccomp: 'unconfined',
    apparmor: 'unconfined',
    systemPathsUnconfined: false,
  })
})
