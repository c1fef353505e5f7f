import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterRoleBindings, configMaps } from '#clients/kubernetes/resources.table.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import type { ApiRequest } from '../api-request.ts'
import { serveApi } from '../served-api.contract.ts'
import type { Access, Authorizer, Decision } from './access.ts'
import type { AuthorizerLink } from './authorizer.ts'

const noRules = { resourceRules: [], nonResourceRules: [] }

/** One that answers later, as one that asks somebody else does. */
function later(name: string, decide: (access: Access) => Decision): AuthorizerLink {
  const authorizer: Authorizer = {
    decide: (access) => Promise.resolve().then(() => decide(access)),
    rulesOf: () => ({ ...noRules, incomplete: true, error: `${name} has no rules` }),
  }
  return { type: 'Webhook', name, authorizer }
}

const noOpinion: Decision = { allowed: false, reason: '' }
const user = { name: 'jane', groups: [] }
const question: Access = {
  ...{ user, verb: 'get', isResource: true, group: '', resource: 'pods', subresource: '' },
  ...{ namespace: 'default', name: 'p', path: '' },
}

test('the chain ends where one allows or forbids; without either all that was said is put together', async () => {
  const said: Decision[] = []
  const metrics = createMetrics()
  const links = ['one', 'two', 'three'].map((name, index) => later(name, () => said[index] ?? noOpinion))
  await using served = await serveApi({ deps: { authorizers: links, metrics } })
  const decide = (...decisions: readonly Decision[]): Decision | Promise<Decision> => {
    said.splice(0, said.length, ...decisions)
    return served.api.parts.authorizer.decide(question)
  }
  const rows: readonly [decisions: readonly Decision[], expected: Decision][] = [
    [[], noOpinion],
    [
      [
        { allowed: true, reason: 'a' },
        { allowed: false, denied: true, reason: 'b' },
      ],
      { allowed: true, reason: 'a' },
    ],
    [
      [
        { ...noOpinion, reason: 'x' },
        { allowed: false, denied: true, reason: 'y' },
        { allowed: true, reason: 'z' },
      ],
      { allowed: false, denied: true, reason: 'y' },
    ],
    [[{ ...noOpinion, reason: 'x' }, noOpinion, { ...noOpinion, reason: 'z' }], { allowed: false, reason: 'x\nz' }],
    [
      [{ ...noOpinion, error: 'down' }, noOpinion, { ...noOpinion, reason: 'no' }],
      { allowed: false, reason: 'no', error: 'down' },
    ],
    [
      [
        { ...noOpinion, error: 'e' },
        { ...noOpinion, error: 'f' },
        { allowed: true, reason: '' },
      ],
      { allowed: true, reason: '' },
    ],
    [
      [
        { ...noOpinion, error: 'e' },
        { ...noOpinion, error: 'f' },
      ],
      { allowed: false, reason: '', error: '[e, f]' },
    ],
  ]
  for (const [decisions, expected] of rows) assert.deepEqual(await decide(...decisions), expected)
  const counted = (name: string, decision: string): string =>
    `apiserver_authorization_decisions_total{type="Webhook",name="${name}",decision="${decision}"} 1\n`
  for (const line of [counted('one', 'allowed'), counted('two', 'denied'), counted('three', 'allowed')])
    assert.ok(metrics.render().includes(line), line)
})

test('who is above all is asked nobody about, and the answer is there at once', async () => {
  const authorizers = [later('never', () => ({ allowed: false, denied: true, reason: 'nobody' }))]
  await using served = await serveApi({ deps: { authorizers } })
  const master = { name: 'a', groups: ['system:masters'] }
  assert.deepEqual(served.api.parts.authorizer.decide({ ...question, user: master }), { allowed: true, reason: '' })
})

test('over HTTP: an answer that is awaited lets through, forbids with its reason, or fails with what went wrong', async () => {
  const decisions: Readonly<Record<string, Decision>> = {
    yes: { allowed: true, reason: 'of course' },
    no: { allowed: false, reason: 'not today' },
    never: { allowed: false, denied: true, reason: 'never' },
    down: { allowed: false, reason: '', error: 'no <answer>' },
  }
  const seen: Access[] = []
  const authorizers = [
    later('hook', (access) => {
      seen.push(access)
      return decisions[access.name] ?? noOpinion
    }),
  ]
  await using served = await serveApi({ deps: { authorizers } })
  const get = async (path: string): Promise<{ status: number; text: string }> => {
    const reply = await served.call(path, { token: 'user-token' })
    const isRefusal = reply.status === 403 || reply.status === 500
    assert.equal(reply.header('x-content-type-options'), isRefusal ? 'nosniff' : undefined)
    return { status: reply.status, text: await reply.text() }
  }
  const of = (name: string): string => `/api/v1/namespaces/default/configmaps/${name}`
  assert.equal((await get(of('yes'))).status, 404)
  const refused = await get(of('no'))
  assert.equal(refused.status, 403)
  assert.equal(
    JSON.parse(refused.text).message,
    'configmaps "no" is forbidden: User "user" cannot get resource "configmaps" in API group "" in the namespace "default": not today',
  )
  assert.match((await get(of('never'))).text, /in the namespace \\"default\\": never/)
  assert.deepEqual(await get(of('down')), {
    status: 500,
    text: `Internal Server Error: "${of('down')}": no &lt;answer&gt;\n`,
  })
  await get('/api/v1/pods?labelSelector=a%3Db,c&fieldSelector=spec.nodeName%3Dn')
  const { labelSelector, fieldSelector, verb } = seen.at(-1) as Access
  assert.deepEqual(
    { labelSelector, fieldSelector, verb },
    { labelSelector: 'a=b,c', fieldSelector: 'spec.nodeName=n', verb: 'list' },
  )
})

