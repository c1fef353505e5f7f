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

function answered(body: string): Promise<object> {
  const client = new WebhookClient(() => Promise.resolve({ status: 200, body }), createClock())
  const question = { client: { url: 'https://hook.example/' }, timeoutMs: 1000, body: {}, signal: undefined }
  return client.ask(question, {} as ClusterView)
}
