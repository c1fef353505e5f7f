import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { subjectOfCertificate } from './certificate-subject.ts'
import { createAuthority, issueCertificate } from './issue-certificate.ts'

const parts = { clock: createClock(), random: createRandom() }

test('a certificate is signed by its authority and names what was asked for', () => {
  const authority = createAuthority(parts, 'gantry')
  const issued = issueCertificate(parts, authority, {
    commonName: 'kube-apiserver',
    dnsNames: ['kubernetes', 'localhost'],
    addresses: ['127.0.0.1', 'fd00::1'],
  })
  const parsed = new X509Certificate(issued.certificate)
  const root = new X509Certificate(authority.certificate)
  assert.ok(root.ca && !parsed.ca)
  assert.ok(parsed.verify(root.publicKey) && parsed.checkIssued(root))
  assert.equal(parsed.checkHost('localhost'), 'localhost')
  assert.equal(parsed.checkIP('127.0.0.1'), '127.0.0.1')
  assert.match(parsed.subjectAltName ?? '', /FD00:0:0:0:0:0:0:1/i)
})

test('a client certificate carries its user and groups', () => {
  const authority = createAuthority(parts, 'gantry')
  const request = { commonName: 'system:node:a+b, c', organizations: ['system:nodes', 'Übung'] }
  const { certificate } = issueCertificate(parts, authority, request)
  const subject = subjectOfCertificate(certificate)
  assert.deepEqual([subject?.commonName, subject?.organizations], [request.commonName, request.organizations])
})

test('bytes that are no certificate name nobody', () => {
  assert.equal(subjectOfCertificate(Buffer.from('hello')), undefined)
})

test('an address that is none is refused', () => {
  const authority = createAuthority(parts, 'gantry')
  assert.throws(() => issueCertificate(parts, authority, { commonName: 'a', addresses: ['1::2::3::zz'] }))
})
