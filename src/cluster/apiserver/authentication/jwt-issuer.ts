/** Tokens of issuers outside: their keys are fetched from where the issuer says, and anew when a token names another. */
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { messageOf } from '#base/errors/gantry-error.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { User } from '../user.ts'
import type { CompiledIssuer } from './compile-issuer.ts'
import { userOfClaims } from './map-claims.ts'

/** Fetches a JSON document over HTTPS. @throws when it cannot be had. */
export type FetchDocument = (url: string, certificateAuthority: string) => Promise<unknown>

/** Says whose a bearer token is; undefined for tokens that are somebody else's to know. */
export interface TokenAuthenticator {
  userOf(token: string): Promise<User | undefined>
}

export interface JwtDeps {
  readonly clock: Clock
  readonly log: Log
  readonly fetchDocument: FetchDocument
}

const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512']
/** Keys are not asked for more often than this, whatever tokens say. */
const refetchMs = 10_000
/** Clocks differ. */
const leewaySeconds = 10

type KeySet = ReturnType<typeof createLocalJWKSet>

/** The keys of one issuer, fetched when first needed. */
class IssuerKeys {
  readonly #issuer: CompiledIssuer
  readonly #deps: JwtDeps
  #keys: KeySet | undefined
  #fetching: Promise<KeySet> | undefined
  #fetchedMs = Number.NEGATIVE_INFINITY

  constructor(issuer: CompiledIssuer, deps: JwtDeps) {
    this.#issuer = issuer
    this.#deps = deps
  }

  /** @param isStale the known keys did not fit: they are fetched anew, unless that was just done. */
  async get(isStale: boolean): Promise<KeySet> {
    const isFresh = this.#deps.clock.now() - this.#fetchedMs < refetchMs
    if (this.#keys !== undefined && (!isStale || isFresh)) return this.#keys
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetch(): Promise<KeySet> {
    const { url, discoveryUrl, certificateAuthority } = this.#issuer
    this.#fetchedMs = this.#deps.clock.now()
    const document = await this.#deps.fetchDocument(discoveryUrl, certificateAuthority)
    if (!isJsonObject(document) || document['issuer'] !== url) {
      throw new Error(`the issuer of ${discoveryUrl} is not ${url}`)
    }
    const keysUrl = document['jwks_uri']
    if (typeof keysUrl !== 'string' || !keysUrl.startsWith('https://')) throw new Error(`${discoveryUrl} names no keys`)
    const keys = await this.#deps.fetchDocument(keysUrl, certificateAuthority)
    this.#keys = createLocalJWKSet(keys as JSONWebKeySet)
    return this.#keys
  }
}

/** Checks the tokens of one issuer. */
export function createJwtAuthenticator(issuer: CompiledIssuer, deps: JwtDeps): TokenAuthenticator {
  const keys = new IssuerKeys(issuer, deps)
  const verify = async (token: string, isStale: boolean): Promise<JsonObject> => {
    const { payload } = await jwtVerify(token, await keys.get(isStale), {
      issuer: issuer.url,
      audience: [...issuer.audiences],
      algorithms,
      clockTolerance: leewaySeconds,
      requiredClaims: ['exp'],
      // The world's clock decides; `Date` is only a carrier here.
      currentDate: new globalThis.Date(deps.clock.now()),
    })
    return payload as JsonObject
  }
  return {
    userOf: async (token) => {
      if (issuerOf(token) !== issuer.url) return undefined
      try {
        const claims = await verify(token, false).catch(async (error: unknown) => {
          // A key that is not known yet, or a signature by one that took its name.
          if (!isAboutKeys(error)) throw error
          return verify(token, true)
        })
        return userOfClaims(issuer, claims)
      } catch (error) {
        deps.log.debug('a token of an issuer was refused', { issuer: issuer.url, why: messageOf(error) })
        return undefined
      }
    },
  }
}

function isAboutKeys(error: unknown): boolean {
  const code = (error as { readonly code?: string }).code
  return code === 'ERR_JWKS_NO_MATCHING_KEY' || code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'
}

/** The issuer that a token says it is of, before anything is checked. */
function issuerOf(token: string): string | undefined {
  if (token.split('.').length !== 3) return undefined
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}
