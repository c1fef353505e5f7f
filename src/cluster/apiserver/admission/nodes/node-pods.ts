/** What a node may do with pods: report and end those bound to it, and mirror its static ones (v1.36). */
import type { Pod, Volume } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../../api-object.ts'
import { referencesOf } from '../../pod-references.ts'
import { notFound } from '../../status-errors.ts'
import type { AdmissionRequest } from '../admission.ts'
import { refuseNode } from './refuse-node.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

/** Looks at a write of a pod, its status or an eviction by a node. @throws 403, 404. */
export function checkNodePod(request: AdmissionRequest, node: string): void {
  const { subresource } = request
  switch (subresource) {
    case '':
      return checkPod(request, node)
    case 'status':
      return checkStatus(request, node)
    case 'eviction':
      return checkEviction(request, node)
    default:
      throw refuseNode(
        request,
        `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`,
      )
  }
}

function checkPod(request: AdmissionRequest, node: string): void {
  const { operation, old } = request
  const who = `node ${JSON.stringify(node)}`
  if (operation === 'CREATE') checkMirrorPod(request, node)
  else if (operation !== 'DELETE')
    throw refuseNode(
      request,
      `unexpected operation ${JSON.stringify(operation)}, ${who} can only create and delete mirror pods`,
    )
  else if (textAt(old, 'spec', 'nodeName') !== node)
    throw refuseNode(request, `${who} can only delete pods with spec.nodeName set to itself`)
}

function checkMirrorPod(request: AdmissionRequest, node: string): void {
  const { object } = request
  const who = `node ${JSON.stringify(node)}`
  if (object?.metadata.annotations?.[mirrorAnnotation] === undefined)
    throw refuseNode(
      request,
      `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, ${who} can only create mirror pods`,
    )
  if (textAt(object, 'spec', 'nodeName') !== node)
    throw refuseNode(request, `${who} can only create pods with spec.nodeName set to itself`)
  checkOwner(request, node, object)
  const referenced = firstReference(object as unknown as Pod)
  if (referenced !== undefined) throw refuseNode(request, `${who} can not create pods that reference ${referenced}`)
}

function checkOwner(request: AdmissionRequest, node: string, pod: ApiObject): void {
  const who = `node ${JSON.stringify(node)}`
  const [owner, ...others] = pod.metadata.ownerReferences ?? []
  if (others.length > 0)
    throw refuseNode(request, `${who} can only create pods with a single owner reference set to itself`)
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    throw refuseNode(request, `${who} can only create pods with an owner reference set to itself`)
  if (owner.controller !== true)
    throw refuseNode(request, `${who} can only create pods with a controller owner reference set to itself`)
  if (owner.blockOwnerDeletion === true)
    throw refuseNode(request, `${who} must not set blockOwnerDeletion on an owner reference`)
  const own = request.view.find('/nodes', '', node)
  if (own === undefined) throw notFound({ group: '', resource: 'nodes', name: node })
  if (own.metadata.uid !== owner.uid)
    throw refuseNode(request, `node ${node} UID mismatch: expected ${owner.uid} got ${own.metadata.uid ?? ''}`)
}

/** Volumes that need another object, and what they are said to need. */
const needyVolumes: readonly (readonly [keyof Volume, string])[] = [
  ['csi', 'csidrivers (via CSI volumes)'],
  ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'],
]
const needySources = [
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
] as const

/** The first kind of object that a pod refers to, in upstream's order and words (HasAPIObjectReference). */
function firstReference(pod: Pod): string | undefined {
  const { spec } = pod
  if ((spec.serviceAccountName ?? '') !== '') return 'serviceaccounts'
  const { secrets, configMaps } = referencesOf(pod)
  if (secrets.size > 0) return 'secrets'
  if (configMaps.size > 0) return 'configmaps'
  if ((spec.resourceClaims ?? []).length > 0) return 'resourceclaims'
  return (spec.volumes ?? []).map(needOf).find((need) => need !== undefined)
}

function needOf(volume: Volume): string | undefined {
  const needy = needyVolumes.find(([member]) => volume[member] !== undefined)
  if (needy !== undefined) return needy[1]
  const sources = volume.projected?.sources ?? []
  return needySources.find(([member]) => sources.some((source) => source[member] !== undefined))?.[1]
}

function checkStatus(request: AdmissionRequest, node: string): void {
  const { operation, object, old } = request
  if (operation !== 'UPDATE') throw refuseNode(request, `unexpected operation ${JSON.stringify(operation)}`)
  const who = `node ${JSON.stringify(node)}`
  if (textAt(old, 'spec', 'nodeName') !== node)
    throw refuseNode(request, `${who} can only update pod status for pods with spec.nodeName set to itself`)
  if (!equalJson(objectAt(object, 'metadata', 'labels'), objectAt(old, 'metadata', 'labels')))
    throw refuseNode(request, `${who} cannot update labels through pod status`)
  const claims = (pod: ApiObject | undefined): unknown => listAt(pod, 'status', 'resourceClaimStatuses')
  if (!equalJson(claims(object), claims(old))) throw refuseNode(request, `${who} cannot update resource claim statues`)
  const extended = (pod: ApiObject | undefined): unknown => objectAt(pod, 'status')['extendedResourceClaimStatus']
  if (!equalJson(extended(object), extended(old)))
    throw refuseNode(request, `${who} cannot update extended resource claim status`)
}

function checkEviction(request: AdmissionRequest, node: string): void {
  const { operation, namespace, name, object, view } = request
  if (operation !== 'CREATE') throw refuseNode(request, `unexpected operation ${operation}`)
  const podName = name === '' ? (object?.metadata.name ?? '') : name
  const pod = view.find('/pods', namespace, podName)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name: podName })
  if (textAt(pod, 'spec', 'nodeName') !== node)
    throw refuseNode(request, `node ${node} can only evict pods with spec.nodeName set to itself`)
}
