/** Where requests through pods, services and nodes go (`[SCHEME:]NAME[:PORT]`), and which addresses they may reach. */
import { type ApiObject, textAt } from '../api-object.ts'
import type { ClusterView } from '../cluster-view.ts'
import { portOfService, readyAddresses, slicesOfService } from '../service-endpoints.ts'
import { badRequest, notFound, unavailable } from '../status-errors.ts'
import { listAt } from './object-lists.ts'

export interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  readonly port: string
}

/** Reads the name of a proxied object; undefined when it is malformed. */
export function parseProxyName(text: string): ProxyName | undefined {
  const match = /^(?:(https?|):)?([^:]+)(?::([^:]*))?$/.exec(text)
  if (match === null) return undefined
  const [, scheme = '', name = '', port = ''] = match
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

/** The URL of an address. */
export function originText(scheme: string, host: string, port: string): string {
  const bracketed = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${bracketed}${port === '' ? '' : `:${port}`}`
}

/** True for addresses that belong to the network at large: neither this machine's own nor a link's. */
export function isGlobalAddress(host: string): boolean {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(host))
    return !/^(?:0\.0\.0\.0|127\.|169\.254\.|255\.255\.255\.255|22[4-9]\.|23\d\.)/.test(host)
  return host.includes(':') && !/^(?:::1?$|fe[89ab]|ff|::ffff:)/i.test(host)
}

/** The origin of a pod's port. @throws 400, 404. */
export function podOrigin(
  view: ClusterView,
  namespace: string,
  id: string,
): { readonly origin: string; readonly host: string } {
  const asked = parseProxyName(id)
  if (asked === undefined) throw badRequest(`invalid pod request ${JSON.stringify(id)}`)
  const pod = view.find('/pods', namespace, asked.name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name: asked.name })
  const host = textAt(listAt(pod, 'status', 'podIPs')[0], 'ip') || textAt(pod, 'status', 'podIP')
  return { origin: originText(asked.scheme, host, asked.port === '' ? firstPort(pod) : asked.port), host }
}

function firstPort(pod: ApiObject): string {
  for (const container of listAt(pod, 'spec', 'containers')) {
    const [port] = listAt(container, 'ports')
    if (typeof port?.['containerPort'] === 'number') return String(port['containerPort'])
  }
  return ''
}

/** The origin of a ready endpoint of a service. @throws 400, 404, 503. */
export function serviceOrigin(
  view: ClusterView,
  namespace: string,
  id: string,
): { readonly origin: string; readonly host: string } {
  const asked = parseProxyName(id)
  if (asked === undefined) throw badRequest(`invalid service request ${JSON.stringify(id)}`)
  const service = view.find('/services', namespace, asked.name)
  if (service === undefined) throw notFound({ group: '', resource: 'services', name: asked.name })
  const isNumber = /^\d+$/.test(asked.port)
  const port = portOfService(service, isNumber ? Number(asked.port) : asked.port)
  if (isNumber && port === undefined)
    throw unavailable(`no service port ${asked.port} found for service ${JSON.stringify(asked.name)}`)
  const addresses = readyAddresses(slicesOfService(view, namespace, asked.name), port?.name ?? asked.port)
  const chosen = addresses[view.random.below(Math.max(1, addresses.length))]
  if (chosen === undefined) throw unavailable(`no endpoints available for service ${JSON.stringify(asked.name)}`)
  return { origin: originText(asked.scheme, chosen.host, String(chosen.port)), host: chosen.host }
}
