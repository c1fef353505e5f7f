/** The user that a client certificate names: common name and organisations of its subject. */
import { subjectOfCertificate } from '#kit/tls/certificate-subject.ts'
import type { User } from '../user.ts'

/** The user of a certificate (DER); undefined when it names none. */
export function userOfCertificate(certificate: Uint8Array): User | undefined {
  const subject = subjectOfCertificate(certificate)
  if (subject === undefined || subject.commonName === '') return undefined
  return {
    name: subject.commonName,
    groups: subject.organizations,
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${subject.fingerprint}`] },
  }
}
