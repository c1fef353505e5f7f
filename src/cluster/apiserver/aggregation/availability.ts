/** The `Available` condition of API services, with upstream's reasons and sentences. */
import type { APIService, APIServiceCondition } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'
import { textAt } from '../api-object.ts'
import type { ClusterView } from '../cluster-view.ts'
import { portOfService, readyAddresses, slicesOfService } from '../service-endpoints.ts'
import type { RemoteGroup } from './remote-group.ts'

type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

export const servedHere: Verdict = {
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
}

export const allPassed: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' }

/** The verdict of a discovery check that failed. */
export function failedCheck(message: string): Verdict {
  return { status: 'False', reason: 'FailedDiscoveryCheck', message }
}

/** What the objects alone say against a remote group; undefined when it may be asked. */
export function obstacleOf(view: ClusterView, { service }: RemoteGroup): Verdict | undefined {
  const { namespace, name, port } = service
  const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message })
  const what = `service/${name} in ${JSON.stringify(namespace)}`
  const found = view.find('/services', namespace, name)
  if (found === undefined) return no('ServiceNotFound', `${what} is not present`)
  if (textAt(found, 'spec', 'type') !== 'ClusterIP') return undefined
  const portName = portOfService(found, port)?.name
  if (portName === undefined) return no('ServicePortError', `${what} is not listening on port ${port}`)
  const slices = slicesOfService(view, namespace, name)
  if (slices.length === 0) return no('EndpointsNotFound', `cannot find endpointslices for ${what}`)
  if (readyAddresses(slices, portName).length > 0) return undefined
  const message = `endpointslices for ${what} have no addresses with port name ${JSON.stringify(portName)}`
  return no('MissingEndpoints', message)
}

/** The service with the verdict, undefined when it says so already. */
export function withVerdict(service: APIService, verdict: Verdict, now: string): APIService | undefined {
  const conditions = service.status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Available')
  const { status, reason = '', message = '' } = verdict
  if (old?.status === status && old.reason === reason && old.message === message) return undefined
  const lastTransitionTime = since(old, status) ?? now
  const condition = { type: 'Available', status, lastTransitionTime, reason, message }
  const others = conditions.filter((one) => one !== old)
  return { ...service, status: { ...service.status, conditions: [...others, condition] } }
}

function since(old: APIServiceCondition | undefined, status: string): string | undefined {
  return old?.status === status ? old.lastTransitionTime : undefined
}
