/** Kept connections of one client, per origin, plain and TLS. */
import { Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'

/** What a client presents and trusts; PEM text. */
export interface ClientTls {
  /** Authorities to trust instead of the system's. */
  readonly authorities?: string | readonly string[]
  readonly certificate?: string
  readonly key?: string
  /** Accepts any server certificate: for registries that the user declared insecure. */
  readonly insecure?: boolean
  /** Name to verify instead of the URL's host. */
  readonly serverName?: string
}

export interface ClientProxy {
  /** Proxy URL for http:// targets. */
  readonly http?: string
  /** Proxy URL for https:// targets. */
  readonly https?: string
  /** Hosts that are reached directly, in the form of NO_PROXY. */
  readonly except?: string
}

export interface ClientPool {
  agentFor(url: URL, use: 'kept' | 'once'): PlainAgent | TlsAgent
  close(): void
}

interface PoolOptions {
  readonly tls?: ClientTls
  readonly proxy?: ClientProxy
  readonly connectionsMax?: number
  readonly keepAliveMs?: number
}

/** Loopback is always reached directly, whatever the environment says about proxies. */
const loopback = 'localhost,127.0.0.0-127.255.255.255,127.0.0.1,::1,[::1]'

/** Creates the pool; agents come into being with their first use. */
export function createClientPool(options: PoolOptions): ClientPool {
  const agents = new Map<string, PlainAgent | TlsAgent>()
  const common = {
    maxSockets: options.connectionsMax ?? 64,
    maxFreeSockets: 16,
    timeout: options.keepAliveMs ?? 30_000,
    ...proxyOptions(options.proxy),
  }
  const create = (secure: boolean, keepAlive: boolean): PlainAgent | TlsAgent => {
    const base = keepAlive
      ? { ...common, keepAlive }
      : { ...common, keepAlive, maxSockets: Infinity, allowHalfOpen: true }
    return secure ? new TlsAgent({ ...base, ...tlsOptions(options.tls) }) : new PlainAgent(base)
  }
  return {
    agentFor: (url, use) => {
      const secure = url.protocol === 'https:'
      const key = `${url.protocol}${use}`
      let agent = agents.get(key)
      if (agent === undefined) agents.set(key, (agent = create(secure, use === 'kept')))
      return agent
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

function proxyOptions(proxy: ClientProxy | undefined): object {
  if (proxy === undefined || (proxy.http === undefined && proxy.https === undefined)) return {}
  const except = proxy.except === undefined || proxy.except === '' ? loopback : `${loopback},${proxy.except}`
  return { proxyEnv: { HTTP_PROXY: proxy.http ?? '', HTTPS_PROXY: proxy.https ?? '', NO_PROXY: except } }
}

function tlsOptions(tls: ClientTls | undefined): object {
  if (tls === undefined) return {}
  return {
    ...(tls.authorities === undefined ? {} : { ca: [tls.authorities].flat() }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.insecure === true ? { rejectUnauthorized: false } : {}),
  }
}
