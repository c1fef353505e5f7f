/** An issuer of an AuthenticationConfiguration, checked and its expressions compiled (apiserver/validation, v1.36). Pure. */
import { boolType, type CelType, dynType, listType, mapType, stringType } from '#spec/kubernetes/cel/cel-type.ts'
import type { CelProgram } from '#spec/kubernetes/cel/compile-cel.ts'
import { compileExpression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import { type CelEnvironment, celEnvironment } from '#spec/kubernetes/cel/environment.ts'
import { parseCel } from '#spec/kubernetes/cel/parse-cel.ts'
import { type CelNode, nodesBelow } from '#spec/kubernetes/cel/syntax-tree.ts'
import { duplicate, type FieldError, invalid, required } from '#spec/kubernetes/validation/field-errors.ts'
import type { Path } from '#spec/kubernetes/validation/field-path.ts'
import { domainPrefixedPath } from '#spec/kubernetes/validation/format-errors.ts'
import type { ClaimOrExpression, JwtAuthenticator } from './jwt-authenticator.ts'

/** How one member of a user comes out of claims. */
export type ClaimSource = { readonly claim: string; readonly prefix: string } | { readonly program: CelProgram }

export interface ValidationRule {
  readonly program: CelProgram
  readonly message: string
}

/** An issuer whose tokens can be checked and mapped. */
export interface CompiledIssuer {
  readonly url: string
  /** Where the issuer describes itself. */
  readonly discoveryUrl: string
  /** PEM of the authorities to trust; '' for the system's. */
  readonly certificateAuthority: string
  readonly audiences: readonly string[]
  readonly username: ClaimSource
  readonly groups: ClaimSource | undefined
  readonly uid: ClaimSource | undefined
  readonly extra: readonly { readonly key: string; readonly program: CelProgram }[]
  readonly requiredClaims: readonly { readonly claim: string; readonly value: string }[]
  readonly claimRules: readonly ValidationRule[]
  readonly userRules: readonly ValidationRule[]
}

const userType: CelType = {
  kind: 'object',
  name: 'kubernetes.UserInfo',
  fields: new Map(
    Object.entries({
      username: stringType,
      uid: stringType,
      groups: listType(stringType),
      extra: mapType(stringType, listType(stringType)),
    }).map(([name, type]) => [name, { name, type }]),
  ),
}
interface ExpressionKind {
  readonly environment: CelEnvironment
  /** Types that the result may have; any where it is looked at later. */
  readonly result?: readonly CelType[]
}

const ofClaims: ExpressionKind = {
  environment: celEnvironment({ variables: { claims: mapType(stringType, dynType) } }),
}
const ruleOfClaims: ExpressionKind = { ...ofClaims, result: [boolType] }
const ruleOfUser: ExpressionKind = {
  environment: celEnvironment({ variables: { user: userType } }),
  result: [boolType],
}

interface Others {
  readonly ownIssuers: readonly string[]
  readonly before: readonly JwtAuthenticator[]
}

/** Compiles, and gathers what is wrong. */
class IssuerReader {
  readonly errors: FieldError[] = []

  compile(at: Path, expression: string, { environment, result }: ExpressionKind): CelProgram | undefined {
    if (expression === '') {
      this.errors.push(required(at, 'expression is required'))
      return undefined
    }
    const compiled = compileExpression(expression, environment, {
      hidesType: true,
      ...(result === undefined ? {} : { result }),
    })
    if ('program' in compiled) return compiled.program
    this.errors.push(invalid(at, expression, compiled.problem))
    return undefined
  }

  source(at: Path, given: ClaimOrExpression | undefined, isNeeded: boolean): ClaimSource | undefined {
    const { claim = '', expression = '', prefix } = given ?? {}
    if (claim !== '' && expression !== '') {
      this.errors.push(invalid(at, '', "claim and expression can't both be set"))
      return undefined
    }
    if (expression !== '') {
      if (prefix !== undefined) {
        this.errors.push(invalid(at.child('prefix'), prefix, 'prefix may not be specified when expression is set'))
      }
      const program = this.compile(at.child('expression'), expression, ofClaims)
      return program === undefined ? undefined : { program }
    }
    if (claim === '') {
      if (isNeeded) this.errors.push(required(at, 'claim or expression is required'))
      return undefined
    }
    return { claim, prefix: prefix ?? '' }
  }

  needPrefix(at: Path, given: ClaimOrExpression | undefined): void {
    if ((given?.claim ?? '') === '' || given?.prefix !== undefined) return
    this.errors.push(
      required(
        at.child('prefix'),
        'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
      ),
    )
  }
}

/** The issuer, or what is wrong with it. */
export function compileIssuer(
  given: JwtAuthenticator,
  at: Path,
  others: Others,
): { readonly issuer: CompiledIssuer | undefined; readonly errors: readonly FieldError[] } {
  const reader = new IssuerReader()
  reader.errors.push(...issuerErrors(given.issuer, at.child('issuer'), others))
  const claimRules = claimRulesOf(reader, given, at.child('claimValidationRules'))
  const mappingsAt = at.child('claimMappings')
  const { username, groups, uid } = given.claimMappings
  const mapped = {
    username: reader.source(mappingsAt.child('username'), username, true),
    groups: reader.source(mappingsAt.child('groups'), groups, false),
    uid: reader.source(mappingsAt.child('uid'), uid, false),
  }
  reader.needPrefix(mappingsAt.child('username'), username)
  reader.needPrefix(mappingsAt.child('groups'), groups)
  const extra = extraOf(reader, given, mappingsAt.child('extra'))
  reader.errors.push(...emailErrors(given, mappingsAt))
  const userRules = userRulesOf(reader, given, at.child('userValidationRules'))
  if (reader.errors.length > 0 || mapped.username === undefined) return { issuer: undefined, errors: reader.errors }
  const { url, discoveryURL, certificateAuthority = '', audiences = [] } = given.issuer
  const issuer: CompiledIssuer = {
    url,
    discoveryUrl:
      (discoveryURL ?? '') !== '' ? String(discoveryURL) : `${url.replace(/\/$/, '')}/.well-known/openid-configuration`,
    certificateAuthority,
    audiences,
    ...mapped,
    username: mapped.username,
    extra,
    requiredClaims: (given.claimValidationRules ?? []).flatMap(({ claim = '', requiredValue = '' }) =>
      claim === '' ? [] : [{ claim, value: requiredValue }],
    ),
    claimRules,
    userRules,
  }
  return { issuer, errors: [] }
}

function urlErrors(at: Path, url: string): readonly FieldError[] {
  if (!URL.canParse(url)) return [invalid(at, url, 'URL scheme must be https')]
  const { protocol, username, password, search, hash } = new URL(url)
  const wrong = [
    [protocol !== 'https:', 'URL scheme must be https'],
    [username !== '' || password !== '', 'URL must not contain a username or password'],
    [search !== '', 'URL must not contain a query'],
    [hash !== '', 'URL must not contain a fragment'],
  ] as const
  return wrong.flatMap(([isWrong, why]) => (isWrong ? [invalid(at, url, why)] : []))
}

function issuerErrors(issuer: JwtAuthenticator['issuer'], at: Path, { ownIssuers, before }: Others): FieldError[] {
  const { url, certificateAuthority = '', egressSelectorType = '' } = issuer
  const urlAt = at.child('url')
  const errors: FieldError[] = url === '' ? [required(urlAt)] : [...urlErrors(urlAt, url)]
  if (ownIssuers.includes(url)) {
    errors.push(invalid(urlAt, url, `URL must not overlap with disallowed issuers: [${ownIssuers.join(' ')}]`))
  }
  if (before.some((one) => one.issuer.url === url)) errors.push(duplicate(urlAt, url))
  errors.push(...discoveryErrors(issuer, at.child('discoveryURL'), before), ...audienceErrors(issuer, at))
  if (certificateAuthority !== '' && !certificateAuthority.includes('-----BEGIN CERTIFICATE-----')) {
    const why = 'data does not contain any valid RSA or ECDSA certificates'
    errors.push(invalid(at.child('certificateAuthority'), '<omitted>', why))
  }
  if (egressSelectorType !== '' && !['controlplane', 'cluster'].includes(egressSelectorType)) {
    const why = 'egress selector must be either controlplane or cluster'
    errors.push(invalid(at.child('egressSelectorType'), egressSelectorType, why))
  }
  return errors
}

function discoveryErrors(
  { url, discoveryURL }: JwtAuthenticator['issuer'],
  at: Path,
  before: readonly JwtAuthenticator[],
): FieldError[] {
  if (discoveryURL === undefined || discoveryURL === '') return []
  const plain = (text: string): string => text.replace(/\/+$/, '')
  const isSame = plain(discoveryURL) === plain(url)
  return [
    ...(isSame ? [invalid(at, discoveryURL, 'discoveryURL must be different from URL')] : []),
    ...urlErrors(at, discoveryURL),
    ...(before.some((one) => one.issuer.discoveryURL === discoveryURL) ? [duplicate(at, discoveryURL)] : []),
  ]
}

function audienceErrors(
  { audiences = [], audienceMatchPolicy = '' }: JwtAuthenticator['issuer'],
  at: Path,
): FieldError[] {
  const audiencesAt = at.child('audiences')
  if (audiences.length === 0) return [required(audiencesAt, `at least one ${audiencesAt.toString()} is required`)]
  const policyAt = at.child('audienceMatchPolicy')
  const errors = audiences.flatMap((audience, index) => [
    ...(audience === '' ? [required(audiencesAt.index(index))] : []),
    ...(audiences.indexOf(audience) < index ? [duplicate(audiencesAt.index(index), audience)] : []),
  ])
  if (audienceMatchPolicy === 'MatchAny') return errors
  if (audiences.length > 1) {
    errors.push(invalid(policyAt, audienceMatchPolicy, 'audienceMatchPolicy must be MatchAny for multiple audiences'))
  } else if (audienceMatchPolicy !== '') {
    const why = 'audienceMatchPolicy must be empty or MatchAny for single audience'
    errors.push(invalid(policyAt, audienceMatchPolicy, why))
  }
  return errors
}

type ClaimRule = NonNullable<JwtAuthenticator['claimValidationRules']>[number]
const noRule = { claim: '', requiredValue: '', expression: '', message: '' }

/** What is wrong with the members of a rule, its expression aside. */
function claimRuleErrors(rule: ClaimRule, at: Path, isRepeated: boolean): readonly FieldError[] {
  const { claim, requiredValue, expression, message } = { ...noRule, ...rule }
  if (claim !== '' && expression !== '') return [invalid(at, claim, "claim and expression can't both be set")]
  if (claim === '' && expression === '') return [required(at, 'claim or expression is required')]
  const [member, other, value] =
    claim === '' ? ['expression', 'requiredValue', requiredValue] : ['claim', 'message', message]
  const why = `may not be specified when ${member} is set`
  return [
    ...(value === '' ? [] : [invalid(at.child(other), value, why)]),
    ...(isRepeated ? [duplicate(at.child(member), claim === '' ? expression : claim)] : []),
  ]
}

function claimRulesOf(
  reader: IssuerReader,
  { claimValidationRules: rules = [] }: JwtAuthenticator,
  at: Path,
): ValidationRule[] {
  const keyOf = ({ claim = '', expression = '' }: ClaimRule): string => JSON.stringify([claim, expression])
  return rules.flatMap((rule, index) => {
    const isRepeated = rules.slice(0, index).some((one) => keyOf(one) === keyOf(rule))
    reader.errors.push(...claimRuleErrors(rule, at.index(index), isRepeated))
    const { claim, expression, message } = { ...noRule, ...rule }
    if (claim !== '' || expression === '' || isRepeated) return []
    const program = reader.compile(at.index(index).child('expression'), expression, ruleOfClaims)
    return program === undefined ? [] : [{ program, message }]
  })
}

function userRulesOf(
  reader: IssuerReader,
  { userValidationRules: rules = [] }: JwtAuthenticator,
  at: Path,
): ValidationRule[] {
  return rules.flatMap(({ expression, message = '' }, index) => {
    const ruleAt = at.index(index).child('expression')
    if (rules.slice(0, index).some((one) => one.expression === expression)) {
      reader.errors.push(duplicate(ruleAt, expression))
      return []
    }
    const program = reader.compile(ruleAt, expression, ruleOfUser)
    return program === undefined ? [] : [{ program, message }]
  })
}

const reservedKey = /^(?:.*\.)?(?:kubernetes|k8s)\.io\//

function extraOf(
  reader: IssuerReader,
  { claimMappings: { extra = [] } }: JwtAuthenticator,
  at: Path,
): CompiledIssuer['extra'] {
  return extra.flatMap(({ key, valueExpression }, index) => {
    const keyAt = at.index(index).child('key')
    reader.errors.push(...domainPrefixedPath(keyAt, key))
    if (key !== key.toLowerCase()) reader.errors.push(invalid(keyAt, key, 'must be lowercase'))
    if (reservedKey.test(key)) {
      const why = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'
      reader.errors.push(invalid(keyAt, key, why))
    }
    if (extra.slice(0, index).some((one) => one.key === key)) {
      reader.errors.push(duplicate(keyAt, key))
      return []
    }
    const program = reader.compile(at.index(index).child('valueExpression'), valueExpression, ofClaims)
    return program === undefined ? [] : [{ key, program }]
  })
}

/** Whether an expression reads a claim by its name. */
function readsClaim(expression: string | undefined, claim: string): boolean {
  const reads = (node: CelNode): boolean => {
    const isIt =
      node.kind === 'select' && node.field === claim && node.operand.kind === 'ident' && node.operand.name === 'claims'
    return isIt || nodesBelow(node).some(reads)
  }
  try {
    return expression !== undefined && reads(parseCel(expression))
  } catch {
    return false
  }
}

/** An address that nobody verified names nobody: who reads it must read whether it was verified too. */
function emailErrors({ claimMappings, claimValidationRules = [] }: JwtAuthenticator, at: Path): FieldError[] {
  const { username, extra = [] } = claimMappings
  if (!readsClaim(username.expression, 'email')) return []
  const expressions = [
    username.expression,
    ...extra.map(({ valueExpression }) => valueExpression),
    ...claimValidationRules.map(({ expression }) => expression),
  ]
  if (expressions.some((expression) => readsClaim(expression, 'email_verified'))) return []
  const why =
    'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression'
  return [invalid(at.child('username', 'expression'), username.expression ?? '', why)]
}
