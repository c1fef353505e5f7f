import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { behaviourInV1, behaviourInV2, metricInV1, metricInV2 } from './autoscaler-annotations.ts'

const describedObject = { kind: 'Ingress', name: 'main', apiVersion: 'networking.k8s.io/v1' }
const selector = { matchLabels: { a: 'b' } }

const wanted: readonly (readonly [v2: JsonObject, v1: JsonObject])[] = [
  [
    { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } } },
    { type: 'Resource', resource: { name: 'memory', targetAverageUtilization: 50 } },
  ],
  [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '500m' } } },
    { type: 'Resource', resource: { name: 'cpu', targetAverageValue: '500m' } },
  ],
  [
    {
      type: 'ContainerResource',
      containerResource: {
        name: 'cpu',
        container: 'app',
        target: { type: 'Utilization', averageUtilization: 60 },
      },
    },
    { type: 'ContainerResource', containerResource: { name: 'cpu', targetAverageUtilization: 60, container: 'app' } },
  ],
  [
    {
      type: 'Pods',
      pods: { metric: { name: 'qps', selector }, target: { type: 'AverageValue', averageValue: '1k' } },
    },
    { type: 'Pods', pods: { metricName: 'qps', targetAverageValue: '1k', selector } },
  ],
  [
    {
      type: 'Object',
      object: { describedObject, metric: { name: 'qps' }, target: { type: 'Value', value: '10' } },
    },
    { type: 'Object', object: { target: describedObject, metricName: 'qps', targetValue: '10' } },
  ],
  [
    {
      type: 'Object',
      object: { describedObject, metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '10' } },
    },
    { type: 'Object', object: { target: describedObject, metricName: 'qps', targetValue: '0', averageValue: '10' } },
  ],
  [
    { type: 'External', external: { metric: { name: 'queue', selector }, target: { type: 'Value', value: '30' } } },
    { type: 'External', external: { metricName: 'queue', metricSelector: selector, targetValue: '30' } },
  ],
]

describe('what autoscaling/v1 has no field for', () => {
  for (const [v2, v1] of wanted)
    test(`is written in the older form and read again: ${JSON.stringify(v1)}`, () => {
      assert.deepEqual(metricInV1(v2, 'target'), v1)
      assert.deepEqual(metricInV2(v1, 'target'), v2)
    })

  test('a metric that was seen has no type, and a zero where its value is not known', () => {
    const current = { averageUtilization: 12, averageValue: '120m' }
    const v1 = {
      type: 'Resource',
      resource: { name: 'cpu', currentAverageUtilization: 12, currentAverageValue: '120m' },
    }
    assert.deepEqual(metricInV1({ type: 'Resource', resource: { name: 'cpu', current } }, 'current'), v1)
    assert.deepEqual(metricInV2(v1, 'current'), { type: 'Resource', resource: { name: 'cpu', current } })
    const external = { metric: { name: 'queue' }, current: { averageValue: '3' } }
    assert.deepEqual(metricInV1({ type: 'External', external }, 'current'), {
      type: 'External',
      external: { metricName: 'queue', currentValue: '0', currentAverageValue: '3' },
    })
  })

  test('a metric of a type that there is not stays as it is', () => {
    assert.deepEqual(metricInV1({ type: 'Guess', guess: {} }, 'target'), { type: 'Guess', guess: {} })
    assert.deepEqual(metricInV2({ type: 'Guess' }, 'target'), { type: 'Guess' })
  })

  test('behaviour has the names of its members in Go, and is read in any case', () => {
    const policies = [{ type: 'Pods', value: 2, periodSeconds: 15 }]
    const behaviour = { scaleDown: { stabilizationWindowSeconds: 10, policies } }
    const written = behaviourInV1(behaviour)
    assert.equal(
      JSON.stringify(written),
      '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":10,"SelectPolicy":null,"Policies":[{"Type":"Pods","Value":2,"PeriodSeconds":15}],"Tolerance":null}}',
    )
    assert.deepEqual(behaviourInV2(written), behaviour)
    assert.deepEqual(behaviourInV2(behaviour), behaviour)
    assert.equal(behaviourInV2({ Other: 1 }), undefined)
    assert.equal(behaviourInV2('text'), undefined)
  })
})
