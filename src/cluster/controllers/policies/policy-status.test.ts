import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customResourceDefinitions, validatingAdmissionPolicies } from '#clients/kubernetes/resources.table.ts'
import type { ValidatingAdmissionPolicy } from '#spec/kubernetes/objects/admissionregistration-v1.generated.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import { createBench } from '../bench.contract.ts'
import { checkPolicy, kindFinder } from './check-policy.ts'
import { startPolicyStatusController } from './policy-status.ts'

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'widgets', kind: 'Widget' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
} as unknown as CustomResourceDefinition

function policy(rule: object, expressions: readonly string[], more: object = {}): ValidatingAdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p', generation: 1 },
    spec: {
      matchConstraints: { resourceRules: [{ operations: ['*'], ...rule }] },
      validations: expressions.map((expression) => ({ expression })),
      ...more,
    },
  } as unknown as ValidatingAdmissionPolicy
}

const deployments = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments', 'deployments/status'] }
const widgets = { apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['widgets'] }

function warnings(checked: ValidatingAdmissionPolicy): readonly (readonly [string, string])[] {
  const found = checkPolicy(checked, kindFinder([definition]))
  return found.map(({ fieldRef, warning }) => [fieldRef, warning.split('\n')[0] ?? ''])
}

test('expressions are checked against the kinds that a policy names', () => {
  const rows: readonly (readonly [ValidatingAdmissionPolicy, readonly (readonly [string, string])[]])[] = [
    [policy(deployments, ['object.spec.replicas <= 5', 'object.metadata.labels.all(k, k != "")']), []],
    [
      policy(deployments, ['object.spec.replicas <= 5', 'object.spec.replica > 1']),
      [['spec.validations[1].expression', "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'replica'"]],
    ],
    [
      policy(deployments, ['variables.count > "1"'], {
        variables: [{ name: 'count', expression: 'object.spec.replicas' }],
      }),
      [
        [
          'spec.validations[0].expression',
          "apps/v1, Kind=Deployment: ERROR: <input>:1:17: found no matching overload for '_>_' applied to '(int, string)'",
        ],
      ],
    ],
    [
      policy(widgets, ['object.spec.weight > 1', 'object.spec.size > 1']),
      [
        [
          'spec.validations[0].expression',
          "example.com/v1, Kind=Widget: ERROR: <input>:1:12: undefined field 'weight'",
        ],
      ],
    ],
    [policy({ ...deployments, apiGroups: ['*'] }, ['object.spec.nothing']), []],
    [
      policy(deployments, ['object.spec.replicas <= int(params.data.max)', 'params.dat == 1'], {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      }),
      [['spec.validations[1].expression', "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'dat'"]],
    ],
  ]
  for (const [checked, expected] of rows) assert.deepEqual(warnings(checked), expected)
})

test('the status tells once for each generation', async () => {
  await using bench = createBench()
  bench.start(startPolicyStatusController)
  await bench.put(customResourceDefinitions, definition)
  await bench.put(validatingAdmissionPolicies, policy(widgets, ['object.spec.weight > 1']))
  await bench.pass(1000)
  const status = bench.api.all<ValidatingAdmissionPolicy>(validatingAdmissionPolicies)[0]?.status
  assert.equal(status?.observedGeneration, 1)
  assert.equal(status.typeChecking?.expressionWarnings?.length, 1)
})
