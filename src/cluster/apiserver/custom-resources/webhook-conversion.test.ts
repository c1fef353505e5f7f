import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customResourceDefinitions } from '#clients/kubernetes/resources.table.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { WebhookReply, WebhookRequest } from '../admission/webhooks/webhook-call.ts'
import type { ApiObject } from '../api-object.ts'
import { definedApi, type DefinedApi, widget, widgetDefinition, widgets } from './defined-api.contract.ts'

const later = { ...widgets, version: 'v2' }

interface Review {
  readonly apiVersion: string
  readonly kind: string
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly ApiObject[] }
}

/** v2 calls the color a tint. */
function converted(object: ApiObject, apiVersion: string): object {
  const { color, tint, ...spec } = object.spec as { color?: string; tint?: string }
  const paint = color ?? tint
  const renamed = apiVersion.endsWith('v2') ? { ...spec, tint: paint } : { ...spec, color: paint }
  return { ...object, apiVersion, spec: renamed }
}

function twoVersions(): CustomResourceDefinition {
  const [first] = widgetDefinition().spec.versions
  const open = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return widgetDefinition(
    {},
    {
      versions: [
        { ...first, selectableFields: [{ jsonPath: '.spec.color' }] },
        { name: 'v2', served: true, storage: false, schema: open },
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: {
          clientConfig: { url: 'https://convert.example.com/convert' },
          conversionReviewVersions: ['v1'],
        },
      },
    },
  )
}

interface Hooked extends DefinedApi {
  readonly reviews: Review[]
}

async function hooked(answer?: (review: Review) => object | Error): Promise<Hooked> {
  const reviews: Review[] = []
  const callWebhook = ({ body }: WebhookRequest): Promise<WebhookReply> => {
    const review = JSON.parse(body) as Review
    reviews.push(review)
    const { uid, objects, desiredAPIVersion } = review.request
    const plain = {
      uid,
      result: { status: 'Success' },
      convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)),
    }
    const said = answer?.(review) ?? {}
    if (said instanceof Error) return Promise.reject(said)
    const response = { ...plain, ...said }
    return Promise.resolve({ status: 200, body: JSON.stringify({ ...review, request: undefined, response }) })
  }
  const defined = await definedApi([twoVersions()], { callWebhook })
  return { ...defined, reviews, [Symbol.asyncDispose]: () => defined[Symbol.asyncDispose]() }
}

async function failure(call: Promise<unknown>): Promise<{ readonly message: string; readonly code: number }> {
  try {
    await call
  } catch (error) {
    const status = statusOf(error)
    return { message: status?.message ?? String(error), code: status?.code ?? 0 }
  }
  return { message: 'no failure', code: 0 }
}

test('objects are written, read, listed and watched in a version that a webhook makes', async () => {
  await using defined = await hooked()
  const { client, api } = defined
  await client.create(later, { ...widget('a', { tint: 'red' }), apiVersion: 'example.com/v2' })
  const stored = api.parts.cache.collection('example.com/widgets').get('default/a')
  assert.deepEqual([stored?.value.apiVersion, stored?.value.spec], ['example.com/v1', { color: 'red' }])
  assert.deepEqual((await client.get(later, 'a', { namespace: 'default' })).spec, { tint: 'red', size: 5, min: 1 })
  await client.create(widgets, widget('b', { color: 'blue' }))
  const tints = (await client.list(later)).items.map(({ spec }) => (spec as { tint: string }).tint)
  assert.deepEqual(tints, ['red', 'blue'])
  const seen: unknown[] = []
  for await (const event of client.watch(later, { resourceVersion: '0' })) {
    seen.push((event.object.spec as { tint: string }).tint)
    if (seen.length === 2) await client.create(widgets, widget('c', { color: 'green' }))
    if (seen.length === 3) break
  }
  assert.deepEqual(seen, ['red', 'blue', 'green'])
  const patched = await client.patch(later, 'a', { spec: { tint: 'blue' } }, { type: 'merge', namespace: 'default' })
  assert.equal((patched.spec as { tint: string }).tint, 'blue')
  await client.delete(later, 'a', { namespace: 'default' })
})

