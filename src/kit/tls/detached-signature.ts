/** JSON web signatures (RFC 7515) with a shared secret, without the text that they sign. */
import { createHmac } from 'node:crypto'

/**
 * Signs a text with HMAC SHA-256.
 * @param key its identifier and the secret itself
 * @returns the compact form with an empty middle: `HEADER..SIGNATURE`
 */
export function detachedSignature(text: string, key: { readonly id: string; readonly secret: string }): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: key.id })).toString('base64url')
  const signed = `${header}.${Buffer.from(text).toString('base64url')}`
  return `${header}..${createHmac('sha256', key.secret).update(signed).digest('base64url')}`
}
