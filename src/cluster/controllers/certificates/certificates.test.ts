import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { certificateSigningRequests } from '#clients/kubernetes/resources.table.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { parseSigningRequest } from '#kit/tls/certificate-request.ts'
import { createAuthority } from '#kit/tls/issue-certificate.ts'
import type { CertificateSigningRequest } from '#spec/kubernetes/objects/certificates-v1.generated.ts'
import { createBench } from '../bench.contract.ts'
import { startRequestApprover, startRequestCleaner, startRequestSigner } from './certificates.ts'
import { awaitsSigning, isSpent, isUndecided, lifetimeMs, recognise, signerFault } from './plan-request.ts'

/** Made with openssl req -new: a kubelet's, one of a kubelet as a server, one of a user. */
const kubelet = `MIHpMIGRAgEAMC8xFTATBgNVBAoMDHN5c3RlbTpub2RlczEWMBQGA1UEAwwNc3lz
dGVtOm5vZGU6YTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABM7Hw5/y2egIk1Ut
q5p5unXrYP0orB92cr8g9tJPnxK1dh3pFGh8nX+77hllCH78Ttl2cvOR1b07AFeT
1qlkSIygADAKBggqhkjOPQQDAgNHADBEAiAhyOK1L/1d4Yhr2Jjl1fP7SfUo6w6N
Tp58VMrPYYsyDAIgHABUoxSHMZrU8wg3MtfJ/F0XiApUNQVTt+qmJx71G6g=`
const serving = `MIIBSjCB8gIBADA8MQswCQYDVQQGEwJERTEVMBMGA1UECgwMc3lzdGVtOm5vZGVz
MRYwFAYDVQQDDA1zeXN0ZW06bm9kZTphMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEzsfDn/LZ6AiTVS2rmnm6detg/SisH3ZyvyD20k+fErV2HekUaHydf7vuGWUI
fvxO2XZy85HVvTsAV5PWqWRIjKBUMFIGCSqGSIb3DQEJDjFFMEMwQQYDVR0RBDow
OIIJYS5leGFtcGxlhwQKAAABhxD9AAAAAAAAAAAAAAAAAAABgQV4QHkueoYMc3Bp
ZmZlOi8vYS9iMAoGCCqGSM49BAMCA0cAMEQCIHDdmWkmVfK4KmzU5LTn+oOWwdvz
TSbtuSIHrwWB0tbhAiAFcMGsUarmhqB9bmXTBBE5ul7TZuhDvsazPl+kAmTiUA==`
const user = `MIICYjCCAUoCAQAwHTENMAsGA1UEAwwEamFuZTEMMAoGA1UECgwDZGV2MIIBIjAN
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
lK7/TxHTzrrxUO4xNt0jEvN29KNQLwfdxTX53vKzkmbrEu4VPKM=`

