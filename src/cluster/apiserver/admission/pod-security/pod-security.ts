/**
 * PodSecurity: namespaces say by label which level of the Pod Security Standards their pods must meet, which their makers are
 * warned of, and which is noted with the audit.
 */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../../api-object.ts'
import { podSpecPath } from '../../pod-spec-path.ts'
import { forbidden } from '../../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from '../admission.ts'
import { mentionedName } from '../mentioned-name.ts'
import { printViolations, violationsOf } from './pod-security-checks.ts'
import { checkNamespace } from './pod-security-namespace.ts'
import type { CheckedPod } from './pod-security-parts.ts'
import { type LevelVersion, printLevel, type SecurityPolicy, securityPolicyOf } from './pod-security-policy.ts'

const annotationPrefix = 'pod-security.kubernetes.io/'

/** Subresources through which a pod's containers change. */
const podParts: ReadonlySet<string> = new Set(['', 'ephemeralcontainers', 'resize'])

export const podSecurity: AdmissionStep = {
  name: 'PodSecurity',
  applies: ({ group, resource }, operation, subresource) => {
    if (operation !== 'CREATE' && operation !== 'UPDATE') return false
    const path = podSpecPath(`${group}/${resource}`)
    if (path?.length === 1) return podParts.has(subresource)
    return subresource === '' && (path !== undefined || (group === '' && resource === 'namespaces'))
  },
  validate: (request) => {
    const path = podSpecPath(`${request.resource.group}/${request.resource.resource}`)
    if (path === undefined) checkNamespace(request)
    else checkPods(request, path)
  },
}

function checkPods(request: AdmissionRequest, path: readonly string[]): void {
  const { object, old, view, namespace } = request
  const policy = securityPolicyOf(view.find('/namespaces', '', namespace)?.metadata.labels ?? {})
  if (isPermissive(policy)) return
  const isPod = path.length === 1
  const owner = isPod ? object : objectAt(object, ...path.slice(0, -1))
  const pod = { annotations: annotationsOf(owner), spec: objectAt(object, ...path) }
  if (isPod && old !== undefined && !changesContainers(objectAt(old, ...path), pod.spec)) return
  evaluate(request, policy, { pod, isPod })
}

function isPermissive({ enforce, audit, warn, causes }: SecurityPolicy): boolean {
  return causes.length === 0 && [enforce, audit, warn].every(({ level }) => level === 'privileged')
}

function annotationsOf(owner: ApiObject | JsonObject | undefined): CheckedPod['annotations'] {
  return objectAt(owner, 'metadata', 'annotations') as CheckedPod['annotations']
}

/** Whether an update of a pod brings containers or images: all else that may change violates nothing. */
function changesContainers(before: JsonObject, after: JsonObject): boolean {
  const images = (spec: JsonObject, list: string): readonly string[] =>
    listAt(spec, list).map((container) => textAt(container, 'image'))
  if (['containers', 'initContainers'].some((list) => !equalJson(images(before, list), images(after, list))))
    return true
  const there = new Map(listAt(before, 'ephemeralContainers').map((one) => [textAt(one, 'name'), textAt(one, 'image')]))
  return listAt(after, 'ephemeralContainers').some((one) => there.get(textAt(one, 'name')) !== textAt(one, 'image'))
}

/** Controllers are told what their pods would violate; only pods are refused. */
function evaluate(
  request: AdmissionRequest,
  { enforce, audit, warn }: SecurityPolicy,
  { pod, isPod }: { readonly pod: CheckedPod; readonly isPod: boolean },
): void {
  const wouldViolate = (level: LevelVersion, tell: (text: string) => void): void => {
    const found = violationsOf(level, pod)
    if (found.length > 0)
      tell(`would violate PodSecurity ${JSON.stringify(printLevel(level))}: ${printViolations(found)}`)
  }
  wouldViolate(audit, (text) => request.annotate?.(`${annotationPrefix}audit-violations`, text))
  if (isPod) {
    request.annotate?.(`${annotationPrefix}enforce-policy`, printLevel(enforce))
    const found = violationsOf(enforce, pod)
    if (found.length > 0) {
      const why = `violates PodSecurity ${JSON.stringify(printLevel(enforce))}: ${printViolations(found)}`
      throw forbidden({ group: '', resource: 'pods', name: mentionedName(request) }, why)
    }
  }
  wouldViolate(warn, (text) => request.warn(text))
}
