/** What a node may read and write because of the pods bound to it (node authoriser, v1.36). */
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import type { ObjectCache } from '../object-cache.ts'
import type { Access, Decision, PolicyRule } from './access.ts'
import { ruleCovers } from './match-rule.ts'

const no: Decision = { allowed: false, reason: '' }
const yes: Decision = { allowed: true, reason: '' }
const prefix = 'system:node:'

/** What every node may do; narrower by admission (NodeRestriction). */
const nodeRules: readonly PolicyRule[] = [
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews', 'localsubjectaccessreviews'],
  },
  { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] },
  {
    verbs: ['create', 'get', 'list', 'watch', 'update', 'patch', 'delete'],
    apiGroups: [''],
    resources: ['nodes'],
  },
  { verbs: ['update', 'patch'], apiGroups: [''], resources: ['nodes/status'] },
  { verbs: ['create', 'update', 'patch'], apiGroups: ['', 'events.k8s.io'], resources: ['events'] },
  { verbs: ['get', 'list', 'watch', 'create', 'delete'], apiGroups: [''], resources: ['pods'] },
  { verbs: ['update', 'patch'], apiGroups: [''], resources: ['pods/status'] },
  { verbs: ['create'], apiGroups: [''], resources: ['pods/eviction'] },
  {
    verbs: ['create', 'get', 'list', 'watch'],
    apiGroups: ['certificates.k8s.io'],
    resources: ['certificatesigningrequests'],
  },
  {
    verbs: ['get', 'create', 'update', 'patch', 'delete'],
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
  },
  { verbs: ['get', 'create', 'update', 'patch', 'delete'], apiGroups: ['storage.k8s.io'], resources: ['csinodes'] },
  { verbs: ['get', 'list', 'watch'], apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'] },
  { verbs: ['get', 'list', 'watch'], apiGroups: ['storage.k8s.io'], resources: ['csidrivers'] },
  {
    verbs: ['create', 'get', 'list', 'watch', 'update', 'patch', 'delete', 'deletecollection'],
    apiGroups: ['resource.k8s.io'],
    resources: ['resourceslices'],
  },
]

/** Resources that a node may only read when a pod on it refers to them. */
const referenced: ReadonlySet<string> = new Set([
  '/secrets',
  '/configmaps',
  '/persistentvolumeclaims',
  '/persistentvolumes',
  '/serviceaccounts',
  'storage.k8s.io/volumeattachments',
  'resource.k8s.io/resourceclaims',
])

/** The node authoriser's opinion about a member of `system:nodes`. */
// oxlint-disable-next-line complexity -- independent checks, one after the other
export function decideForNode(cache: ObjectCache, access: Access): Decision {
  const { user, group, resource } = access
  if (!user.name.startsWith(prefix) || !access.isResource) return no
  const node = user.name.slice(prefix.length)
  const name = `${group}/${resource}`
  if (!referenced.has(name)) return nodeRules.some((rule) => ruleCovers(rule, access)) ? yes : no
  if (name === '/serviceaccounts') {
    const isToken = access.verb === 'create' && access.subresource === 'token'
    return isToken && podsOn(cache, node, access.namespace).some((pod) => accountOf(pod) === access.name) ? yes : no
  }
  if (!['get', 'list', 'watch'].includes(access.verb) || access.name === '') return no
  if (name === 'storage.k8s.io/volumeattachments') {
    const attachment = cache.collection(name).get(access.name)?.value
    return textAt(attachment, 'spec', 'nodeName') === node ? yes : no
  }
  if (name === '/persistentvolumes') {
    const volume = cache.collection(name).get(access.name)?.value
    const claim = objectAt(volume, 'spec', 'claimRef')
    const pods = podsOn(cache, node, textAt(claim, 'namespace'))
    return pods.some((pod) => refersTo(pod, '/persistentvolumeclaims', textAt(claim, 'name'))) ? yes : no
  }
  return podsOn(cache, node, access.namespace).some((pod) => refersTo(pod, name, access.name)) ? yes : no
}

function accountOf(pod: ApiObject): string {
  return textAt(pod, 'spec', 'serviceAccountName')
}

function podsOn(cache: ObjectCache, node: string, namespace: string): readonly ApiObject[] {
  return Array.from(cache.collection('/pods').range(`${namespace}/`), (stored) => stored.value).filter(
    (pod) => textAt(pod, 'spec', 'nodeName') === node,
  )
}

/** Members that name an object of a kind, wherever they stand in a pod. */
const references: Readonly<Record<string, (member: string, value: unknown) => string | undefined>> = {
  '/secrets': (member, value) => {
    if (member === 'secret') return textAt(value, 'secretName') || textAt(value, 'name')
    return /^(?:secretRef|secretKeyRef|nodePublishSecretRef|imagePullSecret)$/.test(member)
      ? textAt(value, 'name')
      : undefined
  },
  '/configmaps': (member, value) =>
    /^(?:configMap|configMapRef|configMapKeyRef)$/.test(member) ? textAt(value, 'name') : undefined,
  '/persistentvolumeclaims': (member, value) =>
    member === 'persistentVolumeClaim' ? textAt(value, 'claimName') : undefined,
  'resource.k8s.io/resourceclaims': (member, value) =>
    member === 'resourceClaimName' && typeof value === 'string' ? value : undefined,
}

function refersTo(pod: ApiObject, kind: string, name: string): boolean {
  if (kind === '/secrets' && listAt(pod, 'spec', 'imagePullSecrets').some((secret) => secret['name'] === name))
    return true
  const read = references[kind]
  return read !== undefined && contains(pod.spec, (member, value) => read(member, value) === name)
}

function contains(value: unknown, test: (member: string, value: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([member, inner]) => test(member, inner) || contains(inner, test))
}
