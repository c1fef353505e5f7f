/** Key pairs for signing tokens. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

/** PEM texts: PKCS #8 and SPKI. */
export interface SigningKeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

/** A new RSA key of 2048 bits, what verifiers of service account tokens expect. */
export async function createSigningKey(): Promise<SigningKeyPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
