/** Small steps that fill pods in: tolerations for failing nodes, and what a runtime class adds. */
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { isPodCreate, isPodWrite } from './pod-requests.ts'
import { mentionedName } from './mentioned-name.ts'

const failing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
const tolerationSeconds = 300

/** DefaultTolerationSeconds: pods stay five minutes on a node that stopped answering. */
export const defaultTolerationSeconds: AdmissionStep = {
  name: 'DefaultTolerationSeconds',
  applies: isPodWrite,
  mutate: (_request, pod) => {
    const tolerations = listAt(pod, 'spec', 'tolerations')
    const missing = failing.filter(
      (key) =>
        !tolerations.some(
          (one) =>
            (textAt(one, 'key') === key || textAt(one, 'key') === '') &&
            (textAt(one, 'effect') === 'NoExecute' || textAt(one, 'effect') === ''),
        ),
    )
    if (missing.length === 0) return pod
    const added = missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }))
    return { ...pod, spec: { ...objectAt(pod, 'spec'), tolerations: [...tolerations, ...added] } }
  },
}

/** RuntimeClass: overhead and scheduling of the class, which must exist. */
export const runtimeClass: AdmissionStep = {
  name: 'RuntimeClass',
  applies: isPodCreate,
  mutate: (request, pod) => {
    const name = textAt(pod, 'spec', 'runtimeClassName')
    return name === '' ? withoutOverhead(request, pod) : withClass(request, pod, name)
  },
}

const refuse = (request: AdmissionRequest, why: string): Error =>
  forbidden({ group: '', resource: 'pods', name: mentionedName(request) }, why)

function withoutOverhead(request: AdmissionRequest, pod: ApiObject): ApiObject {
  if (objectAt(pod, 'spec')['overhead'] !== undefined)
    throw refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
  return pod
}

function withClass(request: AdmissionRequest, pod: ApiObject, name: string): ApiObject {
  const found = request.view.find('node.k8s.io/runtimeclasses', '', name)
  if (found === undefined) throw refuse(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
  const spec = objectAt(pod, 'spec')
  const overhead = objectAt(found, 'overhead')['podFixed']
  if (overhead !== undefined && spec['overhead'] !== undefined && !equalJson(overhead, spec['overhead']))
    throw refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
  const scheduling = objectAt(found, 'scheduling')
  const selector = objectAt(scheduling, 'nodeSelector')
  const own = objectAt(spec, 'nodeSelector')
  const clash = Object.keys(selector).find((key) => own[key] !== undefined && own[key] !== selector[key])
  if (clash !== undefined)
    throw refuse(
      request,
      `conflict: runtimeClass.scheduling.nodeSelector[${clash}] = ${String(selector[clash])}; pod.spec.nodeSelector[${clash}] = ${String(own[clash])}`,
    )
  const nodeSelector = { ...own, ...selector }
  const tolerations = [...listAt(spec, 'tolerations'), ...listAt(scheduling, 'tolerations')]
  return {
    ...pod,
    spec: {
      ...spec,
      ...(overhead === undefined ? {} : { overhead }),
      ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
      ...(tolerations.length === 0 ? {} : { tolerations }),
    },
  }
}
