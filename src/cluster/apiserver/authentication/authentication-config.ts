/**
 * AuthenticationConfiguration (apiserver.config.k8s.io/v1): issuers of JWTs, how their claims become users, and where
 * nobody may ask. Held to upstream's rules (apiserver/validation, v1.36), expressions included.
 */
import { array, object } from '#base/schema/composites.ts'
import { boolean, literal, oneOf, optional, string } from '#base/schema/scalars.ts'
import type { Schema } from '#base/schema/schema.ts'
import { parseWith } from '#base/schema/validate.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseYaml } from '#kit/encoding/yaml.ts'
import { forbidden, type FieldError, fieldErrorText } from '#spec/kubernetes/validation/field-errors.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { type CompiledIssuer, compileIssuer } from './compile-issuer.ts'
import type { JwtAuthenticator } from './jwt-authenticator.ts'

/** A checked configuration. */
export interface AuthenticationConfig {
  readonly issuers: readonly CompiledIssuer[]
  /** Where requests without credentials are answered; undefined leaves that to the flag. */
  readonly anonymous: boolean | readonly string[] | undefined
}

const text = string()
const mapping = object({ claim: optional(text), prefix: optional(text), expression: optional(text) })
const jwt: Schema<JwtAuthenticator> = object({
  issuer: object({
    url: text,
    discoveryURL: optional(text),
    certificateAuthority: optional(text),
    audiences: optional(array(text)),
    audienceMatchPolicy: optional(text),
    egressSelectorType: optional(text),
  }),
  claimValidationRules: optional(
    array(
      object({
        claim: optional(text),
        requiredValue: optional(text),
        expression: optional(text),
        message: optional(text),
      }),
    ),
  ),
  claimMappings: object({
    username: mapping,
    groups: optional(mapping),
    uid: optional(object({ claim: optional(text), expression: optional(text) })),
    extra: optional(array(object({ key: text, valueExpression: text }))),
  }),
  userValidationRules: optional(array(object({ expression: text, message: optional(text) }))),
}) as Schema<JwtAuthenticator>

interface File {
  readonly jwt?: readonly JwtAuthenticator[]
  readonly anonymous?: { readonly enabled?: boolean; readonly conditions?: readonly { readonly path: string }[] }
}

const schema = object({
  apiVersion: oneOf('apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1beta1'),
  kind: literal('AuthenticationConfiguration'),
  jwt: optional(array(jwt)),
  anonymous: optional(object({ enabled: optional(boolean()), conditions: optional(array(object({ path: text }))) })),
}) as Schema<File>

const issuersMost = 64

/**
 * Reads a configuration file.
 * @param ownIssuers issuers of the server's own tokens, which nobody else may be.
 * @throws GantryError SCHEMA_INVALID, ENCODING_YAML, APISERVER_AUTHENTICATION_CONFIG.
 */
export function parseAuthenticationConfig(source: string, ownIssuers: readonly string[]): AuthenticationConfig {
  const file = parseWith(schema, parseYaml(source).value, 'invalid authentication configuration')
  const { issuers, errors } = compileAll(file.jwt ?? [], ownIssuers)
  refuse([...errors, ...anonymousErrors(file)], 'Correct the file that --authentication-config names.')
  return { issuers, anonymous: anonymousOf(file) }
}

/**
 * Checks issuers that did not come from a file.
 * @throws GantryError APISERVER_AUTHENTICATION_CONFIG.
 */
export function compileIssuers(
  list: readonly JwtAuthenticator[],
  ownIssuers: readonly string[],
): readonly CompiledIssuer[] {
  const { issuers, errors } = compileAll(list, ownIssuers)
  refuse(errors, 'Correct the --oidc flags.')
  return issuers
}

interface Compiled {
  readonly issuers: readonly CompiledIssuer[]
  readonly errors: readonly FieldError[]
}

function compileAll(list: readonly JwtAuthenticator[], ownIssuers: readonly string[]): Compiled {
  const at = path('jwt')
  const compiled = list.map((one, index) =>
    compileIssuer(one, at.index(index), { ownIssuers, before: list.slice(0, index) }),
  )
  const many = list.length > issuersMost ? [forbidden(at, `must have at most ${issuersMost} items`)] : []
  return {
    issuers: compiled.flatMap(({ issuer }) => issuer ?? []),
    errors: [...many, ...compiled.flatMap((one) => one.errors)],
  }
}

function refuse(errors: readonly FieldError[], remedy: string): void {
  if (errors.length === 0) return
  const message = `invalid authentication configuration: ${errors.map(fieldErrorText).join(', ')}`
  throw new GantryError('APISERVER_AUTHENTICATION_CONFIG', 'invalid', message, { remedy })
}

function anonymousErrors({ anonymous }: File): readonly FieldError[] {
  if (anonymous === undefined || anonymous.enabled === true || (anonymous.conditions ?? []).length === 0) return []
  return [forbidden(path('anonymous', 'conditions'), 'enabled should be set to true when conditions are defined')]
}

function anonymousOf({ anonymous }: File): boolean | readonly string[] | undefined {
  if (anonymous === undefined) return undefined
  const paths = (anonymous.conditions ?? []).map((condition) => condition.path)
  return anonymous.enabled === true && paths.length > 0 ? paths : anonymous.enabled === true
}
