/** Webhooks of admission and conversion that misbehave, on loopback. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { WebhookClient } from '#cluster/apiserver/admission/webhooks/webhook-call.ts'
import type { ClusterView } from '#cluster/apiserver/cluster-view.ts'
import { createClock } from '#world/real/clock.ts'
import { drip, startMisbehavingServer } from './misbehaving-server.contract.ts'
import { createWebhookCaller } from './webhook-caller.ts'

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n'
const body = 'unexpected error when reading response body. Please retry. Original error:'

for (const [what, answer, timeoutMs, message] of [
  ['never answers', () => {}, 200, /^Post "http.*": context deadline exceeded$/],
  [
    'answers a byte at a time',
    (socket: Socket) => drip(socket, head),
    1500,
    new RegExp(`^${body} context deadline exceeded$`),
  ],
  ['breaks off', (socket: Socket) => socket.end(head), 60_000, new RegExp(`^${body} unexpected EOF$`)],
  ['closes at once', (socket: Socket) => socket.destroy(), 60_000, /": (EOF|read: connection reset by peer)$/],
] as const)
  test(`a webhook that ${what} has failed, and its connection is gone`, async () => {
    await using scope = new AsyncDisposableStack()
    const clock = createClock()
    const { port, closed } = await startMisbehavingServer(answer, scope)
    const client = new WebhookClient(scope.use(createWebhookCaller(clock)).call, clock)
    const review = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' }
    const question = { client: { url: `http://127.0.0.1:${port}/` }, timeoutMs, body: review, signal: undefined }
    await assert.rejects(client.ask(question, {} as ClusterView), { message })
    await Promise.all(closed)
  })