const pem = (base64: string): string =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${base64}\n-----END CERTIFICATE REQUEST-----\n`
const nowMs = 1_800_000_000_000
const hourMs = 3_600_000
const clientUsages = ['digital signature', 'key encipherment', 'client auth'] as const

function csrLike(
  base64: string,
  more: { signer?: string; usages?: readonly string[]; spec?: object; status?: object; metadata?: object } = {},
): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'csr', uid: 'u', ...more.metadata },
    spec: {
      request: Buffer.from(pem(base64)).toString('base64'),
      signerName: `kubernetes.io/${more.signer ?? 'kube-apiserver-client-kubelet'}`,
      usages: more.usages ?? clientUsages,
      username: 'system:node:a',
      groups: ['system:nodes'],
      ...more.spec,
    },
    status: more.status ?? {},
  } as CertificateSigningRequest
}

const condition = (type: string, agoMs = 0): object => ({
  type,
  status: 'True',
  lastUpdateTime: apiTime(nowMs - agoMs),
})

test('requests of kubelets as clients are recognised, by whose name they are made', () => {
  const rights = (csr: CertificateSigningRequest, base64: string): string[] =>
    recognise(csr, parseSigningRequest(pem(base64))).map(({ right }) => right)
  assert.deepEqual(rights(csrLike(kubelet), kubelet), ['selfnodeclient', 'nodeclient'])
  assert.deepEqual(rights(csrLike(kubelet, { spec: { username: 'system:bootstrap:x' } }), kubelet), ['nodeclient'])
  assert.deepEqual(rights(csrLike(kubelet, { signer: 'kube-apiserver-client' }), kubelet), [])
  assert.deepEqual(rights(csrLike(user), user), [])
  assert.deepEqual(rights(csrLike(serving), serving), [])
  assert.deepEqual(rights(csrLike(kubelet, { usages: ['client auth'] }), kubelet), [])
})

test('each signer says what it finds wrong', () => {
  const rows: [string, string, readonly string[], string | undefined][] = [
    ['kube-apiserver-client', user, ['client auth'], undefined],
    ['kube-apiserver-client', user, ['server auth'], 'invalid usage for client certificate: server auth'],
    [
      'kube-apiserver-client',
      user,
      ['digital signature'],
      'missing required usage for client certificate: client auth',
    ],
    ['kube-apiserver-client-kubelet', kubelet, clientUsages, undefined],
    ['kube-apiserver-client-kubelet', kubelet, ['digital signature', 'client auth'], undefined],
    [
      'kube-apiserver-client-kubelet',
      kubelet,
      ['client auth'],
      'usages did not match [client auth digital signature key encipherment]',
    ],
    ['kube-apiserver-client-kubelet', user, clientUsages, 'subject organization is not system:nodes'],
    ['kube-apiserver-client-kubelet', serving, clientUsages, 'DNS subjectAltNames are not allowed'],
    ['kubelet-serving', kubelet, ['digital signature', 'server auth'], 'DNS or IP subjectAltName is required'],
    ['kubelet-serving', serving, ['digital signature', 'server auth'], 'Email subjectAltNames are not allowed'],
    ['legacy-unknown', user, ['any'], undefined],
  ]
  for (const [signer, base64, usages, want] of rows)
    assert.equal(signerFault(csrLike(base64, { signer, usages }), parseSigningRequest(pem(base64))), want, signer)
})

test('approved requests of known signers await a certificate', () => {
  const rows: [boolean, boolean, object, string?][] = [
    [true, false, {}],
    [false, true, { conditions: [condition('Approved')] }],
    [false, false, { conditions: [condition('Denied')] }],
    [false, false, { conditions: [condition('Approved'), condition('Denied')] }],
    [false, false, { conditions: [condition('Approved'), condition('Failed')] }],
    [false, false, { conditions: [condition('Approved')], certificate: 'LS0t' }],
    [false, false, { conditions: [condition('Approved')] }, 'example.com/own'],
  ]
  for (const [undecided, awaits, status, signer] of rows) {
    const csr = csrLike(user, { status, ...(signer === undefined ? {} : { spec: { signerName: signer } }) })
    assert.deepEqual([isUndecided(csr), awaitsSigning(csr)], [undecided, awaits], JSON.stringify(status))
  }
})

test('a certificate lives as long as asked for, within bounds', () => {
  const lives = (seconds?: number): number =>
    lifetimeMs(csrLike(user, { spec: seconds === undefined ? {} : { expirationSeconds: seconds } }), 100 * hourMs)
  assert.deepEqual(
    [lives(), lives(7200), lives(60), lives(1_000_000)],
    [100 * hourMs, 2 * hourMs, 600_000, 100 * hourMs],
  )
})

test('requests are forgotten when they are of no use any more', () => {
  const at = { nowMs, endMs: undefined }
  const rows: [boolean, object, object?][] = [
    [false, {}, { creationTimestamp: apiTime(nowMs - 23 * hourMs) }],
    [true, {}, { creationTimestamp: apiTime(nowMs - 25 * hourMs) }],
    [false, { conditions: [condition('Denied', hourMs / 2)] }],
    [true, { conditions: [condition('Denied', 2 * hourMs)] }],
    [true, { conditions: [condition('Approved', 25 * hourMs), condition('Failed', 2 * hourMs)] }],
    [false, { conditions: [condition('Approved', 2 * hourMs)] }],
    [true, { conditions: [condition('Approved', 25 * hourMs)] }],
    [true, { conditions: [condition('Approved', 2 * hourMs)], certificate: 'LS0t' }],
  ]
  for (const [want, status, metadata = {}] of rows)
    assert.equal(isSpent(csrLike(user, { status, metadata }), at), want, JSON.stringify(status))
  const issued = csrLike(user, { status: { conditions: [condition('Approved')], certificate: 'LS0t' } })
  assert.deepEqual([isSpent(issued, at), isSpent(issued, { nowMs, endMs: nowMs })], [false, true])
})

test("a kubelet's request is approved, signed and at last forgotten; others wait for a decision", async () => {
  await using bench = createBench()
  const authority = createAuthority(bench.context, 'gantry')
  const asked: unknown[] = []
  const create = bench.api.create.bind(bench.api)
  // The API in memory answers no reviews.
  bench.api.create = async <T extends object>(resource: ApiResource<T>, object: T): Promise<T> => {
    if (resource.kind !== 'SubjectAccessReview') return create(resource, object)
    const { spec } = object as { spec?: { resourceAttributes?: { subresource?: string } } }
    asked.push(spec?.resourceAttributes?.subresource)
    return { ...object, status: { allowed: spec?.resourceAttributes?.subresource === 'nodeclient' } }
  }
  bench.start(startRequestApprover)
  bench.start((context) => startRequestSigner(context, () => authority))
  bench.start(startRequestCleaner)
  const creationTimestamp = apiTime(bench.clock.now())
  await bench.put(certificateSigningRequests, csrLike(kubelet, { metadata: { creationTimestamp } }))
  await bench.put(
    certificateSigningRequests,
    csrLike(user, { signer: 'kube-apiserver-client', metadata: { name: 'jane', creationTimestamp } }),
  )
  const wrong = csrLike(serving, { signer: 'kubelet-serving', metadata: { name: 'wrong' } })
  await bench.put(certificateSigningRequests, wrong)
  const approved = { ...condition('Approved'), lastUpdateTime: creationTimestamp }
  await bench.put(certificateSigningRequests, { metadata: { name: 'wrong' }, status: { conditions: [approved] } })
  await bench.pass(1000)
  const named = (name: string): CertificateSigningRequest | undefined =>
    bench.api.all(certificateSigningRequests).find(({ metadata }) => metadata.name === name)
  assert.deepEqual(asked, ['selfnodeclient', 'nodeclient'])
  const { conditions, certificate = '' } = named('csr')?.status ?? {}
  assert.deepEqual(
    conditions?.map(({ type, reason, message }) => [type, reason, message]),
    [['Approved', 'AutoApproved', 'Auto approving kubelet client certificate after SubjectAccessReview.']],
  )
  const parsed = new X509Certificate(Buffer.from(certificate, 'base64'))
  assert.ok(parsed.verify(new X509Certificate(authority.certificate).publicKey))
  assert.equal(named('jane')?.status?.certificate, undefined)
  assert.deepEqual(
    named('wrong')
      ?.status?.conditions?.map(({ type, reason, message }) => [type, reason, message])
      .slice(1),
    [['Failed', 'SignerValidationFailure', 'Email subjectAltNames are not allowed']],
  )
  await bench.pass(3 * hourMs)
  assert.deepEqual(
    bench.api.all(certificateSigningRequests).map(({ metadata }) => metadata.name),
    ['jane'],
  )
  await bench.pass(24 * hourMs)
  assert.equal(bench.api.all(certificateSigningRequests).length, 0)
})
