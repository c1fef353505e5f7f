import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAuthorizationConfig } from './authorization-config.ts'
import { meetsMatchConditions } from './match-conditions.ts'

const webhook = {
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  failurePolicy: 'Deny',
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/hook.yaml' },
}
const textOf = (...authorizers: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers })
const hook = (changes: object): object => ({ type: 'Webhook', name: 'h', webhook: { ...webhook, ...changes } })

test('authorisers in their order, a webhook with its defaults', () => {
  const [node, one, two] = parseAuthorizationConfig(
    textOf({ type: 'Node', name: 'node' }, hook({}), {
      ...hook({ authorizedTTL: '1m', cacheUnauthorizedRequests: false, failurePolicy: 'NoOpinion' }),
      name: 'other',
    }),
  )
  assert.deepEqual(node, { type: 'Node', name: 'node' })
  const settings = { kubeconfigPath: '/hook.yaml', timeoutMs: 3000, version: 'v1', conditions: [] }
  assert.deepEqual(one?.webhook, {
    ...settings,
    authorizedKeepMs: 300_000,
    unauthorizedKeepMs: 30_000,
    failurePolicy: 'Deny',
  })
  assert.deepEqual(two?.webhook, {
    ...settings,
    authorizedKeepMs: 60_000,
    unauthorizedKeepMs: 0,
    failurePolicy: 'NoOpinion',
  })
})

test('what is wrong with a file is said in upstream’s words', () => {
  const at = 'authorizers[0]'
  const rows: readonly [text: string, problem: string][] = [
    [textOf(), 'authorizers: Required value: at least one authorization mode must be defined'],
    [textOf({ name: 'a' }), `${at}.type: Required value`],
    [
      textOf({ type: 'X', name: 'x' }),
      `${at}.type: Unsupported value: "X": supported values: "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"`,
    ],
    [
      textOf({ type: 'RBAC', name: 'rbac' }, { type: 'RBAC', name: 'b' }),
      'authorizers[1].type: Duplicate value: "RBAC"',
    ],
    [textOf({ type: 'RBAC' }), `${at}.name: Required value`],
    [textOf(hook({}), hook({})), 'authorizers[1].name: Duplicate value: "h"'],
    [textOf({ ...hook({}), name: 'A B' }), `${at}.name: Invalid value: "A B": authorizer name is invalid: `],
    [textOf({ type: 'RBAC', name: 'other' }), 'expected name rbac for authorizer RBAC instead of other'],
    [textOf({ type: 'Webhook', name: 'h' }), `${at}.webhook: Required value: required when type=Webhook`],
    [
      textOf({ type: 'RBAC', name: 'rbac', webhook }),
      `${at}.webhook: Invalid value: "non-null": may only be specified when type=Webhook`,
    ],
    [textOf(hook({ timeout: '31s' })), `${at}.timeout: Invalid value: "31s": must be > 0s and <= 30s`],
    [textOf(hook({ timeout: undefined })), `${at}.timeout: Required value`],
    [textOf(hook({ authorizedTTL: '-1s' })), `${at}.authorizedTTL: Invalid value: "-1s": must be > 0s`],
    [
      textOf(hook({ subjectAccessReviewVersion: 'v2' })),
      `${at}.subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1"`,
    ],
    [textOf(hook({ failurePolicy: undefined })), `${at}.failurePolicy: Required value`],
    [textOf(hook({ connectionInfo: {} })), `${at}.connectionInfo.type: Required value`],
    [
      textOf(hook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'a' } })),
      `${at}.connectionInfo.kubeConfigFile: Invalid value: "a": must be an absolute path`,
    ],
    [
      textOf(hook({ matchConditions: [{ expression: 'true' }] })),
      `${at}.matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified`,
    ],
    [
      textOf(hook({ matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: [{ expression: '1' }] })),
      `${at}.matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int`,
    ],
    [
      textOf(hook({ matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: [{ expression: 'nothing' }] })),
      `${at}.matchConditions[0].expression: Invalid value: "nothing": compilation failed: ERROR: `,
    ],
    [textOf({ type: 'RBAC', name: 'rbac', stray: 1 }), 'stray'],
  ]
  for (const [text, problem] of rows)
    assert.throws(
      () => parseAuthorizationConfig(text),
      (error: Error) => error.message.includes(problem),
      problem,
    )
})

test('a reload keeps the types that the server began with', () => {
  assert.throws(() => parseAuthorizationConfig(textOf({ type: 'RBAC', name: 'rbac' }), ['RBAC', 'Node', 'Webhook']), {
    message: 'invalid authorization configuration: missing required types: [Node]',
  })
})

test('conditions see the review; one that is false decides, after that failures do', () => {
  const meets = (spec: object, ...expressions: readonly string[]): unknown => {
    const conditions = expressions.map((expression) => ({ expression }))
    const text = textOf(hook({ matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: conditions }))
    const [{ webhook: settings } = { webhook: undefined }] = parseAuthorizationConfig(text)
    return meetsMatchConditions(settings?.conditions ?? [], spec as never)
  }
  const ofPods = { resourceAttributes: { resource: 'pods', namespace: 'kube-system' }, user: 'jane', groups: ['dev'] }
  const ofPath = { nonResourceAttributes: { path: '/healthz' }, user: 'jane' }
  const hasResource = 'has(request.resourceAttributes)'
  assert.equal(meets(ofPods, hasResource, "request.resourceAttributes.namespace == 'kube-system'"), true)
  assert.equal(meets(ofPath, hasResource), false)
  assert.equal(meets(ofPods, "request.resourceAttributes.verb == ''", "!('ops' in request.groups)"), true)
  assert.equal(meets(ofPods, 'has(request.resourceAttributes.labelSelector)'), false)
  assert.equal(meets(ofPath, "request.resourceAttributes.verb == 'get'", 'request.user == "joe"'), false)
  const { error } = meets(ofPath, "request.resourceAttributes.verb == 'get'", 'request.user == "jane"') as {
    readonly error: string
  }
  assert.match(
    error,
    /^cel evaluation error: expression 'request.resourceAttributes.verb == 'get'' resulted in error: no such key/,
  )
})
