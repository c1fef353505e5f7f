/** Admission webhooks and API services (admissionregistration and apiregistration validation, v1.36). */
import type {
  MatchCondition,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../objects/admissionregistration-v1.generated.ts'
import { admissionEnvironment } from '../../cel/admission/admission-environment.ts'
import { compileExpression } from '../../cel/admission/compile-expression.ts'
import { boolType, type CelType } from '../../cel/cel-type.ts'
import type { CelEnvironment } from '../../cel/environment.ts'
import type { APIService, ServiceReference } from '../../objects/apiregistration-v1.generated.ts'
import { each, matches, matchesIfSet, oneOf, oneOfIfSet, portNumber, requiredText } from '../checks.ts'
import { duplicate, invalid, notSupported, required, tooMany, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { fullyQualifiedName } from '../format-errors.ts'
import { dns1035Label, dnsSubdomain, pathSegment, qualifiedName } from '../formats.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateLabelSelector } from '../labels.ts'
import { validateReviewVersions, validateWebhookClient } from './webhook-client.ts'

function resources(at: Path, list: readonly string[]): FieldError[] {
  if (list.length === 0) return [required(at)]
  const wildSubresources = new Set<string>()
  const wildResources = new Set<string>()
  let isPlain = false
  const errors = each(at, list, (text, itemAt) => {
    const [resource = '', ...rest] = text.split('/')
    if (text === '') return [required(itemAt)]
    if (rest.length === 0) {
      isPlain = text !== '*'
      return []
    }
    const sub = rest.join('/')
    const found: FieldError[] = []
    if (wildSubresources.has(resource)) {
      found.push(invalid(itemAt, text, `if '${resource}/*' is present, must not specify ${text}`))
    }
    if (wildResources.has(sub)) found.push(invalid(itemAt, text, `if '*/${sub}' is present, must not specify ${text}`))
    if (sub === '*') wildSubresources.add(resource)
    if (resource === '*') wildResources.add(sub)
    return found
  })
  if (list.length > 1 && list.includes('*/*')) {
    errors.push(invalid(at, list, "if '*/*' is present, must not specify other resources"))
  }
  if (!list.includes('*') || !isPlain) return errors
  return [...errors, invalid(at, list, "if '*' is present, must not specify other resources without subresources")]
}

function starAlone(at: Path, list: readonly string[], what: string): FieldError[] {
  if (list.length === 0) return [required(at)]
  if (list.length === 1 || !list.includes('*')) return []
  return [invalid(at, list, `if '*' is present, must not specify other ${what}`)]
}

/** Which requests a webhook or policy sees. */
export function validateRule(at: Path, rule: RuleWithOperations): FieldError[] {
  const versions = rule.apiVersions ?? []
  const known = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
  return [
    ...starAlone(at.child('operations'), rule.operations ?? [], 'operations'),
    ...each(at.child('operations'), rule.operations, (operation, itemAt) => oneOf(itemAt, operation, known)),
    ...starAlone(at.child('apiGroups'), rule.apiGroups ?? [], 'API groups'),
    ...starAlone(at.child('apiVersions'), versions, 'API versions'),
    ...each(at.child('apiVersions'), versions, (version, itemAt) => (version === '' ? [required(itemAt)] : [])),
    ...resources(at.child('resources'), rule.resources ?? []),
    ...oneOfIfSet(at.child('scope'), rule.scope, ['*', 'Cluster', 'Namespaced']),
  ]
}

/** What is wrong with an expression whose result must have one of some types. */
export function expressionErrors(
  at: Path,
  text: string,
  { environment, result }: { readonly environment: CelEnvironment; readonly result?: readonly CelType[] },
): FieldError[] {
  const compiled = compileExpression(text, environment, result === undefined ? {} : { result })
  return 'problem' in compiled ? [invalid(at, text, compiled.problem)] : []
}

/** CEL conditions that decide whether a request is sent. */
export function validateMatchConditions(
  at: Path,
  conditions: readonly MatchCondition[] | undefined,
  environment: CelEnvironment,
): FieldError[] {
  const list = conditions ?? []
  const seen = new Set<string>()
  const many = list.length > 64 ? [tooMany(at, list.length, 64)] : []
  const errors = each(at, list, ({ name, expression }, itemAt) => {
    const trimmed = expression.trim()
    const found = requiredText(itemAt.child('expression'), trimmed)
    if (trimmed !== '')
      found.push(...expressionErrors(itemAt.child('expression'), expression, { environment, result: [boolType] }))
    if (name === '') return [...found, required(itemAt.child('name'))]
    found.push(...matches(itemAt.child('name'), name, qualifiedName))
    if (seen.has(name)) found.push(duplicate(itemAt.child('name'), name))
    seen.add(name)
    return found
  })
  return [...many, ...errors]
}

function sideEffects(at: Path, value: string | undefined): FieldError[] {
  if (value === undefined) return [required(at, 'must specify one of None, NoneOnDryRun')]
  return oneOf(at, value, ['None', 'NoneOnDryRun'])
}

type Webhook = ValidatingWebhook | MutatingWebhook

function webhook(at: Path, hook: Webhook, environment: CelEnvironment): FieldError[] {
  const seconds = hook.timeoutSeconds ?? 10
  const isOut = seconds < 1 || seconds > 30
  const timeoutText = 'the timeout value must be between 1 and 30 seconds'
  const reinvocation = 'reinvocationPolicy' in hook ? hook.reinvocationPolicy : undefined
  return [
    ...fullyQualifiedName(at.child('name'), hook.name),
    ...each(at.child('rules'), hook.rules, (rule, itemAt) => validateRule(itemAt, rule)),
    ...oneOfIfSet(at.child('failurePolicy'), hook.failurePolicy, ['Fail', 'Ignore']),
    ...oneOfIfSet(at.child('matchPolicy'), hook.matchPolicy, ['Equivalent', 'Exact']),
    ...sideEffects(at.child('sideEffects'), hook.sideEffects),
    ...(isOut ? [invalid(at.child('timeoutSeconds'), seconds, timeoutText)] : []),
    ...validateLabelSelector(at.child('namespaceSelector'), hook.namespaceSelector),
    ...validateLabelSelector(at.child('objectSelector'), hook.objectSelector),
    ...oneOfIfSet(at.child('reinvocationPolicy'), reinvocation, ['IfNeeded', 'Never']),
    ...validateWebhookClient(at.child('clientConfig'), hook.clientConfig),
    ...validateMatchConditions(at.child('matchConditions'), hook.matchConditions, environment),
    ...validateReviewVersions(
      at.child('admissionReviewVersions'),
      hook.admissionReviewVersions ?? [],
      'must specify one of v1, v1beta1',
    ),
  ]
}

function webhooks(list: readonly Webhook[] | undefined): FieldError[] {
  const environment = admissionEnvironment({ hasAuthorizer: true, hasNamespace: false })
  const seen = new Set<string>()
  return each(path('webhooks'), list, (hook, at) => {
    const errors = webhook(at, hook, environment)
    if (hook.name !== '' && seen.has(hook.name)) errors.push(duplicate(at.child('name'), hook.name))
    seen.add(hook.name)
    return errors
  })
}

/** The rules of both kinds of webhook configurations. */
export const webhookRules: AnyKindRules = kindRules<ValidatingWebhookConfiguration | MutatingWebhookConfiguration>({
  name: dnsSubdomain,
  create: (object) => webhooks(object.webhooks),
})

function priority(member: string, value: number, max: number): FieldError[] {
  if (value > 0 && value <= max) return []
  return [invalid(path('spec', member), value, `must be positive and less than ${max}`)]
}

/** How far the server behind an API service is trusted. */
interface Trust {
  readonly isInsecure: boolean
  /** Certificates in base64, empty for none. */
  readonly bundle: string
}

/** An API service without a service is answered by this server itself: there is nobody to trust. */
function localTrust(at: Path, { isInsecure, bundle }: Trust): FieldError[] {
  const errors: FieldError[] = []
  if (bundle !== '') {
    const sizeBytes = Buffer.from(bundle, 'base64').length
    errors.push(invalid(at.child('caBundle'), `${sizeBytes} bytes`, 'local APIServices may not have a caBundle'))
  }
  if (isInsecure) {
    const text = 'local APIServices may not have insecureSkipTLSVerify'
    errors.push(invalid(at.child('insecureSkipTLSVerify'), true, text))
  }
  return errors
}

function serviceReference(at: Path, { namespace, name, port = 443 }: ServiceReference): FieldError[] {
  const isPort = portNumber(at, port).length === 0
  const portText = 'port is not valid: must be between 1 and 65535, inclusive'
  return [
    ...requiredText(at.child('namespace'), namespace),
    ...requiredText(at.child('name'), name),
    ...(isPort ? [] : [invalid(at.child('port'), port, portText)]),
  ]
}

function target(at: Path, { spec }: APIService): FieldError[] {
  const trust = { isInsecure: spec?.insecureSkipTLSVerify === true, bundle: spec?.caBundle ?? '' }
  if (spec?.service === undefined) return localTrust(at, trust)
  const errors = serviceReference(at.child('service'), spec.service)
  if (!trust.isInsecure || trust.bundle === '') return errors
  return [...errors, invalid(at.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present')]
}

/** What a client sends may have none. */
function nameOf({ metadata }: { readonly metadata: { readonly name?: string } }): string {
  return metadata.name ?? ''
}

function apiService(object: APIService): FieldError[] {
  const { group = '', version = '' } = object.spec ?? {}
  const at = path('spec')
  const wanted = `${version}.${group}`
  const name = nameOf(object)
  const nameText = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`
  const isLegacy = group === '' && version !== 'v1'
  return [
    ...(name === wanted || pathSegment(name).length > 0 ? [] : [invalid(path('metadata', 'name'), name, nameText)]),
    ...(isLegacy ? [required(at.child('group'), 'only v1 may have an empty group and it better be legacy kube')] : []),
    ...matchesIfSet(at.child('group'), group, dnsSubdomain),
    ...matches(at.child('version'), version, dns1035Label),
    ...priority('groupPriorityMinimum', object.spec?.groupPriorityMinimum ?? 0, 20000),
    ...priority('versionPriority', object.spec?.versionPriority ?? 0, 1000),
    ...target(at, object),
  ]
}

/** The rules of API services. */
export const apiServiceRules: AnyKindRules = kindRules<APIService>({
  name: pathSegment,
  create: apiService,
  status: ({ object }) =>
    each(path('status', 'conditions'), object.status?.conditions, ({ status }, at) =>
      ['True', 'False', 'Unknown'].includes(status)
        ? []
        : [notSupported(at.child('status'), status, ['True', 'False', 'Unknown'])],
    ),
})