test('an object is asked for once, many together', async () => {
  await using defined = await hooked()
  const { client, reviews } = defined
  for (const name of ['a', 'b', 'c']) await client.create(widgets, widget(name))
  await client.list(later)
  await client.list(later)
  assert.deepEqual(
    reviews.map(({ apiVersion, kind, request }) => [
      apiVersion,
      kind,
      request.desiredAPIVersion,
      request.objects.length,
    ]),
    [['apiextensions.k8s.io/v1', 'ConversionReview', 'example.com/v2', 3]],
  )
})

const head = 'conversion webhook for example.com/v1, Kind=Widget'
const refusals: readonly (readonly [what: string, answer: (review: Review) => object | Error, message: string])[] = [
  [
    'no connection',
    () => new Error('connect ECONNREFUSED'),
    `${head} failed: Post "https://convert.example.com/convert?timeout=30s": connect ECONNREFUSED`,
  ],
  ['a failure', () => ({ result: { status: 'Failure', message: 'no such color' } }), `${head} failed: no such color`],
  [
    'a failure without words',
    () => ({ result: { status: 'Failure' } }),
    `${head} failed: response.result.status was 'Failure', not 'Success'`,
  ],
  ['too few objects', () => ({ convertedObjects: [] }), `${head} returned 0 objects, expected 1`],
  [
    'another version',
    ({ request }) => ({ convertedObjects: request.objects }),
    `${head} returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)`,
  ],
  [
    'another name',
    ({ request }) => ({
      convertedObjects: request.objects.map((object) => ({
        ...object,
        apiVersion: 'example.com/v2',
        metadata: { ...object.metadata, name: 'b' },
      })),
    }),
    `${head} returned invalid object: must have the same name: a != b`,
  ],
  [
    'labels that are no text',
    ({ request }) => ({
      convertedObjects: request.objects.map((object) => ({
        ...object,
        apiVersion: 'example.com/v2',
        metadata: { ...object.metadata, labels: { a: 1 } },
      })),
    }),
    `${head} returned invalid metadata: metadata.labels[a] must be a string, but is number in converted object`,
  ],
]

for (const [what, answer, message] of refusals) {
  test(`a webhook that answers with ${what} fails the request and changes nothing`, async () => {
    await using defined = await hooked(answer)
    const { client } = defined
    await client.create(widgets, widget('a'))
    assert.deepEqual(await failure(client.get(later, 'a', { namespace: 'default' })), { message, code: 500 })
    assert.equal((await client.get(widgets, 'a', { namespace: 'default' })).metadata.name, 'a')
  })
}

test('a webhook decides about labels and annotations and about no other metadata', async () => {
  await using defined = await hooked(({ request }) => ({
    convertedObjects: request.objects.map((object) => ({
      ...converted(object, request.desiredAPIVersion),
      metadata: { ...object.metadata, labels: { by: 'webhook' }, finalizers: ['example.com/forged'] },
    })),
  }))
  const { client } = defined
  await client.create(widgets, widget('a'))
  const { metadata } = await client.get(later, 'a', { namespace: 'default' })
  assert.deepEqual([metadata.labels, metadata.finalizers], [{ by: 'webhook' }, undefined])
})

test('a definition that goes is not held up by its webhook', async () => {
  await using defined = await hooked(() => new Error('gone'))
  const { client } = defined
  await client.create(widgets, widget('a'))
  await client.delete(customResourceDefinitions, 'widgets.example.com')
  const deadline = AbortSignal.timeout(60_000)
  while ((await client.list(customResourceDefinitions)).items.length > 0) {
    deadline.throwIfAborted()
    await new Promise((resolve) => void setImmediate(resolve))
  }
})