test('whoever asks twice may: acting as another, applying what is not there, expressions of policies', async () => {
  const asked: string[] = []
  const authorizers = [
    later('hook', ({ user: { name }, verb, resource, name: of }) => {
      asked.push(`${name} ${verb} ${resource}/${of}`)
      return { allowed: verb !== 'delete', reason: '' }
    }),
  ]
  await using served = await serveApi({ deps: { authorizers } })
  const reply = await served.call('/api/v1/namespaces', {
    token: 'user-token',
    headers: { 'Impersonate-User': 'jane', 'Impersonate-Group': 'dev' },
  })
  assert.equal(reply.status, 200)
  await reply.discard()
  assert.deepEqual(asked, [
    'user impersonate-on:user-info:list namespaces/',
    'user impersonate:user-info users/jane',
    'user impersonate:user-info groups/dev',
    'jane list namespaces/',
  ])
  const metadata = { name: 'asks' }
  const { admin } = served
  const policy = {
    failurePolicy: 'Fail',
    matchConstraints: {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
    },
    validations: [
      {
        expression:
          'authorizer.group("").resource("pods").check("delete").allowed() && authorizer.group("").resource("pods").check("get").allowed()',
        message: 'may not delete pods',
      },
    ],
  }
  const group = 'admissionregistration.k8s.io'
  const resource = (plural: string): never =>
    ({ group, version: 'v1', resource: plural, kind: '', namespaced: false }) as never
  await admin.create(resource('validatingadmissionpolicies'), {
    apiVersion: `${group}/v1`,
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: policy,
  } as never)
  await admin.create(resource('validatingadmissionpolicybindings'), {
    apiVersion: `${group}/v1`,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: 'asks', validationActions: ['Deny'] },
  } as never)
  const jane = served.api.clientFor({ name: 'jane', groups: [] })
  const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } }
  asked.length = 0
  await assert.rejects(jane.apply(configMaps, wanted as never, { fieldManager: 'm' } as never), /may not delete pods/)
  assert.deepEqual(asked, ['jane patch configmaps/a', 'jane create configmaps/a', 'jane delete pods/'])
})

test('rules reviews say what is left out, and a role that is not there', async () => {
  const authorizers = [{ type: 'RBAC', name: 'rbac' }, later('hook', () => noOpinion)]
  await using served = await serveApi({ deps: { authorizers } })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'gone' }
  const subjects = [{ kind: 'User', name: 'user' }]
  await served.admin.create(clusterRoleBindings, { metadata: { name: 'b' }, roleRef, subjects } as never)
  const post = async (kind: string, spec: object): Promise<Record<string, unknown>> => {
    const body = JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind, spec })
    const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`
    const headers = { 'content-type': 'application/json' }
    const reply = await served.call(path, { method: 'POST', token: 'admin-token', headers, body })
    return (JSON.parse(await reply.text()) as ApiRequest & { status: Record<string, unknown> }).status
  }
  const missing = 'clusterrole.rbac.authorization.k8s.io "gone" not found'
  const resourceAttributes = {
    verb: 'get',
    resource: 'pods',
    labelSelector: { requirements: [{ key: 'a', operator: 'Near', values: ['x'] }] },
  }
  assert.deepEqual(await post('SubjectAccessReview', { user: 'user', resourceAttributes }), {
    allowed: false,
    reason: `RBAC: ${missing}`,
    evaluationError: 'spec.resourceAttributes.labelSelector ignored due to parse error',
  })
  const rules = served.api.parts.authorizer.rulesOf({ name: 'user', groups: [] }, 'default')
  assert.deepEqual(rules, { ...noRules, incomplete: true, error: `[${missing}, hook has no rules]` })
  const own = await post('SelfSubjectRulesReview', { namespace: 'default' })
  assert.equal(own['incomplete'], true)
  assert.equal(own['evaluationError'], 'hook has no rules')
})

test('another chain is asked from the moment that it is given', async () => {
  await using served = await serveApi({ deps: { authorizers: [{ type: 'AlwaysDeny', name: 'alwaysdeny' }] } })
  const { authorizer } = served.api.parts
  assert.deepEqual(authorizer.decide(question), { allowed: false, reason: 'Everything is forbidden.' })
  served.api.useAuthorizers([{ type: 'AlwaysAllow', name: 'alwaysallow' }])
  assert.deepEqual(authorizer.decide(question), { allowed: true, reason: '' })
  assert.throws(() => served.api.useAuthorizers([{ type: 'ABAC', name: 'abac' }]), {
    code: 'APISERVER_AUTHORIZER_UNKNOWN',
  })
})
