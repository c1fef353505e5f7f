/** What a certificate says about its holder. */
import { X509Certificate } from 'node:crypto'

export interface CertificateSubject {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string
}

/** The subject of a certificate in DER or PEM; undefined when it is none. */
export function subjectOfCertificate(certificate: Uint8Array | string): CertificateSubject | undefined {
  let parsed: X509Certificate
  try {
    parsed = new X509Certificate(certificate)
  } catch {
    return undefined
  }
  const lines = parsed.subject.split('\n').map((line) => {
    const equals = line.indexOf('=')
    return [line.slice(0, equals), unescapeName(line.slice(equals + 1))] as const
  })
  return {
    commonName: lines.find(([key]) => key === 'CN')?.[1] ?? '',
    organizations: lines.filter(([key]) => key === 'O').map(([, value]) => value),
    fingerprint: parsed.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

/** OpenSSL's text form escapes special characters with a backslash. */
function unescapeName(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1')
}

/** When a certificate (DER or PEM) ends, epoch milliseconds; undefined when it is none. */
export function certificateEndMs(certificate: Uint8Array | string): number | undefined {
  try {
    return new X509Certificate(certificate).validToDate.getTime()
  } catch {
    return undefined
  }
}
