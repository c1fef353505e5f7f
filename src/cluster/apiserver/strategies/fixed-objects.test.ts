import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configMaps,
  flowSchemas,
  priorityClasses,
  priorityLevelConfigurations,
} from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

const text = (error: Error): string => error.message
const merge = { type: 'merge' } as const
const place = { namespace: 'default' }

test('what every server needs keeps what it is made with, but for what the exempt level lends', async () => {
  await using served = await serveApi()
  const { admin } = served
  const told = await admin
    .patch(flowSchemas, 'catch-all', { spec: { matchingPrecedence: 5 } } as never, merge)
    .catch(text)
  assert.equal(
    told,
    'FlowSchema.flowcontrol.apiserver.k8s.io "catch-all" is invalid: spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"catch-all"},"MatchingPrecedence":5,"DistinguisherMethod":{"Type":"ByUser"},"Rules":[{"Subjects":[{"Kind":"Group","User":null,"Group":{"Name":"system:unauthenticated"},"ServiceAccount":null},{"Kind":"Group","User":null,"Group":{"Name":"system:authenticated"},"ServiceAccount":null}],"ResourceRules":[{"Verbs":["*"],"APIGroups":["*"],"Resources":["*"],"ClusterScope":true,"Namespaces":["*"]}],"NonResourceRules":[{"Verbs":["*"],"NonResourceURLs":["*"]}]}]}: spec of \'catch-all\' must equal the fixed value',
  )
  const level = { spec: { limited: { nominalConcurrencyShares: 6 } } }
  await assert.rejects(
    admin.patch(priorityLevelConfigurations, 'catch-all', level as never, merge),
    /: spec of 'catch-all' must equal the fixed value$/,
  )
  const exempt = { spec: { exempt: { lendablePercent: 50 } } }
  await admin.patch(priorityLevelConfigurations, 'exempt', exempt as never, merge)
  await admin.patch(flowSchemas, 'probes', { spec: { matchingPrecedence: 3 } } as never, merge)
})

test('the system keeps its priority classes', async () => {
  await using served = await serveApi()
  const { admin } = served
  assert.equal(
    await admin.delete(priorityClasses, 'system-node-critical').catch(text),
    'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
  )
  await admin.create(priorityClasses, { metadata: { name: 'mine' }, value: 1 } as never)
  await admin.delete(priorityClasses, 'mine')
})

test('whoever wants the name of an object that is being deleted is told so', async () => {
  await using served = await serveApi()
  const { admin } = served
  const object = { metadata: { name: 'held', ...place, finalizers: ['example.com/hold'] } } as never
  await admin.create(configMaps, object, place)
  assert.equal(await admin.create(configMaps, object, place).catch(text), 'configmaps "held" already exists')
  await admin.delete(configMaps, 'held', place)
  assert.equal(
    await admin.create(configMaps, object, place).catch(text),
    'object is being deleted: configmaps "held" already exists',
  )
})

test('an update neither begins a deletion nor takes it back', async () => {
  await using served = await serveApi()
  const { admin } = served
  const marked = { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } } as never
  await admin.create(
    configMaps,
    { metadata: { name: 'c', ...place, finalizers: ['example.com/hold'] } } as never,
    place,
  )
  assert.equal(
    await admin.patch(configMaps, 'c', marked, { ...place, ...merge }).catch(text),
    'ConfigMap "c" is invalid: metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable',
  )
  await admin.delete(configMaps, 'c', place)
  const unmarked = { metadata: { deletionTimestamp: null } } as never
  const kept = await admin.patch(configMaps, 'c', unmarked, { ...place, ...merge })
  assert.ok(kept.metadata.deletionTimestamp)
})
