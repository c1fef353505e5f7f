/** Audit policies (audit.k8s.io/v1): which requests are recorded, at which level and stages. The first rule that fits decides. */
import { array, object } from '#base/schema/composites.ts'
import { boolean, literal, oneOf, optional, refine, string, unknown } from '#base/schema/scalars.ts'
import type { OptionalSchema, Schema } from '#base/schema/schema.ts'
import { parseWith } from '#base/schema/validate.ts'
import { parseYaml } from '#kit/encoding/yaml.ts'
import type { User } from '../user.ts'
import type { RequestInfo } from '../request-info.ts'

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse'
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic'

interface GroupResources {
  readonly group?: string
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

interface Rule {
  readonly level: AuditLevel
  readonly users?: readonly string[]
  readonly userGroups?: readonly string[]
  readonly verbs?: readonly string[]
  readonly resources?: readonly GroupResources[]
  readonly namespaces?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly omitStages?: readonly AuditStage[]
  readonly omitManagedFields?: boolean
}

/** A checked policy. */
export interface AuditPolicy {
  readonly rules: readonly Rule[]
  readonly omitStages?: readonly AuditStage[]
  readonly omitManagedFields?: boolean
}

const strings = optional(array(string()))
const stages: OptionalSchema<readonly AuditStage[]> = optional(
  array(oneOf('RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic')),
)

const groupResources: Schema<GroupResources> = refine(
  object({ group: optional(string()), resources: strings, resourceNames: strings }),
  ({ resources = [], resourceNames = [] }) =>
    resourceNames.length > 0 && resources.length === 0
      ? 'using resourceNames requires at least one resource'
      : undefined,
)

const path: Schema<string> = refine(string(), (text) => {
  if (text === '*') return undefined
  if (!text.startsWith('/')) return "non-resource URL rules must begin with a '/' character"
  const isInside = text.slice(0, -1).includes('*')
  return isInside ? "non-resource URL wildcards '*' must be the final character of the rule" : undefined
})

const ruleSchema: Schema<Rule> = refine(
  object({
    level: oneOf('None', 'Metadata', 'Request', 'RequestResponse'),
    users: strings,
    userGroups: strings,
    verbs: strings,
    resources: optional(array(groupResources)),
    namespaces: strings,
    nonResourceURLs: optional(array(path)),
    omitStages: stages,
    omitManagedFields: optional(boolean()),
  }),
  ({ nonResourceURLs = [], resources = [], namespaces = [] }) =>
    nonResourceURLs.length > 0 && resources.length + namespaces.length > 0
      ? 'rules cannot apply to both regular resources and non-resource URLs'
      : undefined,
)

const policySchema: Schema<AuditPolicy> = object({
  apiVersion: literal('audit.k8s.io/v1'),
  kind: literal('Policy'),
  metadata: optional(unknown()),
  rules: array(ruleSchema, { lengthMin: 1 }),
  omitStages: stages,
  omitManagedFields: optional(boolean()),
})

/** Reads a policy file. @throws GantryError SCHEMA_INVALID, ENCODING_YAML. */
export function parseAuditPolicy(text: string): AuditPolicy {
  return parseWith(policySchema, parseYaml(text).value, 'invalid audit policy')
}

/** What is recorded of one request. */
export interface AuditScope {
  readonly level: AuditLevel
  readonly omitStages: ReadonlySet<AuditStage>
  readonly omitManagedFields: boolean
}

export interface AuditedRequest {
  readonly user: User
  readonly info: RequestInfo
  readonly path: string
}

/** What the policy says about a request; nothing is recorded where no rule fits. */
export function scopeOf(policy: AuditPolicy, request: AuditedRequest): AuditScope {
  const rule = policy.rules.find((one) => fits(one, request))
  return {
    level: rule?.level ?? 'None',
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])]),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  }
}

/** An absent or empty list takes everything. */
function takes(list: readonly string[] | undefined, ...values: readonly string[]): boolean {
  return list === undefined || list.length === 0 || values.some((value) => list.includes(value))
}

function fits(rule: Rule, request: AuditedRequest): boolean {
  const { user, info } = request
  const isAsked = takes(rule.users, user.name) && takes(rule.userGroups, ...user.groups) && takes(rule.verbs, info.verb)
  return isAsked && fitsTarget(rule, request)
}

/** Resources, paths, or everything. */
function fitsTarget(
  { namespaces = [], resources = [], nonResourceURLs = [] }: Rule,
  { info, path: asked }: AuditedRequest,
): boolean {
  if (namespaces.length + resources.length > 0)
    return info.isResource && takes(namespaces, info.namespace) && fitsResources(resources, info)
  return nonResourceURLs.length === 0 || (!info.isResource && nonResourceURLs.some((url) => fitsPath(url, asked)))
}

function fitsPath(url: string, asked: string): boolean {
  return url === asked || (url.endsWith('*') && asked.startsWith(url.slice(0, -1)))
}

function fitsResources(lists: readonly GroupResources[], info: RequestInfo): boolean {
  if (lists.length === 0) return true
  const { group, resource, subresource, name } = info
  const whole = subresource === '' ? resource : `${resource}/${subresource}`
  const patterns = ['*', whole, `${resource}/*`, ...(subresource === '' ? [] : [`*/${subresource}`])]
  return lists.some(
    (list) =>
      ((list.group ?? '') === group || list.group === '*') &&
      takes(list.resources, ...patterns) &&
      takes(list.resourceNames, name),
  )
}
