/** Signing and checking of service account tokens (JWT, RS256) with the cluster's own key. */
import { exportJWK, importPKCS8, importSPKI, jwtVerify, SignJWT, calculateJwkThumbprint } from 'jose'
import { digestHex, digestOf } from '#base/data/digest.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'

export interface TokenKeys {
  sign(claims: JsonObject): Promise<string>
  /** The claims of a token that this key signed and that is in its time. @throws for any other. */
  verify(token: string): Promise<JsonObject>
  /** Told of each use of a token that is kept in a secret. */
  noteSecretUse?(namespace: string, secretName: string): void
  /** The public key for `/openid/v1/jwks`. */
  readonly keySet: JsonObject
}

export interface TokenKeyOptions {
  readonly clock: Clock
  readonly issuer: string
  /** PKCS #8, RSA. */
  readonly privateKey: string
  /** SPKI. */
  readonly publicKey: string
}

const algorithm = 'RS256'
/** Checked signatures that are remembered: a signature costs more to check than a whole small request. */
const checkedMax = 10_000

/** Issuer of tokens that are kept in secrets and never expire by themselves. */
export const legacyIssuer = 'kubernetes/serviceaccount'

/** Loads the keys. */
export async function createTokenKeys({ clock, issuer, privateKey, publicKey }: TokenKeyOptions): Promise<TokenKeys> {
  const signing = await importPKCS8(privateKey, algorithm)
  const checking = await importSPKI(publicKey, algorithm, { extractable: true })
  const jwk = await exportJWK(checking)
  const kid = await calculateJwkThumbprint(jwk)
  const checked = new LruCache<string, JsonObject>({ capacity: checkedMax })
  const isInTime = ({ exp, nbf }: JsonObject): boolean => {
    const seconds = clock.now() / 1000
    return (typeof exp !== 'number' || seconds < exp) && (typeof nbf !== 'number' || seconds >= nbf)
  }
  return {
    sign: (claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg: algorithm, kid }).sign(signing),
    verify: async (token) => {
      // By digest: what is remembered must not be tokens.
      const key = digestHex(digestOf(token))
      const known = checked.get(key)
      if (known !== undefined && isInTime(known)) return known
      // The world's clock decides, so that tokens expire in virtual time too; `Date` is only a carrier here.
      const currentDate = new globalThis.Date(clock.now())
      const issuers = [issuer, legacyIssuer]
      const { payload } = await jwtVerify(token, checking, { issuer: issuers, algorithms: [algorithm], currentDate })
      checked.set(key, payload as JsonObject)
      return payload as JsonObject
    },
    keySet: { keys: [{ use: 'sig', kty: jwk.kty, kid, alg: algorithm, n: jwk.n, e: jwk.e }] },
  }
}
