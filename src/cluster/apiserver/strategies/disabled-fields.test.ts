import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '../api-object.ts'
import { withoutDisabled } from './disabled-fields.ts'
import { strategyOf } from './strategies.ts'
import type { StrategyContext } from './strategy.ts'

const context = {} as unknown as StrategyContext
const bundle = { volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { path: 'p' } }] } }] }

test('what is switched off is dropped, and what lies around it kept', () => {
  const spec = {
    ...bundle,
    schedulingGroup: { podGroupName: 'g' },
    containers: [
      { name: 'a', lifecycle: { stopSignal: 'SIGHUP' } },
      { name: 'b', lifecycle: { stopSignal: 'SIGHUP', preStop: {} } },
    ],
  }
  assert.deepEqual(withoutDisabled(spec, {}), {
    volumes: [{ name: 'v', projected: { sources: [{}] } }],
    containers: [{ name: 'a' }, { name: 'b', lifecycle: { preStop: {} } }],
  })
})

test('what the stored object uses stays', () => assert.equal(withoutDisabled(bundle, bundle), bundle))

test('a specification without such fields is not copied', () => {
  const spec = { containers: [{ name: 'a' }], volumes: [] }
  assert.equal(withoutDisabled(spec, {}), spec)
})

test('stateful sets lose maxUnavailable on create and keep it where it was', () => {
  const set = {
    spec: { updateStrategy: { rollingUpdate: { partition: 0, maxUnavailable: 1 } } },
  } as unknown as ApiObject
  const { prepareCreate, prepareUpdate } = strategyOf('apps', 'statefulsets')
  assert.deepEqual(prepareCreate?.(set, context).spec, { updateStrategy: { rollingUpdate: { partition: 0 } } })
  assert.deepEqual(prepareUpdate?.(set, set, context), set)
})

test('pods and templates lose annotations of init containers from before 1.8, and no others', () => {
  const old = 'pod.beta.kubernetes.io/init-containers'
  const metadata = { name: 'w', annotations: { [old]: '[]', kept: 'y' } }
  const deployment = { metadata, spec: { template: { metadata: { annotations: { [old]: '[]' } }, spec: {} } } }
  const { prepareCreate, prepareUpdate } = strategyOf('apps', 'deployments')
  const template = { metadata: {}, spec: {} }
  const given = deployment as unknown as ApiObject
  assert.deepEqual(prepareCreate?.(given, context).spec, { template })
  assert.deepEqual(prepareUpdate?.(given, given, context).spec, { template })
  assert.deepEqual(prepareUpdate?.(given, given, context).metadata, metadata)
})
