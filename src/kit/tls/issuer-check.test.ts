import assert from 'node:assert/strict'
import { test } from 'node:test'
import { X509Certificate } from 'node:crypto'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { createAuthority, issueCertificate } from './issue-certificate.ts'
import { createIssuerCheck } from './issuer-check.ts'

const parts = { clock: createClock(), random: createRandom() }
const der = (pem: string): Uint8Array => new X509Certificate(pem).raw

test('only certificates of the named authorities pass, also where two authorities have the same name', () => {
  const [first, second] = [createAuthority(parts, 'same'), createAuthority(parts, 'same')]
  const ofFirst = der(issueCertificate(parts, first, { commonName: 'a' }).certificate)
  const ofSecond = der(issueCertificate(parts, second, { commonName: 'a' }).certificate)
  const check = createIssuerCheck(first.certificate)
  assert.equal(check(ofFirst), true)
  assert.equal(check(ofSecond), false)
  assert.equal(createIssuerCheck(first.certificate + second.certificate)(ofSecond), true)
})

test('bytes that are no certificate do not pass, and authorities without a certificate are refused', () => {
  const authority = createAuthority(parts, 'one')
  assert.equal(createIssuerCheck(authority.certificate)(Buffer.from('nothing')), false)
  assert.throws(() => createIssuerCheck('nothing'))
})
