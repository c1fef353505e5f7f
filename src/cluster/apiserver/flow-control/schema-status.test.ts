import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowSchemas, priorityLevelConfigurations } from '#clients/kubernetes/resources.table.ts'
import { createClock } from '#world/real/clock.ts'
import { serveApi } from '../served-api.contract.ts'

const rules = [
  {
    subjects: [{ kind: 'User', user: { name: 'x' } }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  },
]

test('a schema says whether its priority level is there, also when that changes', async () => {
  await using served = await serveApi()
  const { admin } = served
  const clock = createClock()
  const saidOf = async (): Promise<string> => {
    const [condition] = (await admin.get(flowSchemas, 's')).status?.conditions ?? []
    return `${condition?.type ?? ''} ${condition?.status ?? ''} ${condition?.reason ?? ''}`
  }
  const reaches = async (wanted: string): Promise<void> => {
    for (let round = 0; round < 6000 && (await saidOf()) !== wanted; round++) await clock.sleep(10)
    assert.equal(await saidOf(), wanted)
  }
  const spec = { priorityLevelConfiguration: { name: 'l' }, matchingPrecedence: 500, rules }
  await admin.create(flowSchemas, { metadata: { name: 's' }, spec } as never)
  await reaches('Dangling True NotFound')
  const level = { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } }
  await admin.create(priorityLevelConfigurations, { metadata: { name: 'l' }, spec: level } as never)
  await reaches('Dangling False Found')
  await admin.delete(priorityLevelConfigurations, 'l')
  await reaches('Dangling True NotFound')
})
