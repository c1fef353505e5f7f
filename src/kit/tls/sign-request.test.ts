import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { parseSigningRequest, type SigningRequest } from './certificate-request.ts'
import { subjectOfCertificate } from './certificate-subject.ts'
import { createAuthority } from './issue-certificate.ts'
import { endOfLifeMs, signRequest } from './sign-request.ts'

/** Made with openssl req -new: a kubelet's, one with all kinds of names, RSA and Ed25519 ones. */
const requests = {
  kubelet: `MIHpMIGRAgEAMC8xFTATBgNVBAoMDHN5c3RlbTpub2RlczEWMBQGA1UEAwwNc3lz
dGVtOm5vZGU6YTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABM7Hw5/y2egIk1Ut
q5p5unXrYP0orB92cr8g9tJPnxK1dh3pFGh8nX+77hllCH78Ttl2cvOR1b07AFeT
1qlkSIygADAKBggqhkjOPQQDAgNHADBEAiAhyOK1L/1d4Yhr2Jjl1fP7SfUo6w6N
Tp58VMrPYYsyDAIgHABUoxSHMZrU8wg3MtfJ/F0XiApUNQVTt+qmJx71G6g=`,
  names: `MIIBSjCB8gIBADA8MQswCQYDVQQGEwJERTEVMBMGA1UECgwMc3lzdGVtOm5vZGVz
MRYwFAYDVQQDDA1zeXN0ZW06bm9kZTphMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEzsfDn/LZ6AiTVS2rmnm6detg/SisH3ZyvyD20k+fErV2HekUaHydf7vuGWUI
fvxO2XZy85HVvTsAV5PWqWRIjKBUMFIGCSqGSIb3DQEJDjFFMEMwQQYDVR0RBDow
OIIJYS5leGFtcGxlhwQKAAABhxD9AAAAAAAAAAAAAAAAAAABgQV4QHkueoYMc3Bp
ZmZlOi8vYS9iMAoGCCqGSM49BAMCA0cAMEQCIHDdmWkmVfK4KmzU5LTn+oOWwdvz
TSbtuSIHrwWB0tbhAiAFcMGsUarmhqB9bmXTBBE5ul7TZuhDvsazPl+kAmTiUA==`,
  rsa: `MIICYjCCAUoCAQAwHTENMAsGA1UEAwwEamFuZTEMMAoGA1UECgwDZGV2MIIBIjAN
BgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArkKvNkUNfZQrFlXwFvQw3e4HD0Kn
8zeiXEVlfYPGJDKsK21yM4QgUR2xp96cKhs5e7dsPT/p3GAiOszCAQ+VJNIg8kaN
zS2tWx5M9bVn8fx8WW3cjGrLkjntXOU7LUh7WVmlWo7VZM+zwEq/e1MGp4FwGdGl
sq0oN9LjpBMkOnTYwJTO3Rx1XbeTUN/JCVY8PzcfwcKghmxHmh/iByS/wkL8gpyr
e2F4aiGgBdvFXev1hdA8ramsAqWoVsdiBGHKyhcfaeaq/s/7qXy8+/ZGlorVjCwp
Z7X3UE+4IvGlxdQVoMcpo3jfv6IjcvWR22yaUMqiYzVTu062OPnsyU3iiQIDAQAB
oAAwDQYJKoZIhvcNAQELBQADggEBAF7fIW4OkvHMJZGWYOuXxrf7RE3BEi9KDjka
R/Tlnwe7PG5POWShr4RQgJS/RXkRjQ/Qs5N7J+5O59x5l2b9N0ws61HElf9vjsik
Fw2S1xad/6Hg/vR46V4ELnxx1RTQtYHx8wXPENe0jQZYUh/eTAfta+jB0+HB8p2U
tkjE0UoU0dNkIHHgWnb/4l9vZmOACgz6CgI/OYW2EQ5HnRcXcHbPj85iaEzhRdc+
0s2KItCYV9YoLVxwvh2iejOGeHhbzWGXQCIwZV8DyDI0gWD+YYPy2FpOt+wkwUEM
lK7/TxHTzrrxUO4xNt0jEvN29KNQLwfdxTX53vKzkmbrEu4VPKM=`,
  ed25519: `MIGMMEACAQAwDTELMAkGA1UEAwwCZWQwKjAFBgMrZXADIQBMG5DoxtApg8JzMSea
mYjtO1DUw9He2Lok/WzsNY3Rx6AAMAUGAytlcANBAP7a27OeQey9acxQEKKNGuxt
CxG93F+Yt73o38MwzjuFOwWjAJY5qZz7tdSQqx0jZ9Q7izDT435NWMUf3ZU5nQc=`,
} as const

