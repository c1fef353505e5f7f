import assert from 'node:assert/strict'
import test from 'node:test'
import type { PodSpec, ResourceRequirements } from '../objects/core-v1.generated.ts'
import { qosClass } from './qos-class.ts'

type Row = readonly [name: string, wanted: ReturnType<typeof qosClass>, spec: Partial<PodSpec>]

const of = (requests: object, limits: object): ResourceRequirements => ({ requests, limits }) as ResourceRequirements
const full = { cpu: '1', memory: '1Gi' }
const one = (resources?: ResourceRequirements): Partial<PodSpec> => ({
  containers: [{ name: 'a', ...(resources === undefined ? {} : { resources }) }],
})

const rows: readonly Row[] = [
  ['nothing asked for', 'BestEffort', one()],
  ['only zeroes', 'BestEffort', one(of({ cpu: '0' }, { memory: '0' }))],
  ['only what is not counted', 'BestEffort', one(of({ 'example.com/card': '1' }, { 'example.com/card': '1' }))],
  ['requests that equal limits', 'Guaranteed', one(of(full, { cpu: '1000m', memory: '1024Mi' }))],
  ['limits above requests', 'Burstable', one(of({ cpu: '1', memory: '1' }, { cpu: '2', memory: '1' }))],
  ['one of the two resources', 'Burstable', one(of({ cpu: '1' }, { cpu: '1' }))],
  ['limits without requests', 'Burstable', one(of({}, full))],
  [
    'an init container that asks for nothing',
    'Burstable',
    { ...one(of(full, full)), initContainers: [{ name: 'i' }] } as Partial<PodSpec>,
  ],
  ['the whole pod over its containers', 'Guaranteed', { ...one(of({ cpu: '1' }, {})), resources: of(full, full) }],
  ['a whole pod that asks for nothing', 'BestEffort', { ...one(of(full, full)), resources: {} }],
]

for (const [name, wanted, spec] of rows) test(`${name}: ${wanted}`, () => assert.equal(qosClass(spec), wanted))
