/**
 * AuthorizationConfiguration (apiserver.config.k8s.io/v1): who is asked whether a request may pass, in which order. Held to
 * upstream's rules (apiserver/validation, v1.36), expressions included; pure.
 */
import { array, object } from '#base/schema/composites.ts'
import { boolean, literal, oneOf, optional, string } from '#base/schema/scalars.ts'
import type { Schema } from '#base/schema/schema.ts'
import { parseWith } from '#base/schema/validate.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseYaml } from '#kit/encoding/yaml.ts'
import {
  duplicate,
  type FieldError,
  fieldErrorText,
  invalid,
  notSupported,
  required,
} from '#spec/kubernetes/validation/field-errors.ts'
import { type Path, path } from '#spec/kubernetes/validation/field-path.ts'
import { dnsSubdomain } from '#spec/kubernetes/validation/formats.ts'
import { builtInAuthorizerTypes } from './built-in-authorizers.ts'
import { type AuthorizationWebhookSettings, compileWebhook, type WebhookConfiguration } from './compile-webhook.ts'

/** One authoriser of the file. */
export interface ConfiguredAuthorizer {
  readonly type: string
  readonly name: string
  /** Set for the type `Webhook`. */
  readonly webhook?: AuthorizationWebhookSettings
}

interface Entry {
  readonly type?: string
  readonly name?: string
  readonly webhook?: WebhookConfiguration
}

const text = optional(string())
const flag = optional(boolean())
const schema = object({
  apiVersion: oneOf(
    'apiserver.config.k8s.io/v1',
    'apiserver.config.k8s.io/v1beta1',
    'apiserver.config.k8s.io/v1alpha1',
  ),
  kind: literal('AuthorizationConfiguration'),
  authorizers: optional(
    array(
      object({
        type: text,
        name: text,
        webhook: optional(
          object({
            authorizedTTL: text,
            unauthorizedTTL: text,
            cacheAuthorizedRequests: flag,
            cacheUnauthorizedRequests: flag,
            timeout: text,
            subjectAccessReviewVersion: text,
            matchConditionSubjectAccessReviewVersion: text,
            failurePolicy: text,
            connectionInfo: optional(object({ type: text, kubeConfigFile: text })),
            matchConditions: optional(array(object({ expression: text }))),
          }),
        ),
      }),
    ),
  ),
}) as Schema<{ readonly authorizers?: readonly Entry[] }>

const webhookType = 'Webhook'
const types = [...builtInAuthorizerTypes, webhookType].toSorted()

/**
 * Reads a configuration file.
 * @param neededTypes types that must be there: those that the server was started with, on a reload.
 * @throws GantryError SCHEMA_INVALID, ENCODING_YAML, APISERVER_AUTHORIZATION_CONFIG.
 */
export function parseAuthorizationConfig(
  source: string,
  neededTypes: readonly string[] = [],
): readonly ConfiguredAuthorizer[] {
  const { authorizers = [] } = parseWith(schema, parseYaml(source).value, 'invalid authorization configuration')
  const at = path('authorizers')
  const read = authorizers.map((entry, index) => readEntry(entry, at.index(index), authorizers.slice(0, index)))
  const errors = read.flatMap((one) => one.errors)
  refuse(
    [
      ...(authorizers.length === 0 ? [required(at, 'at least one authorization mode must be defined')] : []),
      ...errors,
    ].map(fieldErrorText),
  )
  const known = read.flatMap(({ authorizer }) => authorizer ?? [])
  refuse([...nameProblems(known), ...missingTypes(known, neededTypes)])
  return known
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  const message = `invalid authorization configuration: ${problems.join(', ')}`
  throw new GantryError('APISERVER_AUTHORIZATION_CONFIG', 'invalid', message, {
    remedy: 'Correct the file that --authorization-config names.',
  })
}

interface Read {
  readonly authorizer: ConfiguredAuthorizer | undefined
  readonly errors: readonly FieldError[]
}

function readEntry(entry: Entry, at: Path, before: readonly Entry[]): Read {
  const { type = '', name = '', webhook } = entry
  const typeError = typeErrors(type, at.child('type'), before)
  if (typeError.length > 0) return { authorizer: undefined, errors: typeError }
  const errors = nameErrors(name, at.child('name'), before)
  if (type !== webhookType) {
    const why = 'may only be specified when type=Webhook'
    const stray = webhook === undefined ? [] : [invalid(at.child('webhook'), 'non-null', why)]
    return { authorizer: { type, name }, errors: [...errors, ...stray] }
  }
  if (webhook === undefined) {
    const missing = required(at.child('webhook'), 'required when type=Webhook')
    return { authorizer: undefined, errors: [...errors, missing] }
  }
  const compiled = compileWebhook(webhook, at)
  return { authorizer: { type, name, webhook: compiled.settings }, errors: [...errors, ...compiled.errors] }
}

function typeErrors(type: string, at: Path, before: readonly Entry[]): readonly FieldError[] {
  if (type === '') return [required(at)]
  if (!types.includes(type)) return [notSupported(at, type, types)]
  const isRepeated = type !== webhookType && before.some((one) => one.type === type)
  return isRepeated ? [duplicate(at, type)] : []
}

function nameErrors(name: string, at: Path, before: readonly Entry[]): readonly FieldError[] {
  if (name === '') return [required(at)]
  if (before.some((one) => one.name === name)) return [duplicate(at, name)]
  const problems = dnsSubdomain(name)
  return problems.length === 0 ? [] : [invalid(at, name, `authorizer name is invalid: ${problems.join(', ')}`)]
}

/** The server's own have the names that the older flags give them. */
function nameProblems(authorizers: readonly ConfiguredAuthorizer[]): readonly string[] {
  return authorizers
    .filter(({ type, name }) => type !== webhookType && name !== type.toLowerCase())
    .map(({ type, name }) => `expected name ${type.toLowerCase()} for authorizer ${type} instead of ${name}`)
}

function missingTypes(authorizers: readonly ConfiguredAuthorizer[], needed: readonly string[]): readonly string[] {
  const missing = needed.filter((type) => type !== webhookType && !authorizers.some((one) => one.type === type))
  return missing.length === 0 ? [] : [`missing required types: [${missing.toSorted().join(' ')}]`]
}
