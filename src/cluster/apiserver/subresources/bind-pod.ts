/** Bindings: the scheduler's decision that a pod runs on a node. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { builtInTypes, type SchemaType } from '#spec/kubernetes/schema/type-rows.ts'
import { admitSubresource } from '../admission/admit-subresource.ts'
import { type ApiObject, listAt, objectAt, textAt, withMetadata } from '../api-object.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import { changeDirectly } from '../writes/change-live.ts'
import { decodeBody } from '../wire/decode-body.ts'
import { subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { badRequest, conflict, unexplained, unknownResource } from '../status-errors.ts'

const bindingType = builtInTypes.find('io.k8s.api.core.v1.Binding')
const specType = builtInTypes.find('io.k8s.api.core.v1.PodSpec')
const statusType = builtInTypes.find('io.k8s.api.core.v1.PodStatus')

/** POST pods/NAME/binding, or POST bindings with the pod's name. @throws 400, 404, 409, 500. */
export async function bindPod(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const own = { apiVersion: 'v1', kind: 'Binding', type: bindingType }
  const decoded = decodeBody(request, own)
  const named = decoded.metadata.name ?? ''
  const name = request.name || named
  if (named !== name) throw badRequest('name in URL does not match name in Binding object')
  checkTarget(decoded)
  const pods = parts.resources.find('', 'v1', 'pods')
  if (pods === undefined) throw unknownResource()
  const podRequest: ApiRequest = { ...request, resource: pods, subresource: 'binding', verb: 'update', name }
  const binding = await admitSubresource(parts, { ...podRequest, verb: 'create' }, { object: decoded, own })
  await changeDirectly(parts, podRequest, (pod) => bound(podRequest, pod, { binding, now: parts.view.now() }))
  return {
    form: 'value',
    code: 201,
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

/** Upstream has no status for these, and answers as if itself had failed. */
function checkTarget(binding: ApiObject): void {
  const kind = textAt(binding, 'target', 'kind')
  const problems = [
    ...(kind === '' || kind === 'Node'
      ? []
      : [`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`]),
    ...(textAt(binding, 'target', 'name') === '' ? ['target.name: Required value'] : []),
  ]
  if (problems.length > 0) throw unexplained(problems.length === 1 ? problems.join('') : `[${problems.join(', ')}]`)
}

function bound(
  request: ApiRequest,
  pod: ApiObject,
  { binding, now }: { readonly binding: ApiObject; readonly now: string },
): ApiObject {
  const node = textAt(binding, 'target', 'name')
  const current = textAt(pod, 'spec', 'nodeName')
  const name = pod.metadata.name ?? ''
  const subject = subjectOf(request)
  const uid = binding.metadata.uid ?? ''
  if (uid !== '' && uid !== pod.metadata.uid)
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid ?? ''}`,
    )
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(
      { ...subject, resource: 'pods/binding' },
      `pod ${name} is being deleted, cannot be assigned to a host`,
    )
  if (current !== '')
    throw conflict(
      { ...subject, resource: 'pods/binding' },
      `pod ${name} is already assigned to node ${JSON.stringify(current)}`,
    )
  if (listAt(pod, 'spec', 'schedulingGates').length > 0)
    throw conflict({ ...subject, resource: 'pods/binding' }, `pod ${name} has non-empty .spec.schedulingGates`)
  const { annotations, labels } = binding.metadata
  const marked = withMetadata(pod, {
    ...(annotations === undefined ? {} : { annotations: merged(pod.metadata.annotations, annotations) }),
    ...(labels === undefined ? {} : { labels: merged(pod.metadata.labels, labels) }),
  })
  const others = listAt(pod, 'status', 'conditions').filter((condition) => condition['type'] !== 'PodScheduled')
  // With a node of its own the pod holds no claim to another any more.
  const { nominatedNodeName: _nominated, ...status } = objectAt(pod, 'status')
  const condition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: now,
  }
  return {
    ...marked,
    spec: withField(specType, objectAt(pod, 'spec'), ['nodeName', node]),
    status: withField(statusType, status, ['conditions', [...others, condition]]),
  }
}

const merged = (map: Readonly<Record<string, string>> = {}, more: Readonly<Record<string, string>>): typeof map =>
  Object.fromEntries(Object.entries({ ...map, ...more }).sort(([a], [b]) => (a < b ? -1 : 1)))

/** A struct with a further field in its place: nothing puts in order what goes around the pipeline. */
function withField(
  type: SchemaType | undefined,
  value: JsonObject,
  [name, member]: readonly [string, unknown],
): JsonObject {
  const indexOf = (key: string): number => type?.struct?.byName.get(key)?.index ?? 0
  const place = indexOf(name)
  const out: Record<string, unknown> = {}
  let isPlaced = false
  for (const key of Object.keys(value)) {
    if (!isPlaced && indexOf(key) >= place) {
      out[name] = member
      isPlaced = true
    }
    if (key !== name) out[key] = value[key]
  }
  if (!isPlaced) out[name] = member
  return out
}
