import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowSchema } from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'
import { flowSchemas } from '../bootstrap/flow-control.table.ts'
import { compileFlows, type FlowRequest } from './match-flow.ts'

const bootstrap = compileFlows(
  Object.entries(flowSchemas).map(([name, spec]) => ({ metadata: { name }, spec }) as unknown as FlowSchema),
)

const request = (
  name: string,
  groups: readonly string[],
  what: Partial<FlowRequest['info']> & { path?: string },
): FlowRequest => ({
  user: { name, groups },
  path: what.path ?? '',
  info: {
    isResource: what.path === undefined,
    verb: 'get',
    group: '',
    resource: 'pods',
    subresource: '',
    namespace: 'default',
    ...what,
  },
})
const all = 'system:authenticated'
const account = (namespace: string, name: string): [string, string[]] => [
  `system:serviceaccount:${namespace}:${name}`,
  ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, all],
]
const lease = { group: 'coordination.k8s.io', resource: 'leases', verb: 'update', namespace: 'kube-node-lease' }

for (const [what, asked, expected] of [
  ['an administrator', request('admin', ['system:masters', all], {}), 'exempt'],
  ['a probe by nobody', request('system:anonymous', ['system:unauthenticated'], { path: '/livez' }), 'probes'],
  ['a part of a probe', request('x', [all], { path: '/readyz/etcd' }), 'probes'],
  [
    'a lease of the scheduler',
    request('system:kube-scheduler', [all], { ...lease, namespace: 'kube-system' }),
    'system-leader-election',
  ],
  ['a node’s heartbeat', request('system:node:n', ['system:nodes', all], lease), 'system-node-high'],
  [
    'a node’s own status',
    request('system:node:n', ['system:nodes', all], {
      resource: 'nodes',
      subresource: 'status',
      namespace: '',
      verb: 'patch',
    }),
    'system-node-high',
  ],
  ['a node’s other work', request('system:node:n', ['system:nodes', all], {}), 'system-nodes'],
  [
    'the garbage collector',
    request(...account('kube-system', 'generic-garbage-collector'), {}),
    'kube-system-service-accounts',
  ],
  ['an account of an application', request(...account('shop', 'web'), {}), 'service-accounts'],
  ['somebody', request('ann', [all], {}), 'global-default'],
  [
    'nobody, at a path of no resource',
    request('system:anonymous', ['system:unauthenticated'], { path: '/version' }),
    'global-default',
  ],
] as const)
  test(`${what} belongs to ${expected}`, () => {
    assert.equal(bootstrap.find((flow) => flow.matches(asked))?.name, expected)
  })

const flow = (name: string, rules: object, more: object = {}): FlowSchema =>
  ({
    metadata: { name },
    spec: { priorityLevelConfiguration: { name: 'l' }, rules: [rules], ...more },
  }) as unknown as FlowSchema
const anybody = { subjects: [{ kind: 'Group', group: { name: all } }] }

test('schemas are asked by precedence, then by name', () => {
  const names = compileFlows([flow('b', anybody), flow('a', anybody), flow('z', anybody, { matchingPrecedence: 1 })])
  assert.deepEqual(
    names.map(({ name }) => name),
    ['z', 'a', 'b'],
  )
})

test('requests without a namespace match only rules for the whole cluster', () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['nodes', 'pods/log'] }
  const [inNamespaces, inCluster] = compileFlows([
    flow('a', { ...anybody, resourceRules: [{ ...rule, namespaces: ['*'] }] }),
    flow('b', { ...anybody, resourceRules: [{ ...rule, clusterScope: true }] }),
  ])
  const node = request('x', [all], { resource: 'nodes', namespace: '' })
  const log = request('x', [all], { resource: 'pods', subresource: 'log' })
  assert.deepEqual([inNamespaces?.matches(node), inCluster?.matches(node)], [false, true])
  assert.deepEqual([inNamespaces?.matches(log), inCluster?.matches(log)], [true, false])
})

test('an account rule names one account, or with a star every one of a namespace', () => {
  const subject = (name: string): object => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'shop', name } })
  const paths = { nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/x/*'] }] }
  const [one, every] = compileFlows([
    flow('a', { subjects: [subject('web')], ...paths }),
    flow('b', { subjects: [subject('*')], ...paths }),
  ])
  const from = (namespace: string, name: string): FlowRequest => request(...account(namespace, name), { path: '/x/y' })
  assert.deepEqual([one?.matches(from('shop', 'web')), one?.matches(from('shop', 'db'))], [true, false])
  assert.deepEqual([every?.matches(from('shop', 'db')), every?.matches(from('shopping', 'db'))], [true, false])
})
