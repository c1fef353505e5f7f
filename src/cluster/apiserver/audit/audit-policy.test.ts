import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { User } from '../user.ts'
import { requestInfoOf } from '../request-info.ts'
import { type AuditedRequest, parseAuditPolicy, scopeOf } from './audit-policy.ts'

const asked = (method: string, path: string, user: User = { name: 'ann', groups: ['dev'] }): AuditedRequest => ({
  user,
  path,
  info: requestInfoOf(method, path, { watch: false, fieldSelector: '' }),
})

const policy = parseAuditPolicy(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: [system:kube-proxy]
    verbs: [watch]
  - level: None
    nonResourceURLs: [/healthz*, /version]
  - level: RequestResponse
    omitManagedFields: true
    omitStages: [ResponseStarted]
    resources: [{ group: '', resources: [pods/*], resourceNames: [special] }]
  - level: Metadata
    resources:
      - { group: '', resources: [secrets, configmaps] }
      - { group: '*', resources: ['*/scale'] }
  - level: Request
    namespaces: [kube-system]
    userGroups: [ops]
  - level: Metadata
    namespaces: ['']
    resources: [{ group: rbac.authorization.k8s.io }]
`)

for (const [what, request, level] of [
  ['a path with a star', asked('GET', '/healthz/etcd'), 'None'],
  ['an exact path', asked('GET', '/version'), 'None'],
  ['a subresource of a named pod', asked('POST', '/api/v1/namespaces/x/pods/special/exec'), 'RequestResponse'],
  ['a subresource of another pod', asked('POST', '/api/v1/namespaces/x/pods/other/exec'), 'None'],
  ['a secret', asked('GET', '/api/v1/namespaces/x/secrets/a'), 'Metadata'],
  ['a scale of any group', asked('PUT', '/apis/apps/v1/namespaces/x/deployments/a/scale'), 'Metadata'],
  ['a deployment itself', asked('PUT', '/apis/apps/v1/namespaces/x/deployments/a'), 'None'],
  [
    'a namespace and a group of users',
    asked('GET', '/api/v1/namespaces/kube-system/pods', { name: 'x', groups: ['ops'] }),
    'Request',
  ],
  ['the namespace alone', asked('GET', '/api/v1/namespaces/kube-system/pods'), 'None'],
  ['a whole group without namespace', asked('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'), 'Metadata'],
  ['the same group in a namespace', asked('GET', '/apis/rbac.authorization.k8s.io/v1/namespaces/x/roles'), 'None'],
] as const)
  test(`${what} is recorded at level ${level}`, () => {
    assert.equal(scopeOf(policy, request).level, level)
  })

test('stages left out by the policy and by the rule add up, and the rule decides about managed fields', () => {
  const scope = scopeOf(policy, asked('GET', '/api/v1/namespaces/x/pods/special/log'))
  assert.deepEqual([...scope.omitStages], ['RequestReceived', 'ResponseStarted'])
  assert.equal(scope.omitManagedFields, true)
})

for (const [what, rule, problem] of [
  ['a level that there is not', '{ level: All }', /rules\[0\]\.level: expected one of None, Metadata/],
  ['a path without its slash', '{ level: None, nonResourceURLs: [x] }', /must begin with a '\/'/],
  ['a star inside a path', "{ level: None, nonResourceURLs: ['/a*b'] }", /must be the final character/],
  [
    'names without resources',
    "{ level: None, resources: [{ resourceNames: ['a'] }] }",
    /requires at least one resource/,
  ],
  ['paths and resources at once', "{ level: None, nonResourceURLs: ['*'], namespaces: [x] }", /cannot apply to both/],
  ['a stage that there is not', '{ level: None, omitStages: [Later] }', /omitStages\[0\]/],
  ['a misspelt member', '{ level: None, user: [x] }', /user/],
] as const)
  test(`a policy with ${what} is refused`, () => {
    assert.throws(() => parseAuditPolicy(`{ apiVersion: audit.k8s.io/v1, kind: Policy, rules: [${rule}] }`), problem)
  })

test('a policy without rules, of another version or that is no YAML is refused', () => {
  assert.throws(() => parseAuditPolicy('{ apiVersion: audit.k8s.io/v1, kind: Policy, rules: [] }'), /rules/)
  assert.throws(() => parseAuditPolicy('{ apiVersion: audit.k8s.io/v1beta1, kind: Policy, rules: [{level: None}] }'))
  assert.throws(() => parseAuditPolicy('{'))
})
