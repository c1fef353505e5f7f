import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClock } from '#world/real/clock.ts'
import type { ClusterView } from '../../cluster-view.ts'
import {
  type CallWebhook,
  WebhookClient,
  WebhookFailure,
  type WebhookReply,
  type WebhookRequest,
} from './webhook-call.ts'

const noGo = 'json: cannot unmarshal'
const json = { 'content-type': 'application/json' }
const noType = "couldn't get version/kind; json parse error:"
for (const [body, message] of [
  ['', '0-length response with status code: 200 and content type: application/json'],
  ['{"a":', `${noType} unexpected end of JSON input`],
  ['zz', `${noType} invalid character 'z' looking for beginning of value`],
  ['[]', `${noType} json: cannot unmarshal array into Go value of type struct`],
  ['"ok"', `${noType} json: cannot unmarshal string into Go value of type struct`],
  ['{"kind":5}', `${noType} json: cannot unmarshal number into Go struct field .kind of type string`],
  ['{"response":"x"}', `${noGo} string into Go struct field AdmissionReview.response of type v1.AdmissionResponse`],
  [
    '{"response":{"allowed":"yes"}}',
    `${noGo} string into Go struct field AdmissionResponse.response.allowed of type bool`,
  ],
  ['{"response":{"uid":5}}', `${noGo} number into Go struct field AdmissionResponse.response.uid of type types.UID`],
  [
    '{"response":{"warnings":[1]}}',
    `${noGo} number into Go struct field AdmissionResponse.response.warnings of type string`,
  ],
  [
    '{"response":{"status":{"code":"x"}}}',
    `${noGo} string into Go struct field Status.response.status.code of type int32`,
  ],
  ['{"response":{"patch":"!!!"}}', 'illegal base64 data at input byte 0'],
  ['{"response":{"patch":5}}', `${noGo} number into Go struct field AdmissionResponse.response.patch of type []uint8`],
  [
    '{"kind":"Pod","apiVersion":"v1"}',
    'no kind "Pod" is registered for version "v1" in scheme "pkg/util/webhook/client.go:71"',
  ],
  [
    '{"apiVersion":"admission.k8s.io/v1beta1"}',
    'converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion',
  ],
  ['{"kind":"Status","apiVersion":"v1"}', 'converting (v1.Status) to (v1.AdmissionReview): unknown conversion'],
  ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
] as const) {
  test(`the answer ${JSON.stringify(body)} is a failure of the webhook: ${message}`, () => refuses([{ body }], message))
}

test('an answer of null says nothing', async () => assert.deepEqual(await answered([{ body: 'null' }]), {}))

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

const busy = 'the server is currently unable to handle the request'
const many = 'the server has received too many requests and has asked us to try again later'
for (const [reply, message] of [
  [{ status: 503, body: 'x' }, busy],
  [{ status: 503, body: 'x', headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } }, busy],
  [{ status: 207, body: '{}' }, 'the server responded with the status code 207 but did not return more information'],
  [{ status: 409, body: '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"hm"}' }, 'hm'],
  [{ status: 403, body: 'no way', headers: { 'content-type': 'text/plain' } }, 'no way'],
  [
    { status: 500, body: 'boom', headers: json },
    'an error on the server ("unknown") has prevented the request from succeeding',
  ],
  [{ status: 404, body: 'x', headers: { 'retry-after': '0' } }, 'the server could not find the requested resource'],
  [
    { status: 307, body: '', headers: { location: 'ftp://hook.example/' } },
    'Post "https://hook.example/?timeout=1s": hook.example redirects to an unusable address: ftp://hook.example/',
  ],
] as const) {
  test(`the answer ${JSON.stringify(reply)} is a failure of the webhook: ${message}`, () => refuses([reply], message))
}

test('a busy server that says for how long is asked again, ten times at most', async () => {
  const again = { status: 503, body: 'x', headers: { 'retry-after': '0' } }
  const seen: WebhookRequest[] = []
  assert.deepEqual(await answered([again, { ...again, status: 500 }, { body: 'null' }], seen), {})
  assert.equal(seen.length, 3)
  await refuses([{ ...again, status: 429 }], many, seen)
  assert.equal(seen.length, 14)
})

test('a server that is busy for longer than a webhook may take is given up then', () =>
  refuses(
    [{ status: 503, body: 'x', headers: { 'retry-after': '100' } }],
    'Post "https://hook.example/?timeout=1s": context deadline exceeded',
  ))

test('redirects are followed: some with the review, some without, none for ever', async () => {
  const to = (status: number): Reply => ({ status, body: '', headers: { location: '/there' } })
  const seen: WebhookRequest[] = []
  await answered([to(307), { body: 'null' }], seen)
  await answered([to(301), { body: 'null' }], seen)
  assert.deepEqual(
    seen.map(({ url, body }) => [url, body === '']),
    [
      ['https://hook.example/?timeout=1s', false],
      ['https://hook.example/there', false],
      ['https://hook.example/?timeout=1s', false],
      ['https://hook.example/there', true],
    ],
  )
  await refuses([to(308)], 'Post "/there": stopped after 10 redirects', seen)
  assert.equal(seen.length, 14)
})

type Reply = Partial<WebhookReply>

const refuses = (replies: readonly Reply[], message: string, seen?: WebhookRequest[]): Promise<void> =>
  assert.rejects(
    answered(replies, seen),
    (error) => error instanceof WebhookFailure && assert.equal(error.message, message) === undefined,
  )

/** What a client makes of replies that come one after the other, the last one for ever. */
function answered(replies: readonly Reply[], seen: WebhookRequest[] = []): Promise<object> {
  let count = 0
  const call: CallWebhook = (request) => {
    seen.push(request)
    return Promise.resolve({ status: 200, body: '', ...replies[Math.min(count++, replies.length - 1)] })
  }
  const client = new WebhookClient(call, createClock())
  const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }
  const question = { client: { url: 'https://hook.example/' }, timeoutMs: 1000, body, signal: undefined }
  return client.ask(question, {} as ClusterView)
}
