/** Connections to aggregated servers: as the front proxy, with the names of the user that asks. */
import { createHttpClient, type HttpClient } from '#kit/http/client.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { User } from '../user.ts'
import type { ClusterView } from '../cluster-view.ts'
import { type ServiceAddress, serviceAddresses } from '../service-endpoints.ts'
import type { RemoteGroup } from './remote-group.ts'

/** What the front proxy shows; PEM texts. */
export interface FrontProxy {
  readonly certificate: string
  readonly key: string
}

/** Headers that tell an aggregated server who asks. */
export function remoteUserHeaders({ name, uid, groups, extra = {} }: User): Record<string, string | readonly string[]> {
  return {
    'x-remote-user': name,
    ...(uid === undefined || uid === '' ? {} : { 'x-remote-uid': uid }),
    ...(groups.length === 0 ? {} : { 'x-remote-group': groups }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`x-remote-extra-${encodeURIComponent(key).toLowerCase()}`, values]),
    ),
  }
}

/** The text of an origin. */
export function originOf({ host, port }: ServiceAddress): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

interface Kept {
  readonly key: string
  readonly client: HttpClient
}

/** The connections of one server, one set for each API service. */
export class RemoteCalls implements Disposable {
  readonly #clock: Clock
  readonly #proxy: FrontProxy | undefined
  readonly #clients = new Map<string, Kept>()

  constructor(clock: Clock, proxy: FrontProxy | undefined) {
    this.#clock = clock
    this.#proxy = proxy
  }

  /** The client of a group; made anew when what it trusts changed. */
  clientOf({ name, service, authorities, insecure }: RemoteGroup): HttpClient {
    const key = JSON.stringify([service, authorities, insecure])
    const kept = this.#clients.get(name)
    if (kept?.key === key) return kept.client
    kept?.client.close()
    const client = createHttpClient({
      clock: this.#clock,
      connectTimeoutMs: 10_000,
      tls: {
        ...this.#proxy,
        serverName: `${service.name}.${service.namespace}.svc`,
        insecure,
        ...(authorities === '' ? {} : { authorities }),
      },
    })
    this.#clients.set(name, { key, client })
    return client
  }

  /** Closes the connections of groups that are gone. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, { client }] of this.#clients) {
      if (names.has(name)) continue
      client.close()
      this.#clients.delete(name)
    }
  }

  [Symbol.dispose](): void {
    this.keepOnly(new Set())
  }
}

/** One of the addresses of a group's service, undefined when there is none. */
export function chooseAddress(view: ClusterView, { service }: RemoteGroup): ServiceAddress | undefined {
  const addresses = serviceAddresses(view, service)
  return typeof addresses === 'string' ? undefined : addresses[view.random.below(addresses.length)]
}
