/** Defaults of pods, their containers and volumes (core/v1, v1.36). */
import { amountsJson, amountsOf } from '#base/data/amounts.ts'
import { isReference } from '#spec/oci/reference.ts'
import { amountsTogether } from '../pods/pod-containers.ts'
import { copyIn, type DefaultRule, type Draft, fillAbsent, fillZero, hasMembers, listAt, objectAt } from './draft.ts'

/** `Always` for images that may move: tag `latest`, or neither tag nor digest. A name that is none does not move. */
export function pullPolicyOf(image: unknown): 'Always' | 'IfNotPresent' {
  const name = typeof image === 'string' ? image : ''
  const last = name.slice(name.lastIndexOf('/') + 1)
  const [beforeDigest = '', digest] = last.split('@')
  const colon = beforeDigest.indexOf(':')
  const tag = colon < 0 ? '' : beforeDigest.slice(colon + 1)
  const mayMove = tag === 'latest' || (tag === '' && digest === undefined)
  return mayMove && isReference(name) ? 'Always' : 'IfNotPresent'
}

const container: DefaultRule = (draft) =>
  fillZero(draft, {
    imagePullPolicy: pullPolicyOf(draft['image']),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  })

const podSpec: DefaultRule = (draft) => {
  fillZero(draft, { dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', schedulerName: 'default-scheduler' })
  fillAbsent(draft, { securityContext: {}, terminationGracePeriodSeconds: 30 })
  settleAccount(draft)
}

/** `serviceAccount` is the old name of `serviceAccountName`: both are always there, and the newer one wins. */
function settleAccount(draft: Draft): void {
  const name = draft['serviceAccountName'] || draft['serviceAccount']
  if (typeof name !== 'string' || name === '') return
  if (draft['serviceAccountName'] !== name) draft['serviceAccountName'] = name
  if (draft['serviceAccount'] !== name) draft['serviceAccount'] = name
}

const volume: DefaultRule = (draft) => {
  const hasSource = Object.keys(draft).some((key) => key !== 'name' && draft[key] !== null && draft[key] !== undefined)
  if (!hasSource) draft['emptyDir'] = {}
}

const pod: DefaultRule = (draft) => {
  const before = objectAt(draft, 'spec')
  const spec = { ...before }
  fillAbsent(spec, { enableServiceLinks: true })
  // Only here: templates keep what they say.
  if (Number(spec['terminationGracePeriodSeconds']) < 0) spec['terminationGracePeriodSeconds'] = 1
  for (const key of ['containers', 'initContainers']) {
    if (Array.isArray(spec[key])) spec[key] = podContainers(spec[key] as Draft[], spec['hostNetwork'] === true)
  }
  if (hasMembers(objectAt(spec, 'resources', 'limits')) || hasMembers(objectAt(spec, 'resources', 'requests')))
    podResources(spec)
  // A spec that lacks nothing stays the one it is, so that it need not be gone through.
  if (before === undefined || Object.keys(spec).some((key) => spec[key] !== before[key])) draft['spec'] = spec
}

function podContainers(items: readonly Draft[], hostNetwork: boolean): readonly Draft[] {
  const filled = items.map((item) => podContainer(item, hostNetwork))
  return filled.every((item, i) => item === items[i]) ? items : filled
}

/** Requests follow limits, and host ports follow container ports on the host's network: in pods, never in templates. */
function podContainer(item: Draft, hostNetwork: boolean): Draft {
  const limits = objectAt(item, 'resources', 'limits')
  const requests = objectAt(item, 'resources', 'requests') ?? {}
  const followsLimits = limits !== undefined && Object.keys(limits).some((key) => requests[key] === undefined)
  const fillsPorts = hostNetwork && Array.isArray(item['ports'])
  if (!followsLimits && !fillsPorts) return item
  const draft = { ...item }
  if (followsLimits) copyIn(draft, 'resources')['requests'] = { ...limits, ...requests }
  if (fillsPorts) {
    draft['ports'] = listAt(draft, 'ports').map((port) => {
      const copy = { ...port }
      fillZero(copy, { hostPort: copy['containerPort'] })
      return copy
    })
  }
  return draft
}

/** What the containers of a pod need together. */
function aggregate(spec: Draft, what: 'limits' | 'requests'): Readonly<Record<string, string>> {
  const lists = { containers: listAt(spec, 'containers'), initContainers: listAt(spec, 'initContainers') }
  return amountsJson(amountsTogether(lists, (item) => amountsOf(objectAt(item, 'resources', what))))
}

const isHugePages = (key: string): boolean => key.startsWith('hugepages-')

/** Pod-level resources: huge page limits come from the containers, requests from the containers or the pod's limits. */
function podResources(spec: Draft): void {
  const resources = copyIn(spec, 'resources')
  const named = { ...(resources['limits'] as Draft | undefined), ...(resources['requests'] as Draft | undefined) }
  const limits = { ...(resources['limits'] as Draft | undefined) }
  for (const [key, value] of Object.entries(aggregate(spec, 'limits')))
    if (isHugePages(key) && named[key] === undefined) limits[key] = value
  if (!hasMembers(limits)) return
  const requests = { ...(resources['requests'] as Draft | undefined) }
  const asked = aggregate(spec, 'requests')
  for (const [key, value] of Object.entries(limits)) {
    if (requests[key] !== undefined || !(key === 'cpu' || key === 'memory' || isHugePages(key))) continue
    requests[key] = isHugePages(key) ? value : (asked[key] ?? value)
  }
  Object.assign(resources, { limits, requests })
}

const mode: DefaultRule = (draft) => fillAbsent(draft, { defaultMode: 420 })

/** Rules by type name below `io.k8s.api.`. */
export const podDefaults: Readonly<Record<string, DefaultRule>> = {
  'core.v1.Pod': pod,
  'core.v1.PodSpec': podSpec,
  'core.v1.Container': container,
  'core.v1.EphemeralContainer': container,
  'core.v1.Probe': (draft) =>
    fillZero(draft, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }),
  'core.v1.HTTPGetAction': (draft) => fillZero(draft, { path: '/', scheme: 'HTTP' }),
  'core.v1.Volume': volume,
  'core.v1.ImageVolumeSource': (draft) => fillZero(draft, { pullPolicy: pullPolicyOf(draft['reference']) }),
  'core.v1.SecretVolumeSource': mode,
  'core.v1.ConfigMapVolumeSource': mode,
  'core.v1.DownwardAPIVolumeSource': mode,
  'core.v1.ProjectedVolumeSource': mode,
  'core.v1.ServiceAccountTokenProjection': (draft) => fillAbsent(draft, { expirationSeconds: 3600 }),
  'core.v1.HostPathVolumeSource': (draft) => fillAbsent(draft, { type: '' }),
  'core.v1.ObjectFieldSelector': (draft) => fillZero(draft, { apiVersion: 'v1' }),
  'core.v1.PersistentVolumeClaim': (draft) => fillZero(copyIn(draft, 'status'), { phase: 'Pending' }),
  'core.v1.PersistentVolumeClaimSpec': (draft) => fillAbsent(draft, { volumeMode: 'Filesystem' }),
}
