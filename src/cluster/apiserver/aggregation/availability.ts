/** Whether remote groups are available, with upstream's reasons and sentences. */
import { textAt } from '../api-object.ts'
import type { ClusterView } from '../cluster-view.ts'
import { portOfService, readyAddresses, slicesOfService } from '../service-endpoints.ts'
import type { RemoteGroup } from './remote-group.ts'
import type { Verdict } from './available-condition.ts'

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
