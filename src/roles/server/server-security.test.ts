import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { defaultAudit } from './audit-flags.ts'
import { defaultSecurity, openServerSecurity } from './server-security.ts'

const files = createFiles()
const parts = {
  world: { clock: createClock(), files, random: createRandom() },
  log: silentLog,
  metrics: createMetrics(),
}
const policy = '{ apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{ level: Metadata }] }'
const encryption =
  '{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [{ resources: [secrets], providers: [{ identity: {} }] }] }'

test('without flags nothing is recorded and nothing sealed', async () => {
  await using scope = new AsyncDisposableStack()
  assert.deepEqual(await openServerSecurity(parts, defaultSecurity, scope), {})
})

test('the files that the flags name are read, and the log is written when the scope ends', async () => {
  await using folder = await files.temporaryDirectory('gantry-security-')
  const at = (name: string): string => `${folder.path}/${name}`
  await files.write(at('policy.yaml'), policy)
  await files.write(at('encryption.yaml'), encryption)
  {
    await using scope = new AsyncDisposableStack()
    const audit = { ...defaultAudit, policyFile: at('policy.yaml'), logPath: at('log/audit.log') }
    const opened = await openServerSecurity(
      parts,
      { ...defaultSecurity, audit, encryptionFile: at('encryption.yaml') },
      scope,
    )
    assert.equal(opened.encryption?.resources.length, 1)
    void opened.audit?.sink.write({ a: 1 })
  }
  assert.equal(readFileSync(at('log/audit.log'), 'utf8'), '{"a":1}\n')
})

test('a file that is missing or malformed stops the start', async () => {
  await using folder = await files.temporaryDirectory('gantry-security-')
  await using scope = new AsyncDisposableStack()
  const path = `${folder.path}/x.yaml`
  const open = (): Promise<unknown> => openServerSecurity(parts, { ...defaultSecurity, encryptionFile: path }, scope)
  await assert.rejects(open(), { code: 'ENOENT' })
  await files.write(path, 'kind: Something')
  await assert.rejects(open(), /invalid encryption configuration/)
})
