import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import type { ClusterView } from '../../cluster-view.ts'
import { WebhookClient, WebhookFailure } from './webhook-call.ts'

const noType = "couldn't get version/kind; json parse error:"
for (const [body, message] of [
  ['', '0-length response with status code: 200 and content type: application/json'],
  ['{"a":', `${noType} unexpected end of JSON input`],
  ['zz', `${noType} invalid character 'z' looking for beginning of value`],
  ['[]', `${noType} json: cannot unmarshal array into Go value of type struct`],
  ['"ok"', `${noType} json: cannot unmarshal string into Go value of type struct`],
] as const) {
  test(`the answer ${JSON.stringify(body)} is a failure of the webhook: ${message}`, async () => {
    await assert.rejects(answered(body), (error) => error instanceof WebhookFailure && error.message === message)
  })
}

test('an answer of null says nothing', async () => assert.deepEqual(await answered('null'), {}))

test('a service that is not there is said before a network that is not', async () => {
  const view = { find: () => undefined } as unknown as ClusterView
  const asked = new WebhookClient(undefined, createClock()).ask(
    {
      client: { service: { namespace: 'far', name: 'hook', path: 'review' } },
      timeoutMs: 1000,
      body: {} as never,
      signal: undefined,
    },
    view,
  )
  const message = 'Post "https://hook.far.svc:443/review?timeout=1s": service "hook" not found'
  await assert.rejects(asked, (error) => error instanceof WebhookFailure && error.message === message)
})

function answered(body: string): Promise<object> {
  const client = new WebhookClient(() => Promise.resolve({ status: 200, body }), createClock())
  const question = { client: { url: 'https://hook.example/' }, timeoutMs: 1000, body: {}, signal: undefined }
  return client.ask(question, {} as ClusterView)
}
