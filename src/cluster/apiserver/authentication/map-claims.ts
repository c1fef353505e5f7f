/** Claims of a checked token to the user that they name, by the rules of its issuer (oidc authenticator, v1.36). Pure. */
import { perCallLimit } from '#spec/kubernetes/cel/cel-limits.ts'
import { CelList, type CelValue } from '#spec/kubernetes/cel/cel-value.ts'
import type { CelProgram } from '#spec/kubernetes/cel/compile-cel.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { User } from '../user.ts'
import type { ClaimSource, CompiledIssuer, ValidationRule } from './compile-issuer.ts'

/** Why claims name nobody. */
export class ClaimsRefused extends Error {}

function evaluate(program: CelProgram, variables: Readonly<Record<string, unknown>>, what: string): CelValue {
  const outcome = program.evaluate(variables, { costLimit: perCallLimit })
  if ('value' in outcome) return outcome.value
  throw new ClaimsRefused(`error evaluating ${what} expression: ${outcome.failure.message}`)
}

/** Texts of a value that is a text, a list of texts, or nothing. */
function textsOf(value: CelValue, what: string): readonly string[] {
  if (value === null || value === '') return []
  if (typeof value === 'string') return [value]
  const items = value instanceof CelList ? [...value] : undefined
  if (items?.every((item) => typeof item === 'string') === true) return items.filter((item) => item !== '')
  throw new ClaimsRefused(`${what} expression must return a string or a list of strings`)
}

function textOf(value: CelValue, what: string): string {
  if (typeof value === 'string') return value
  throw new ClaimsRefused(`${what} expression must return a string`)
}

function claimText(claims: JsonObject, claim: string, what: string): string {
  const value = claims[claim]
  if (typeof value === 'string') return value
  throw new ClaimsRefused(`parse ${what} claims ${JSON.stringify(claim)}: claim not present or no string`)
}

function usernameOf({ username }: CompiledIssuer, claims: JsonObject): string {
  if ('program' in username) {
    const name = textOf(evaluate(username.program, { claims }, 'username claim'), 'username claim')
    if (name === '') throw new ClaimsRefused('empty username via CEL expression is not allowed')
    return name
  }
  const { claim, prefix } = username
  const name = claimText(claims, claim, 'username')
  // Addresses that the issuer knows to be unverified name nobody.
  if (claim === 'email' && claims['email_verified'] !== undefined && claims['email_verified'] !== true) {
    throw new ClaimsRefused('email not verified')
  }
  return `${prefix}${name}`
}

function groupsOf({ groups }: CompiledIssuer, claims: JsonObject): readonly string[] {
  if (groups === undefined) return []
  if ('program' in groups) return textsOf(evaluate(groups.program, { claims }, 'group claim'), 'group claim')
  const value = claims[groups.claim]
  if (value === undefined) return []
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value]
  if (!list.every((one) => typeof one === 'string')) throw new ClaimsRefused(`parse groups claim ${groups.claim}`)
  return list.map((one) => `${groups.prefix}${one}`)
}

function uidOf(uid: ClaimSource | undefined, claims: JsonObject): string | undefined {
  if (uid === undefined) return undefined
  return 'program' in uid
    ? textOf(evaluate(uid.program, { claims }, 'uid claim'), 'uid claim')
    : claimText(claims, uid.claim, 'uid')
}

function extraOf({ extra }: CompiledIssuer, claims: JsonObject): Readonly<Record<string, readonly string[]>> {
  const entries = extra.map(
    ({ key, program }) => [key, textsOf(evaluate(program, { claims }, 'extra claim'), 'extra claim')] as const,
  )
  return Object.fromEntries(entries.filter(([, values]) => values.length > 0))
}

function hold(rules: readonly ValidationRule[], variables: Readonly<Record<string, unknown>>, what: string): void {
  for (const { program, message } of rules) {
    if (evaluate(program, variables, what) === true) continue
    throw new ClaimsRefused(`validation expression '${program.text}' failed${message === '' ? '' : `: ${message}`}`)
  }
}

/** The user of a token. @throws ClaimsRefused when the issuer's rules do not let it name one. */
export function userOfClaims(issuer: CompiledIssuer, claims: JsonObject): User {
  const name = usernameOf(issuer, claims)
  const groups = groupsOf(issuer, claims)
  const uid = uidOf(issuer.uid, claims)
  const extra = extraOf(issuer, claims)
  for (const { claim, value } of issuer.requiredClaims) {
    if (claims[claim] !== value) throw new ClaimsRefused(`required claim ${claim} is not present or has another value`)
  }
  hold(issuer.claimRules, { claims }, 'claim validation')
  const info = { username: name, uid: uid ?? '', groups, extra }
  hold(issuer.userRules, { user: info }, 'user validation')
  return {
    name,
    groups,
    ...(uid === undefined || uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}