const pem = (base64: string, type = 'CERTIFICATE REQUEST'): string =>
  `-----BEGIN ${type}-----\n${base64}\n-----END ${type}-----\n`
const parts = { clock: createClock(), random: createRandom() }
const hourMs = 3_600_000

function sign(request: SigningRequest, usages: readonly string[], lifetimeMs = 24 * hourMs): X509Certificate {
  const authority = createAuthority(parts, 'gantry')
  return new X509Certificate(signRequest(parts, authority, { request, terms: { usages, lifetimeMs } }))
}

test('requests of every kind of key are read and their signatures checked', () => {
  for (const base64 of Object.values(requests)) assert.equal(parseSigningRequest(pem(base64)).isSignatureValid, true)
  const { subject, names } = parseSigningRequest(pem(requests.names))
  assert.deepEqual(subject, {
    commonName: 'system:node:a',
    organizations: ['system:nodes'],
    others: [['2.5.4.6', 'DE']],
  })
  assert.deepEqual(
    [names.dnsNames, names.emails, names.uris, names.addresses.map((one) => one.length)],
    [['a.example'], ['x@y.z'], ['spiffe://a/b'], [4, 16]],
  )
})

test('what is no request is refused, and so is one whose signature is not its own', () => {
  const der = Buffer.from(requests.kubelet, 'base64')
  for (const text of ['', 'nope', pem('nope'), pem(requests.kubelet, 'CERTIFICATE'), pem('A'.repeat(100_000))])
    assert.throws(() => parseSigningRequest(text), /PEM block type must be|damaged ASN.1/)
  for (let cut = 1; cut < der.length; cut += 7)
    assert.throws(() => parseSigningRequest(pem(der.subarray(0, cut).toString('base64'))), /damaged ASN.1/)
  const forged = Buffer.from(der)
  const at = forged.indexOf('system:node:a')
  forged.write('system:node:b', at)
  const request = parseSigningRequest(pem(forged.toString('base64')))
  assert.deepEqual([request.subject.commonName, request.isSignatureValid], ['system:node:b', false])
  assert.throws(() => sign(request, ['client auth']), /unable to verify certificate request signature/)
})

test('no damaged byte makes a reader fail in another way', () => {
  const der = Buffer.from(requests.names, 'base64')
  for (let at = 0; at < der.length; at++) {
    const damaged = Buffer.from(der)
    damaged[at] = (damaged[at] ?? 0) ^ 0xff
    try {
      assert.equal(parseSigningRequest(pem(damaged.toString('base64'))).isSignatureValid, false)
    } catch (error) {
      assert.match(String(error), /damaged ASN.1/)
    }
  }
})

test("a signed request keeps subject, names and key; usages and lifetime are the signer's", () => {
  const certificate = sign(parseSigningRequest(pem(requests.names)), [
    'digital signature',
    'key encipherment',
    'server auth',
  ])
  assert.match(certificate.subject, /^C=DE\nO=system:nodes\nCN=system:node:a$/)
  assert.match(certificate.subjectAltName ?? '', /DNS:a.example, email:x@y.z, IP Address:10.0.0.1, IP Address:FD00/)
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.equal(certificate.ca, false)
  const lifeMs = certificate.validToDate.getTime() - certificate.validFromDate.getTime()
  assert.equal(lifeMs, 24 * hourMs)
  const who = subjectOfCertificate(sign(parseSigningRequest(pem(requests.rsa)), ['client auth']).raw)
  assert.deepEqual([who?.commonName, who?.organizations], ['jane', ['dev']])
})

test('a certificate ends with its authority at the latest', () => {
  const minuteMs = 60_000
  assert.equal(endOfLifeMs(0, 10 * minuteMs, 100 * hourMs), 10 * minuteMs)
  assert.equal(endOfLifeMs(0, 24 * hourMs, 100 * hourMs), 24 * hourMs - 5 * minuteMs)
  assert.equal(endOfLifeMs(0, 24 * hourMs, hourMs), hourMs)
  assert.throws(() => endOfLifeMs(hourMs, hourMs, hourMs), /authority that signs certificates has expired/)
})
