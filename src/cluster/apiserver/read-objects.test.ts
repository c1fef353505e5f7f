/** Which parameters of a list go together, and what is said of those that do not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { serveApi, type ServedApi } from './served-api.contract.ts'

const path = '/api/v1/namespaces/default/configmaps'

/** What a list is refused with, empty when it is answered. */
async function refusal(served: ServedApi, query: string): Promise<string> {
  const answer = await served.call(`${path}?${query}`, { token: 'admin-token' })
  const { message = '' } = (await answer.json()) as { message?: string }
  return message
}

async function firstToken(served: ServedApi): Promise<string> {
  for (const name of ['a', 'b'])
    await served.admin.create(configMaps, { metadata: { name, namespace: 'default' } } as never)
  const answer = await served.call(`${path}?limit=1`, { token: 'admin-token' })
  const { metadata } = (await answer.json()) as { metadata: { continue: string } }
  return metadata.continue
}

test('a list says how its version is meant only where it names one, and begins anew', async () => {
  await using served = await serveApi()
  const next = `continue=${encodeURIComponent(await firstToken(served))}`
  const head = 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch:'
  const rows: readonly (readonly [query: string, message: string])[] = [
    ['resourceVersionMatch=Exact&resourceVersion=1', ''],
    ['resourceVersionMatch=NotOlderThan&resourceVersion=0', ''],
    ['resourceVersionMatch=&resourceVersion=1', ''],
    [next, ''],
    [`${next}&resourceVersion=0`, ''],
    [`${next}&resourceVersion=1`, 'specifying resource version is not allowed when using continue'],
    [
      `${next}&resourceVersionMatch=Exact`,
      `${head} Forbidden: resourceVersionMatch is forbidden when continue is provided`,
    ],
    [
      'resourceVersionMatch=Nope',
      `${head} Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`,
    ],
    [
      'resourceVersionMatch=Nope&resourceVersion=0',
      `${head} Unsupported value: "Nope": supported values: "Exact", "NotOlderThan", ""`,
    ],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      `${head} Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
    ],
  ]
  for (const [query, message] of rows) assert.equal(await refusal(served, query), message, query)
})
