import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import { customResourceDefinitions } from '#clients/kubernetes/resources.table.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { WebhookReply, WebhookRequest } from '../admission/webhooks/webhook-call.ts'
import type { ApiObject } from '../api-object.ts'
import { definedApi, type DefinedApi, widget, widgetDefinition, widgets } from './defined-api.contract.ts'

const later: ApiResource<ApiObject> = { ...widgets, version: 'v2' }
const text = { type: 'string' }

function version(name: string, spec: object): object {
  const properties = { spec: { type: 'object', properties: { size: { type: 'integer' }, ...spec } }, status: {} }
  const status = { type: 'object', properties: { ready: { type: 'boolean' } } }
  const openAPIV3Schema = { type: 'object', properties: { ...properties, status } }
  return { name, served: true, storage: name === 'v1', subresources: { status: {} }, schema: { openAPIV3Schema } }
}

function definition(second: object, conversion: object): CustomResourceDefinition {
  return widgetDefinition(
    {},
    { versions: [version('v1', { color: text, label: text }), version('v2', second)], conversion },
  )
}

const renaming = definition(
  { tint: text, label: text },
  {
    strategy: 'Webhook',
    webhook: { clientConfig: { url: 'https://convert.example.com/' }, conversionReviewVersions: ['v1'] },
  },
)

/** v2 calls the color a tint. */
function callWebhook({ body }: WebhookRequest): Promise<WebhookReply> {
  const review = JSON.parse(body.toString()) as {
    readonly request: {
      readonly uid: string
      readonly desiredAPIVersion: string
      readonly objects: readonly ApiObject[]
    }
  }
  const { uid, desiredAPIVersion, objects } = review.request
  const [from, to] = desiredAPIVersion.endsWith('v2') ? ['color', 'tint'] : ['tint', 'color']
  const convertedObjects = objects.map((object) => {
    // Of what an applier takes out nothing but a null may be left.
    const spec = Object.entries((object.spec ?? {}) as object).map(
      ([key, value]) => [key === from ? to : key, value] as const,
    )
    return { ...object, apiVersion: desiredAPIVersion, spec: Object.fromEntries(spec) }
  })
  const response = { uid, result: { status: 'Success' }, convertedObjects }
  return Promise.resolve({ status: 200, body: JSON.stringify({ ...review, request: undefined, response }) })
}

function apply(
  { client }: DefinedApi,
  resource: ApiResource<ApiObject>,
  { by, spec, force = false }: { readonly by: string; readonly spec: object; readonly force?: boolean },
): Promise<ApiObject> {
  const configuration = { ...widget('a', spec), apiVersion: `example.com/${resource.version}` }
  return client.apply(resource, configuration, { fieldManager: by, force })
}

function owners({ metadata }: ApiObject): readonly unknown[] {
  return (metadata.managedFields ?? []).map(({ manager, apiVersion, fieldsV1 }) => {
    const spec = (fieldsV1 as { readonly 'f:spec'?: object } | undefined)?.['f:spec'] ?? {}
    return [manager, apiVersion?.slice(apiVersion.indexOf('/') + 1), Object.keys(spec).join(' ')]
  })
}

async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    const { code = 0, message = String(error) } = statusOf(error) ?? {}
    return `${code} ${message}`
  }
  return 'no refusal'
}

test('appliers of two versions that a webhook converts are in conflict, each in its own words', async () => {
  await using defined = await definedApi([renaming], { callWebhook })
  await apply(defined, widgets, { by: 'one', spec: { color: 'red', size: 1 } })
  assert.equal(
    await refusal(apply(defined, later, { by: 'two', spec: { tint: 'blue' } })),
    '409 Apply failed with 1 conflict: conflict with "one": .spec.color',
  )
  const taken = await apply(defined, later, { by: 'two', spec: { tint: 'blue', label: 'l' }, force: true })
  assert.deepEqual(owners(taken), [
    ['one', 'v1', 'f:size'],
    ['two', 'v2', 'f:label f:tint'],
  ])
  const options = { type: 'merge', namespace: 'default', fieldManager: 'three' } as const
  const patched = await defined.client.patch(widgets, 'a', { spec: { color: 'green' } }, options)
  assert.deepEqual(owners(patched), [
    ['one', 'v1', 'f:size'],
    ['two', 'v2', 'f:label'],
    ['three', 'v1', 'f:color'],
  ])
  const moved = await apply(defined, widgets, { by: 'two', spec: {} })
  assert.deepEqual(moved.spec, { size: 1, color: 'green' })
})

test('what does not fit the other manager’s schema is told as upstream tells it', async () => {
  await using defined = await definedApi([definition({ shade: text }, { strategy: 'None' })])
  await apply(defined, widgets, { by: 'one', spec: { size: 1 } })
  await apply(defined, later, { by: 'two', spec: {} })
  assert.equal(
    await refusal(apply(defined, later, { by: 'two', spec: { shade: 'dark' } })),
    '500 failed to prune fields: failed add back owned items: failed to convert merged object at version example.com/v1: .spec.shade: field not declared in schema',
  )
  const options = { type: 'merge', namespace: 'default', fieldManager: 'two' } as const
  const patched = await defined.client.patch(later, 'a', { spec: { shade: 'dark' } }, options)
  assert.deepEqual(owners(patched), [])
})

test('a version that a definition has dropped ends the tracking of objects whose managers spoke it', async () => {
  await using defined = await definedApi([definition({ label: text }, { strategy: 'None' })])
  const { client } = defined
  await apply(defined, later, { by: 'two', spec: { label: 'l' } })
  const { name } = renaming.metadata
  const [first] = definition({}, {}).spec.versions
  await client.patch(customResourceDefinitions, name, { spec: { versions: [first] } }, { type: 'merge' })
  assert.equal(
    await refusal(apply(defined, widgets, { by: 'one', spec: { size: 1 } })),
    '500 request to convert CR to an invalid group/version: example.com/v2',
  )
  const options = { type: 'merge', namespace: 'default', fieldManager: 'one' } as const
  assert.deepEqual(owners(await client.patch(widgets, 'a', { spec: { size: 2 } }, options)), [])
})

test('nulls that an apply says or leaves are refused where the schema has none', async () => {
  await using defined = await definedApi([definition({}, { strategy: 'None' })])
  assert.match(
    await refusal(apply(defined, widgets, { by: 'one', spec: { color: null } })),
    /^422 .*spec\.color: Invalid value: "null": spec\.color in body must be of type string: "null"$/,
  )
})
