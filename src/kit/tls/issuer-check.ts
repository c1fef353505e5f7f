/** Which authority issued a certificate, where a listener trusts several for different purposes. */
import { X509Certificate } from 'node:crypto'

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/**
 * Makes a check of certificates (DER): true for those that one of the authorities in the PEM text signed itself. Only the
 * signature counts: that a certificate is in its time is checked where the connection is made.
 * @throws for text that holds no certificate.
 */
export function createIssuerCheck(authorities: string): (certificate: Uint8Array) => boolean {
  const issuers = (authorities.match(block) ?? []).map((text) => new X509Certificate(text))
  if (issuers.length === 0) throw new TypeError('no certificate in the text of the authorities')
  return (certificate) => {
    try {
      const parsed = new X509Certificate(certificate)
      return issuers.some((issuer) => parsed.checkIssued(issuer) && parsed.verify(issuer.publicKey))
    } catch {
      return false
    }
  }
}
