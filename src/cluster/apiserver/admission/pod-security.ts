/** PodSecurity: namespaces say by label which level of the Pod Security Standards their pods must meet. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { objectAt } from '../api-object.ts'
import { podSpecPath } from '../pod-spec-path.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { mentionedName } from './mentioned-name.ts'
import { baselineChecks, type Check, restrictedChecks } from './pod-security-checks.ts'

const prefix = 'pod-security.kubernetes.io/'
const levels: ReadonlySet<string> = new Set(['privileged', 'baseline', 'restricted'])

/** What a pod's spec violates at a level; undefined for nothing. */
export function violations(level: string, spec: JsonObject): string | undefined {
  if (level === 'privileged') return undefined
  const checks = level === 'baseline' ? baselineChecks : restrictedOrder
  const found = checks.flatMap((check) => {
    const detail = check.detail(spec)
    return detail === undefined ? [] : [`${check.reason} (${detail})`]
  })
  return found.length === 0 ? undefined : found.join(', ')
}

const replaced = new Set(restrictedChecks.map((check) => check.replaces))
const restrictedOrder: readonly Check[] = [...baselineChecks.filter(({ id }) => !replaced.has(id)), ...restrictedChecks]

interface Policy {
  readonly level: string
  readonly version: string
}

function policyOf(labels: Readonly<Record<string, string>>, mode: 'enforce' | 'warn'): Policy {
  const level = labels[`${prefix}${mode}`] ?? 'privileged'
  const version = labels[`${prefix}${mode}-version`] ?? 'latest'
  // A level that nobody knows is taken for the strictest one, as upstream does.
  return { level: levels.has(level) ? level : 'restricted', version }
}

export const podSecurity: AdmissionStep = {
  name: 'PodSecurity',
  applies: (resource, operation, subresource) =>
    (subresource === '' || subresource === 'ephemeralcontainers') &&
    (operation === 'CREATE' || operation === 'UPDATE') &&
    podSpecPath(`${resource.group}/${resource.resource}`) !== undefined,
  validate: (request) => {
    const labels = request.view.find('/namespaces', '', request.namespace)?.metadata.labels ?? {}
    const path = podSpecPath(`${request.resource.group}/${request.resource.resource}`)
    if (path === undefined || isUnchanged(request, path)) return
    const spec = objectAt(request.object, ...path)
    const isPod = path.length === 1
    if (isPod) enforce(request, spec, policyOf(labels, 'enforce'))
    const warn = policyOf(labels, 'warn')
    const found = violations(warn.level, spec)
    if (found !== undefined)
      request.warn(`would violate PodSecurity ${JSON.stringify(`${warn.level}:${warn.version}`)}: ${found}`)
  },
}

/** Updates that leave the spec alone (labels, finalizers) are never refused. */
function isUnchanged({ old, object }: AdmissionRequest, path: readonly string[]): boolean {
  return old !== undefined && JSON.stringify(objectAt(old, ...path)) === JSON.stringify(objectAt(object, ...path))
}

function enforce(request: AdmissionRequest, spec: JsonObject, { level, version }: Policy): void {
  const found = violations(level, spec)
  if (found === undefined) return
  const why = `violates PodSecurity ${JSON.stringify(`${level}:${version}`)}: ${found}`
  throw forbidden({ group: '', resource: 'pods', name: mentionedName(request) }, why)
}
