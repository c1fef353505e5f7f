/**
 * How the API server reaches kubelets: the seam to nodes, and its implementation over HTTPS, which dials the port of the node's
 * status at its preferred address with the server's client certificate.
 */
import { createHttpClient, type HttpClient } from '#kit/http/client.ts'
import type { Clock } from '#world/ports/clock.ts'
import { type ApiObject, objectAt } from '../api-object.ts'
import { unexplained } from '../status-errors.ts'

/** A kubelet that can be asked. */
export interface KubeletReach {
  readonly client: HttpClient
  /** `https://HOST:PORT`. */
  readonly origin: string
}

export interface NodeConnection extends AsyncDisposable {
  /** Where a node's kubelet is. `anyCertificate`: its certificate is not checked. @throws 500 for a node without address. */
  reach(node: ApiObject, options?: { readonly anyCertificate?: boolean }): KubeletReach
}

export interface NodeConnectionOptions {
  readonly clock: Clock
  /** What kubelets know the server by; PEM. */
  readonly certificate?: string
  readonly key?: string
  /** PEM of who signs the kubelets' certificates; without it they are not checked, as kube-apiserver does by default. */
  readonly kubeletAuthorities?: string
  /** Kinds of addresses, best first. */
  readonly addressTypes?: readonly string[]
}

const defaultAddressTypes = ['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS']
const defaultKubeletPort = 10_250

interface NodeAddress {
  readonly type: string
  readonly address: string
}

/** The address and port of a node's kubelet. @throws 500. */
export function kubeletAddress(
  node: ApiObject,
  types: readonly string[] = defaultAddressTypes,
): { readonly host: string; readonly port: number } {
  const { addresses } = objectAt(node, 'status') as { readonly addresses?: readonly NodeAddress[] }
  const known = addresses ?? []
  const found = types.map((type) => known.find((one) => one.type === type)).find((one) => one !== undefined)
  if (found === undefined) {
    const listed = known.map(({ type, address }) => `{${type} ${address}}`).join(' ')
    throw unexplained(`no preferred addresses found; known addresses: [${listed}]`)
  }
  const { Port: port } = objectAt(node, 'status', 'daemonEndpoints', 'kubeletEndpoint')
  return { host: found.address, port: typeof port === 'number' && port > 0 ? port : defaultKubeletPort }
}

/** The connection over HTTPS. */
export function createNodeConnection(options: NodeConnectionOptions): NodeConnection {
  const { clock, certificate, key, kubeletAuthorities, addressTypes } = options
  const own = { ...(certificate === undefined ? {} : { certificate }), ...(key === undefined ? {} : { key }) }
  const common = { clock, connectTimeoutMs: 30_000, headersTimeoutMs: 0, connectionsMax: 1000 }
  const unchecked = createHttpClient({ ...common, tls: { ...own, insecure: true } })
  const checked =
    kubeletAuthorities === undefined
      ? unchecked
      : createHttpClient({ ...common, tls: { ...own, authorities: kubeletAuthorities } })
  return {
    reach: (node, { anyCertificate = false } = {}) => {
      const { host, port } = kubeletAddress(node, addressTypes)
      return {
        client: anyCertificate ? unchecked : checked,
        origin: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      }
    },
    [Symbol.asyncDispose]: async () => {
      await unchecked[Symbol.asyncDispose]()
      await checked[Symbol.asyncDispose]()
    },
  }
}
