/** Both transports of the client against one and the same server. */
import { connectKubeClient } from '#clients/kubernetes/connect.ts'
import { kubeClientContract } from '#clients/kubernetes/kube-client.contract.ts'
import { createHttpServer } from '#kit/http/server.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { type ApiServer, createApiServer } from './api-server.ts'
import type { User } from './user.ts'

const admin: User = { name: 'admin', groups: ['system:masters'] }
const nobody: User = { name: 'nobody', groups: [] }

async function startServer(): Promise<{ readonly api: ApiServer; readonly scope: AsyncDisposableStack }> {
  const clock = createClock()
  const scope = new AsyncDisposableStack()
  const store = scope.use(createMemoryStore({ clock }))
  const staticTokens = new Map([
    ['admin-token', admin],
    ['nobody-token', nobody],
  ])
  const api = scope.use(await createApiServer({ clock, random: createRandom(), store, log: silentLog, staticTokens }))
  return { api, scope }
}

kubeClientContract('in process', async () => {
  const { api, scope } = await startServer()
  return {
    admin: api.clientFor(admin),
    nobody: api.clientFor(nobody),
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
})

kubeClientContract('over HTTP', async () => {
  const { api, scope } = await startServer()
  const clock = createClock()
  const server = scope.use(
    await createHttpServer({
      clock,
      listeners: [{ host: '127.0.0.1', port: 0 }],
      handler: api.handler,
      encodeError: api.encodeError,
    }),
  )
  const [address] = server.addresses
  const url = `http://127.0.0.1:${address !== undefined && 'port' in address ? address.port : 0}`
  const connect = (token: string): ReturnType<typeof connectKubeClient> =>
    scope.use(connectKubeClient({ clock, connection: { url, token } }))
  return {
    admin: connect('admin-token'),
    nobody: connect('nobody-token'),
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
})
