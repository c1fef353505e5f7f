/** Where a service's port can be reached: the ready addresses of its endpoint slices. */
import { type ApiObject, objectAt, textAt } from './api-object.ts'
import type { ClusterView } from './cluster-view.ts'

export interface ServiceAddress {
  readonly host: string
  readonly port: number
}

export interface ServicePort {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

/** Why there is no address. */
export type NoAddress = 'no service' | 'no port' | 'no slices' | 'no endpoints'

function listAt(value: unknown, name: string): readonly object[] {
  const list = objectAt(value)[name]
  return Array.isArray(list) ? (list as readonly object[]) : []
}

/** The port of a service by number or by name, undefined when it has none such. */
export function portOfService(
  service: ApiObject,
  wanted: number | string,
): { readonly name: string; readonly port: number } | undefined {
  for (const one of listAt(objectAt(service, 'spec'), 'ports')) {
    const { port, name = '' } = one as { readonly port: number; readonly name?: string }
    if (port === wanted || name === wanted) return { name, port }
  }
  return undefined
}

/** Slices of a service. */
export function slicesOfService(view: ClusterView, namespace: string, name: string): readonly ApiObject[] {
  return view
    .list('discovery.k8s.io/endpointslices', namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
}

/** Ready addresses of slices at the port of that name. */
export function readyAddresses(slices: readonly ApiObject[], portName: string): readonly ServiceAddress[] {
  return slices.flatMap((slice) => {
    const port = listAt(slice, 'ports').find((one) => textAt(one, 'name') === portName)
    const number = objectAt(port)['port']
    if (typeof number !== 'number') return []
    return listAt(slice, 'endpoints')
      .filter((endpoint) => objectAt(endpoint, 'conditions')['ready'] !== false)
      .flatMap((endpoint) => {
        const host = (objectAt(endpoint)['addresses'] as readonly string[] | undefined)?.[0] ?? ''
        return host === '' ? [] : [{ host, port: number }]
      })
  })
}

/** Every ready address behind a service's port, or why there is none. */
export function serviceAddresses(
  view: ClusterView,
  { namespace, name, port }: ServicePort,
): readonly ServiceAddress[] | NoAddress {
  const service = view.find('/services', namespace, name)
  if (service === undefined) return 'no service'
  const spec = objectAt(service, 'spec')
  if (textAt(spec, 'type') === 'ExternalName') return [{ host: textAt(spec, 'externalName'), port }]
  const found = portOfService(service, port)
  if (found === undefined) return 'no port'
  const slices = slicesOfService(view, namespace, name)
  if (slices.length === 0) return 'no slices'
  const addresses = readyAddresses(slices, found.name)
  return addresses.length === 0 ? 'no endpoints' : addresses
}
