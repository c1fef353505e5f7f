/** Tokens that a node asks for: bound to a pod of its own, for an audience that the pod needs (v1.36). */
import type { CSIDriver } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import type { PersistentVolume, Pod, Volume } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Authorizer } from '../../authorization/access.ts'
import { type ApiObject, objectAt, textAt } from '../../api-object.ts'
import type { ClusterView } from '../../cluster-view.ts'
import { notFound } from '../../status-errors.ts'
import type { AdmissionRequest } from '../admission.ts'
import { refuseNode } from './refuse-node.ts'

/** Looks at a request for a token of a service account. @throws 403, 404. */
export function checkTokenRequest(
  request: AdmissionRequest,
  node: string,
  authorizer: Authorizer,
): void | Promise<void> {
  const { operation, subresource, object, namespace, view } = request
  if (operation !== 'CREATE' || subresource !== 'token') return
  const bound = objectAt(object, 'spec', 'boundObjectRef')
  const [name, uid] = [textAt(bound, 'name'), textAt(bound, 'uid')]
  if (textAt(bound, 'apiVersion') !== 'v1' || textAt(bound, 'kind') !== 'Pod' || name === '')
    throw refuseNode(request, 'node requested token not bound to a pod')
  if (uid === '') throw refuseNode(request, 'node requested token with a pod binding without a uid')
  const pod = view.find('/pods', namespace, name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
  if (pod.metadata.uid !== uid)
    throw refuseNode(
      request,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  if (textAt(pod, 'spec', 'nodeName') !== node)
    throw refuseNode(request, 'node requested token bound to a pod scheduled on a different node')
  return checkAudience(request, pod as unknown as Pod, authorizer)
}

async function checkAudience(request: AdmissionRequest, pod: Pod, authorizer: Authorizer): Promise<void> {
  const { object, view, user, namespace, name } = request
  const [audience = '', ...others] = audiencesOf(object)
  if (others.length > 0) throw refuseNode(request, 'node may only request 0 or 1 audiences')
  if ((pod.spec.volumes ?? []).some((volume) => needsAudience(volume, pod, { view, audience }))) return
  const { allowed } = await authorizer.decide({
    user,
    verb: 'request-serviceaccounts-token-audience',
    isResource: true,
    group: '',
    version: 'v1',
    resource: audience,
    subresource: '',
    namespace,
    name,
    path: '',
  })
  if (allowed) return
  throw refuseNode(
    request,
    `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`,
  )
}

function audiencesOf(request: ApiObject | undefined): readonly string[] {
  const { audiences } = objectAt(request, 'spec')
  return Array.isArray(audiences) ? audiences.map(String) : []
}

interface Wanted {
  readonly view: ClusterView
  readonly audience: string
}

/** Whether a volume holds a token for the audience, or its driver asks for one. */
function needsAudience(volume: Volume, pod: Pod, { view, audience }: Wanted): boolean {
  const sources = volume.projected?.sources ?? []
  const isProjected = sources.some(
    ({ serviceAccountToken: token }) => token !== undefined && (token.audience ?? '') === audience,
  )
  if (isProjected) return true
  const driver = view.find('storage.k8s.io/csidrivers', '', driverOf(volume, pod, view)) as unknown as
    | CSIDriver
    | undefined
  return (driver?.spec.tokenRequests ?? []).some((one) => one.audience === audience)
}

function driverOf({ name, csi, ephemeral, persistentVolumeClaim }: Volume, pod: Pod, view: ClusterView): string {
  if (csi !== undefined) return csi.driver
  const claimName = persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? '' : `${pod.metadata.name}-${name}`)
  if (claimName === '') return ''
  const claim = view.find('/persistentvolumeclaims', pod.metadata.namespace ?? '', claimName)
  const volume = view.find('/persistentvolumes', '', textAt(claim, 'spec', 'volumeName'))
  return (volume as unknown as PersistentVolume | undefined)?.spec?.csi?.driver ?? ''
}
