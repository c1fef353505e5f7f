/** Versions of the Engine API: which are served, and how a path names one (contract T1, T2). Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'

export const apiVersionMax = '1.51'
export const apiVersionMin = '1.21'

export interface ApiVersion {
  readonly text: string
  readonly minor: number
}

const minorOf = (text: string): number => Number(text.split('.')[1] ?? '0')

/** The version that unversioned paths get. */
export const newestVersion: ApiVersion = { text: apiVersionMax, minor: minorOf(apiVersionMax) }

/** Splits `/v1.41/containers/json` into version and the rest. @throws GantryError invalid for a version that is not served. */
export function splitVersion(path: string): { readonly version: ApiVersion; readonly rest: string } {
  const match = /^\/v(\d+)((?:\.\d+)*)(\/.*)?$/.exec(path)
  if (match === null) return { version: newestVersion, rest: path }
  const text = `${match[1]}${match[2]}`
  const [major = 0, minor = 0] = text.split('.').map(Number)
  const rank = major * 100_000 + minor
  if (rank < 100_000 + minorOf(apiVersionMin)) {
    throw new GantryError(
      'ENGINE_API_TOO_OLD',
      'invalid',
      `client version ${text} is too old. Minimum supported API version is ${apiVersionMin}, please upgrade your client to a newer version`,
      { remedy: 'Use a newer client.' },
    )
  }
  if (rank > 100_000 + newestVersion.minor) {
    throw new GantryError(
      'ENGINE_API_TOO_NEW',
      'invalid',
      `client version ${text} is too new. Maximum supported API version is ${apiVersionMax}`,
      { remedy: 'Set DOCKER_API_VERSION to a version that both sides know.' },
    )
  }
  return { version: { text, minor }, rest: match[3] ?? '/' }
}
