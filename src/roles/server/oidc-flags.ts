/** One issuer of tokens by flags, kube-apiserver's older way to say what an AuthenticationConfiguration says; pure. */
import type { JwtAuthenticator } from '#cluster/apiserver/authentication/jwt-authenticator.ts'

/** The flags as they stand on the command line. */
export interface OidcFlags {
  readonly issuerUrl: string
  readonly clientId: string
  /** Path of the issuer's authorities. */
  readonly authorityFile: string | undefined
  readonly usernameClaim: string
  /** Undefined: the issuer and `#` before all names but addresses; `-` for none. */
  readonly usernamePrefix: string | undefined
  readonly groupsClaim: string
  readonly groupsPrefix: string
  readonly requiredClaims: Readonly<Record<string, string>>
}

export const noOidc: OidcFlags = {
  issuerUrl: '',
  clientId: '',
  authorityFile: undefined,
  usernameClaim: 'sub',
  usernamePrefix: undefined,
  groupsClaim: '',
  groupsPrefix: '',
  requiredClaims: {},
}

export const oidcHelp = `      --oidc-issuer-url URL, --oidc-client-id ID, --oidc-ca-file FILE
                            Believe the tokens of one issuer; more of them need --authentication-config
      --oidc-username-claim, --oidc-username-prefix, --oidc-groups-claim, --oidc-groups-prefix NAME
                            Who they name (default sub, with the issuer before it)
      --oidc-required-claim KEY=VALUE               What they must say; may be repeated
`

type Read = (value: string, so: OidcFlags, absolute: (path: string) => string) => OidcFlags | undefined

/** What each flag's value changes; undefined for a value that it cannot have. */
export const oidcReaders: Readonly<Record<string, Read>> = {
  '--oidc-issuer-url': (issuerUrl, so) => ({ ...so, issuerUrl }),
  '--oidc-client-id': (clientId, so) => ({ ...so, clientId }),
  '--oidc-ca-file': (value, so, absolute) => ({ ...so, authorityFile: absolute(value) }),
  '--oidc-username-claim': (usernameClaim, so) => ({ ...so, usernameClaim }),
  '--oidc-username-prefix': (usernamePrefix, so) => ({ ...so, usernamePrefix }),
  '--oidc-groups-claim': (groupsClaim, so) => ({ ...so, groupsClaim }),
  '--oidc-groups-prefix': (groupsPrefix, so) => ({ ...so, groupsPrefix }),
  '--oidc-required-claim': (value, so) => {
    const at = value.indexOf('=')
    if (at < 1) return undefined
    return { ...so, requiredClaims: { ...so.requiredClaims, [value.slice(0, at)]: value.slice(at + 1) } }
  },
}

/** What the flags cannot mean; undefined when they are fine. */
export function oidcProblem(so: OidcFlags, authenticationFile: string | undefined): string | undefined {
  if ((so.issuerUrl === '') !== (so.clientId === '')) return '--oidc-issuer-url and --oidc-client-id go together'
  if (so.issuerUrl !== '' && authenticationFile !== undefined)
    return '--authentication-config and the --oidc flags are two ways to say the same: use one of them'
  return undefined
}

/** Names get the issuer in front, so that no two issuers name the same user; addresses do not. */
function prefixOf({ usernamePrefix, usernameClaim, issuerUrl }: OidcFlags): string {
  if (usernamePrefix === '-') return ''
  if (usernamePrefix !== undefined && usernamePrefix !== '') return usernamePrefix
  return usernameClaim === 'email' ? '' : `${issuerUrl}#`
}

/** The issuer that the flags describe; undefined when they name none. @param authorities PEM of `authorityFile`. */
export function oidcIssuer(so: OidcFlags, authorities: string): JwtAuthenticator | undefined {
  const { issuerUrl: url, clientId, usernameClaim, groupsClaim, groupsPrefix, requiredClaims } = so
  if (url === '') return undefined
  const required = Object.entries(requiredClaims)
  return {
    issuer: { url, audiences: [clientId], ...(authorities === '' ? {} : { certificateAuthority: authorities }) },
    claimMappings: {
      username: { claim: usernameClaim, prefix: prefixOf(so) },
      ...(groupsClaim === '' ? {} : { groups: { claim: groupsClaim, prefix: groupsPrefix } }),
    },
    ...(required.length === 0
      ? {}
      : { claimValidationRules: required.map(([claim, requiredValue]) => ({ claim, requiredValue })) }),
  }
}
