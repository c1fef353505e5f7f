/** Labels by which a node could draw other pods to itself: kubelets do not set them (v1.36). */
import type { ApiObject } from '../../api-object.ts'

/** Labels of Kubernetes' own that a kubelet reports. */
const ofKubelets: ReadonlySet<string> = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
])

/** The labels, sorted, that differ between two versions of a node and are not for its kubelet to change. */
export function forbiddenLabels(old: ApiObject | undefined, object: ApiObject | undefined): readonly string[] {
  const [before, after] = [old?.metadata.labels ?? {}, object?.metadata.labels ?? {}]
  const changed = Object.keys({ ...before, ...after }).filter((key) => before[key] !== after[key])
  return changed.filter(isForbidden).toSorted()
}

function isForbidden(label: string): boolean {
  const [domain = '', name] = label.split('/', 2)
  if (name === undefined) return false
  if (isWithin(domain, 'node-restriction.kubernetes.io')) return true
  if (!isWithin(domain, 'kubernetes.io') && !isWithin(domain, 'k8s.io')) return false
  const isKubelets = isWithin(domain, 'kubelet.kubernetes.io') || isWithin(domain, 'node.kubernetes.io')
  return !ofKubelets.has(label) && !isKubelets
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`)
}
