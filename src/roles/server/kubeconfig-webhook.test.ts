/** Webhooks that misbehave, on loopback. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { AskWebhook } from '#cluster/apiserver/ask-webhook.ts'
import { webhookReason } from '#cluster/apiserver/webhook-words.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { openKubeconfigWebhook } from './kubeconfig-webhook.ts'
import { drip, startMisbehavingServer } from './misbehaving-server.contract.ts'

const world = { clock: createClock(), files: createFiles() }

/** Runs `use` against a server that does `answer` with each connection that has asked; its connections must end by themselves. */
async function against(
  answer: (socket: Socket) => void,
  { timeoutMs }: { readonly timeoutMs: number },
  use: (ask: AskWebhook) => Promise<void>,
): Promise<void> {
  await using scope = new AsyncDisposableStack()
  const { port, closed } = await startMisbehavingServer(answer, scope)
  const folder = scope.use(await world.files.temporaryDirectory('gantry-webhook-'))
  const path = `${folder.path}/hook.yaml`
  const kubeconfig = {
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}/ask` } }],
    contexts: [{ name: 'x', context: { cluster: 'c' } }],
    'current-context': 'x',
  }
  await world.files.write(path, JSON.stringify(kubeconfig))
  await use(await openKubeconfigWebhook(world, { path, timeoutMs }, scope))
  assert.equal(closed.length, 1)
  await Promise.all(closed)
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'

for (const [what, answer] of [
  ['never answers', () => {}],
  ['stops in its head', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nConten')],
  ['stops in its body', (socket: Socket) => socket.write(`${head}Content-Length: 9\r\n\r\n{`)],
  ['answers a byte at a time', (socket: Socket) => drip(socket, `${head}Content-Length: 1000000\r\n\r\n`)],
] as const)
  test(`a webhook that ${what} is given up when its time is over`, () =>
    against(answer, { timeoutMs: 200 }, (ask) =>
      assert.rejects(ask({}), { code: 'HTTP_TIMEOUT', message: 'context deadline exceeded' }),
    ))

for (const [what, answer, reason] of [
  ['closes at once', (socket: Socket) => socket.destroy(), /^(EOF|read: connection reset by peer)$/],
  ['breaks off', (socket: Socket) => socket.end(`${head}Content-Length: 9\r\n\r\n{`), /^unexpected EOF$/],
  ['speaks no HTTP', (socket: Socket) => socket.end('\x01\x02garbage\r\n\r\n'), /Parse Error/],
] as const)
  test(`a webhook that ${what} could not be asked`, () =>
    against(answer, { timeoutMs: 60_000 }, (ask) =>
      assert.rejects(ask({}), (error) => reason.test(webhookReason(error)) || assert.fail(webhookReason(error))),
    ))

test('any status is an answer', () =>
  against(
    (socket) => socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx'),
    { timeoutMs: 60_000 },
    async (ask) => {
      const { status, body } = await ask({})
      assert.deepEqual([status, body], [503, 'x'])
    },
  ))
