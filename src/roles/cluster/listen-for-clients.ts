/** Gives a simulated cluster a TLS port for stock clients, a kubeconfig, and a pulse: its time follows the wall's. */
import type { ApiServer } from '#cluster/apiserver/api-server.ts'
import { mayLeaveHttp } from '#cluster/apiserver/may-leave-http.ts'
import { createHttpServer } from '#kit/http/server.ts'
import type { Log } from '#kit/telemetry/log.ts'
import { type IssuedCertificate, issueCertificate } from '#kit/tls/issue-certificate.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { kubeconfigText } from '#roles/server/kubeconfig-text.ts'
import type { ListenAt } from './listen-at.ts'

export interface Listening extends AsyncDisposable {
  readonly url: string
  readonly kubeconfig: string
}

const pulseMs = 20

/** Starts listening. `api` is asked at each request, so that a rollback may change the server behind the port. */
export async function listenForClients(
  api: () => ApiServer,
  options: {
    readonly at: ListenAt
    /** Signs the server and the administrator. */
    readonly authority: IssuedCertificate
    readonly log: Log
    readonly keepUp: (ms: number) => Promise<void>
  },
): Promise<Listening> {
  const { at, authority, log } = options
  const host = at.host ?? '127.0.0.1'
  const [clock, random, files] = [createClock(), createRandom(), createFiles()]
  await using scope = new AsyncDisposableStack()
  const parts = { clock, random }
  const serving = issueCertificate(parts, authority, {
    commonName: 'kube-apiserver',
    dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    addresses: [...new Set(['127.0.0.1', host])],
  })
  const http = scope.use(
    await createHttpServer({
      clock,
      files,
      listeners: [
        {
          host,
          port: at.port ?? 0,
          tls: { ...serving, clientAuthorities: authority.certificate, clientCertificate: 'ask' },
        },
      ],
      mayHijack: mayLeaveHttp,
      handler: (request, response) => api().handler(request, response),
      encodeError: (error, request) => api().encodeError(error, request),
      onFault: (error, where) => log.warn('a request failed', { error, where }),
    }),
  )
  const [address] = http.addresses
  const port = address !== undefined && 'port' in address ? address.port : 0
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const admin = issueCertificate(parts, authority, {
    commonName: 'admin',
    organizations: ['system:masters'],
  })
  const folder = scope.use(await files.temporaryDirectory('gantry-cluster-'))
  const kubeconfig = `${folder.path}/kubeconfig`
  const text = kubeconfigText({ url, authority: authority.certificate, user: 'admin', ...admin })
  await files.write(kubeconfig, text, { mode: 0o600 })
  const abort = new AbortController()
  const pulse = (async () => {
    let lastMs = clock.monotonicMs()
    while (!abort.signal.aborted) {
      await clock.sleep(pulseMs, abort.signal).catch(() => undefined)
      const nowMs = clock.monotonicMs()
      await options.keepUp(nowMs - lastMs).catch((error: unknown) => log.error('the cluster broke', { error }))
      lastMs = nowMs
    }
  })()
  const owned = scope.move()
  return {
    url,
    kubeconfig,
    async [Symbol.asyncDispose]() {
      abort.abort()
      await pulse
      await owned.disposeAsync()
    },
  }
}
