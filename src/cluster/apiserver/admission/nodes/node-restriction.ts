/**
 * NodeRestriction: kubelets write their own node, their own pods, and what belongs to either (v1.36). The authorizer has let
 * the request through without knowing the object.
 */
import { parseSigningRequest } from '#kit/tls/certificate-request.ts'
import type { Authorizer } from '../../authorization/access.ts'
import { nodeOf } from '../../authorization/node-authorizer.ts'
import { type ApiObject, equalJson, listAt, objectAt, textAt, withMember } from '../../api-object.ts'
import type { AdmissionRequest, AdmissionStep } from '../admission.ts'
import { checkNodePod } from './node-pods.ts'
import { forbiddenLabels } from './node-labels.ts'
import { refuseNode } from './refuse-node.ts'
import { checkTokenRequest } from './node-tokens.ts'

/** The step, with the authorizer that knows which nodes may ask for other audiences. */
export function nodeRestriction(authorizer: Authorizer): AdmissionStep {
  const check = (request: AdmissionRequest): void | Promise<void> => {
    const node = nodeOf(request.user)
    if (node === undefined) return undefined
    if (node === '')
      throw refuseNode(request, `could not determine node from user ${JSON.stringify(request.user.name)}`)
    const { group, resource } = request.resource
    return checks[`${group}/${resource}`]?.(request, node, authorizer)
  }
  return {
    name: 'NodeRestriction',
    applies: ({ group, resource }, operation) =>
      operation !== 'CONNECT' && checks[`${group}/${resource}`] !== undefined,
    // Among the steps that change objects, so that a node hears of this before the object's own faults.
    mutate: (request, object) => {
      const checked = check({ ...request, object })
      return checked instanceof Promise ? checked.then(() => object) : object
    },
    announce: async (request) => check(request),
  }
}

type Check = (request: AdmissionRequest, node: string, authorizer: Authorizer) => void | Promise<void>

const checks: Readonly<Record<string, Check>> = {
  '/pods': checkNodePod,
  '/nodes': checkNode,
  '/persistentvolumeclaims': checkClaim,
  '/serviceaccounts': checkTokenRequest,
  'coordination.k8s.io/leases': checkLease,
  'storage.k8s.io/csinodes': checkCsiNode,
  'resource.k8s.io/resourceslices': checkSlice,
  'certificates.k8s.io/certificatesigningrequests': checkCertificateRequest,
}

function checkNode(request: AdmissionRequest, node: string): void {
  const { name, operation, object, old } = request
  const who = `node ${JSON.stringify(node)}`
  if (name !== node) throw refuseNode(request, `${who} is not allowed to modify node ${JSON.stringify(name)}`)
  if (operation === 'CREATE') {
    if (objectAt(object, 'spec')['configSource'] !== undefined)
      throw refuseNode(request, `${who} is not allowed to create pods with a non-nil configSource`)
    const forbidden = forbiddenLabels(undefined, object)
    if (forbidden.length > 0)
      throw refuseNode(request, `${who} is not allowed to set the following labels: ${forbidden.join(', ')}`)
  }
  if (operation === 'UPDATE') checkNodeUpdate(request, who, { object, old })
}

interface Versions {
  readonly object: ApiObject | undefined
  readonly old: ApiObject | undefined
}

function checkNodeUpdate(request: AdmissionRequest, who: string, { object, old }: Versions): void {
  const source = objectAt(object, 'spec')['configSource']
  if (source !== undefined && !equalJson(source, objectAt(old, 'spec')['configSource']))
    throw refuseNode(request, `${who} is not allowed to update configSource to a new non-nil configSource`)
  if (!equalJson(listAt(object, 'spec', 'taints'), listAt(old, 'spec', 'taints')))
    throw refuseNode(request, `${who} is not allowed to modify taints`)
  if (!equalJson(listAt(object, 'metadata', 'ownerReferences'), listAt(old, 'metadata', 'ownerReferences')))
    throw refuseNode(request, `${who} is not allowed to modify ownerReferences`)
  const forbidden = forbiddenLabels(old, object)
  if (forbidden.length > 0) throw refuseNode(request, `is not allowed to modify labels: ${forbidden.join(', ')}`)
}

/** What a kubelet says of a claim in its status. */
const writtenOfClaims = ['capacity', 'conditions', 'allocatedResourceStatuses', 'allocatedResources']

function checkClaim(request: AdmissionRequest, node: string): void {
  const { operation, subresource, object, old } = request
  if (subresource !== 'status') throw refuseNode(request, 'may only update PVC status')
  if (operation !== 'UPDATE') throw refuseNode(request, `unexpected operation ${JSON.stringify(operation)}`)
  if (equalJson(restOfClaim(object), restOfClaim(old))) return
  const who = `node ${JSON.stringify(node)}`
  throw refuseNode(request, `${who} is not allowed to update fields other than status.quantity and status.conditions`)
}

function restOfClaim(claim: ApiObject | undefined): unknown {
  if (claim === undefined) return undefined
  const { resourceVersion: _, managedFields: __, ...metadata } = claim.metadata
  const status = writtenOfClaims.reduce(
    (rest, member) => withMember(rest, member, undefined),
    objectAt(claim, 'status'),
  )
  return { ...claim, metadata, status }
}

function checkLease(request: AdmissionRequest, node: string): void {
  if (request.namespace !== 'kube-node-lease')
    throw refuseNode(request, 'can only access leases in the "kube-node-lease" system namespace')
  if (request.name !== node)
    throw refuseNode(request, 'can only access node lease with the same name as the requesting node')
}

function checkCsiNode(request: AdmissionRequest, node: string): void {
  if (request.name !== node)
    throw refuseNode(request, 'can only access CSINode with the same name as the requesting node')
}

function checkSlice(request: AdmissionRequest, node: string): void {
  const { operation, object, old } = request
  if (operation === 'UPDATE' || textAt(object ?? old, 'spec', 'nodeName') === node) return
  const verb = operation === 'CREATE' ? 'create' : 'delete'
  throw refuseNode(request, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`)
}

const signersOfNodes: ReadonlySet<string> = new Set([
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
])

function checkCertificateRequest(request: AdmissionRequest, node: string): void {
  const { operation, subresource, object } = request
  if (operation !== 'CREATE' || subresource !== '') return
  if (!signersOfNodes.has(textAt(object, 'spec', 'signerName'))) return
  const wanted = `system:node:${node}`
  if (commonNameIn(request, textAt(object, 'spec', 'request')) !== wanted)
    throw refuseNode(request, `can only create a node CSR with CN=${wanted}`)
}

function commonNameIn(request: AdmissionRequest, encoded: string): string {
  try {
    return parseSigningRequest(Buffer.from(encoded, 'base64').toString('latin1')).subject.commonName
  } catch {
    throw refuseNode(request, 'unable to parse csr: PEM block type must be CERTIFICATE REQUEST')
  }
}
