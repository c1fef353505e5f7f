import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import { SimClock } from '#world/sim/clock.ts'
import type { Access, Authorizer } from '../authorization/access.ts'
import type { User } from '../user.ts'
import { type Acting, Impersonation } from './impersonation.ts'

type Headers = Readonly<Record<string, string | readonly string[]>>

const account: User = { name: 'system:serviceaccount:ns:a', groups: [] }
const agent: User = { ...account, extra: { 'authentication.kubernetes.io/node-name': ['n1'], other: ['x'] } }

/** `verb resource/name`, with the subresource and the namespace where there are any. */
function asText({ verb, isResource, resource, subresource, name, path, namespace }: Access): string {
  const what = subresource === '' ? resource : `${resource}.${subresource}`
  return isResource ? `${verb} ${what}/${name}${namespace === '' ? '' : `@${namespace}`}` : `${verb} ${path}`
}

interface Bench {
  readonly asked: string[]
  readonly users: User[]
  readonly metrics: Metrics
  readonly of: (headers: Headers, request?: Partial<Access>) => Acting | string | undefined
}

/** Impersonation by a caller who is allowed what the list names; answers are who it is or why it is not. */
function bench(rights: readonly string[], caller: User = account): Bench {
  const asked: string[] = []
  const users: User[] = []
  const metrics = createMetrics()
  const authorizer: Authorizer = {
    decide: (access) => {
      asked.push(asText(access))
      users.push(access.user)
      return { allowed: rights.includes(asText(access)), reason: '' }
    },
    rulesOf: () => ({ resourceRules: [], nonResourceRules: [] }),
  }
  const impersonation = new Impersonation({ authorizer, metrics, clock: new SimClock() })
  const list: Access = {
    user: caller,
    verb: 'list',
    isResource: true,
    group: '',
    resource: 'pods',
    subresource: '',
    namespace: 'ns',
    name: '',
    path: '',
  }
  const of = (headers: Headers, request: Partial<Access> = {}): Acting | string | undefined => {
    const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()]))
    const http = {
      headers: Object.fromEntries(Array.from(values, ([name, of]) => [name, of.join(',')])),
      headerValues: (name: string) => values.get(name) ?? [],
    }
    try {
      return impersonation.of(http, () => ({ ...list, ...request })) as Acting | undefined
    } catch (error) {
      if (!(error instanceof GantryError)) throw error
      return messageOf(error)
    }
  }
  return { asked, users, metrics, of }
}

const who = 'User "system:serviceaccount:ns:a" cannot'
const own = 'in API group "authentication.k8s.io" at the cluster scope'
const bob = { 'Impersonate-User': 'bob' }
const mayActAsBob = ['impersonate-on:user-info:list pods/@ns', 'impersonate:user-info users/bob']

// What kube-apiserver 1.36.3 answers to callers without or with few rights.
const refusals: readonly (readonly [what: string, headers: Headers, sentence: string, rights?: readonly string[]])[] = [
  [
    'groups without a user',
    { 'Impersonate-Group': 'g' },
    'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
  ],
  [
    'uid and extra without a user',
    { 'Impersonate-Uid': 'u1', 'Impersonate-Extra-Foo%2FB': 'x' },
    'requested &user.DefaultInfo{Name:"", UID:"u1", Groups:[]string(nil), Extra:map[string][]string{"foo/b":[]string{"x"}}} without impersonating a user name',
  ],
  [
    'no rights at all',
    bob,
    `pods is forbidden: ${who} impersonate-on:user-info:list resource "pods" in API group "" in the namespace "ns"`,
  ],
  [
    'a node',
    { 'Impersonate-User': 'system:node:n1' },
    `pods is forbidden: ${who} impersonate-on:arbitrary-node:list resource "pods" in API group "" in the namespace "ns"`,
  ],
  [
    'a service account',
    { 'Impersonate-User': 'system:serviceaccount:ns:b' },
    `pods is forbidden: ${who} impersonate-on:serviceaccount:list resource "pods" in API group "" in the namespace "ns"`,
  ],
  [
    'a service account with a group, which only the oldest way knows',
    { 'Impersonate-User': 'system:serviceaccount:ns:b', 'Impersonate-Group': 'q' },
    `serviceaccounts "b" is forbidden: ${who} impersonate resource "serviceaccounts" in API group "" in the namespace "ns"`,
  ],
  [
    'a node with a group',
    { 'Impersonate-User': 'system:node:n1', 'Impersonate-Group': 'q' },
    `users "system:node:n1" is forbidden: ${who} impersonate resource "users" in API group "" at the cluster scope`,
  ],
  [
    'another user than the right names',
    { 'Impersonate-User': 'dan' },
    `users.authentication.k8s.io "dan" is forbidden: ${who} impersonate:user-info resource "users" ${own}`,
    mayActAsBob,
  ],
  [
    'a group that is not granted',
    { ...bob, 'Impersonate-Group': ['g1', 'g2'] },
    `groups.authentication.k8s.io "g2" is forbidden: ${who} impersonate:user-info resource "groups" ${own}`,
    [...mayActAsBob, 'impersonate:user-info groups/g1'],
  ],
  [
    'the group that may do everything',
    { ...bob, 'Impersonate-Group': 'system:masters' },
    `groups.authentication.k8s.io "system:masters" is forbidden: ${who} impersonate:user-info resource "groups" ${own}: impersonating the system:masters group is not allowed`,
    [...mayActAsBob, 'impersonate:user-info groups/system:masters'],
  ],
  [
    'a group without a name',
    { ...bob, 'Impersonate-Group': '' },
    `groups.authentication.k8s.io is forbidden: ${who} impersonate:user-info resource "groups" ${own}: impersonating the empty string group is not allowed`,
    mayActAsBob,
  ],
  [
    'a uid',
    { ...bob, 'Impersonate-Uid': 'u' },
    `uids.authentication.k8s.io "u" is forbidden: ${who} impersonate:user-info resource "uids" ${own}`,
    mayActAsBob,
  ],
  [
    'a key without a domain',
    { ...bob, 'Impersonate-Extra-Foo': 'u' },
    `userextras.authentication.k8s.io is forbidden: ${who} impersonate:user-info resource "userextras" ${own}: impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")`,
    mayActAsBob,
  ],
  [
    'a key that is no path',
    { ...bob, 'Impersonate-Extra-foo.com%2fB%20r': 'u' },
    `userextras.authentication.k8s.io is forbidden: ${who} impersonate:user-info resource "userextras" ${own}: impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "b r": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`,
    mayActAsBob,
  ],
  [
    'an empty value',
    { ...bob, 'Impersonate-Extra-foo.com%2fbar': '' },
    `userextras.authentication.k8s.io is forbidden: ${who} impersonate:user-info resource "userextras" ${own}: impersonating the empty string value in extra is not allowed`,
    mayActAsBob,
  ],
  [
    'a value that is not granted',
    { ...bob, 'Impersonate-Extra-foo.com%2fbar': 'u' },
    `userextras.authentication.k8s.io "u" is forbidden: ${who} impersonate:user-info resource "userextras/foo.com/bar" ${own}`,
    mayActAsBob,
  ],
]
for (const [what, headers, sentence, rights = []] of refusals) {
  test(`acting as somebody else is refused: ${what}`, () => assert.equal(bench(rights).of(headers), sentence))
}

test('a refusal names the path where the request is about no resource', () => {
  const path = { verb: 'get', isResource: false, resource: '', namespace: '', path: '/healthz' }
  assert.equal(bench([]).of(bob, path), `forbidden: ${who} impersonate-on:user-info:get path "/healthz"`)
})

test('a request without headers, or with empty ones, is the own', () => {
  assert.equal(bench([]).of({}), undefined)
  assert.equal(bench([]).of({ 'Impersonate-User': '' }), undefined)
})

test('the user has the groups that his name brings', () => {
  const asNode = bench(['impersonate-on:arbitrary-node:list pods/@ns', 'impersonate:arbitrary-node nodes/n1'])
  assert.deepEqual(asNode.of({ 'Impersonate-User': 'system:node:n1' }), {
    user: { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
    constraint: 'impersonate:arbitrary-node',
  })
  const asAccount = bench([
    'impersonate-on:serviceaccount:list pods/@ns',
    'impersonate:serviceaccount serviceaccounts/b@o',
  ])
  assert.deepEqual(asAccount.of({ 'Impersonate-User': 'system:serviceaccount:o:b' }), {
    user: {
      name: 'system:serviceaccount:o:b',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:o', 'system:authenticated'],
    },
    constraint: 'impersonate:serviceaccount',
  })
  const asNobody = bench(['impersonate users/system:anonymous', 'impersonate groups/g'])
  assert.deepEqual(asNobody.of({ 'Impersonate-User': 'system:anonymous', 'Impersonate-Group': 'g' }), {
    user: { name: 'system:anonymous', groups: ['g', 'system:unauthenticated'] },
    constraint: '',
  })
})

test('an account may act as the node of its pod, by a right that is asked for all nodes and without what names one', () => {
  const rights = ['impersonate-on:associated-node:list pods/@ns', 'impersonate:associated-node nodes/*']
  const it = bench(rights, agent)
  assert.deepEqual(it.of({ 'Impersonate-User': 'system:node:n1' }), {
    user: { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
    constraint: 'impersonate:associated-node',
  })
  const keys = ['authentication.kubernetes.io/node-name', 'other']
  const extra = { 'authentication.kubernetes.io/associated-node-keys': keys }
  assert.deepEqual(it.users, [
    { ...account, extra },
    { ...account, extra },
  ])
  assert.match(it.of({ 'Impersonate-User': 'system:node:n2' }) as string, /cannot impersonate-on:arbitrary-node:list/)
})

test('from four values on one question about all of them comes first', () => {
  const groups = { ...bob, 'Impersonate-Group': ['a', 'b', 'c', 'd'] }
  const all = bench([...mayActAsBob, 'impersonate:user-info groups/*'])
  all.of(groups)
  assert.deepEqual(all.asked.slice(2), ['impersonate:user-info groups/*'])
  const each = bench([...mayActAsBob, ...['a', 'b', 'c', 'd'].map((name) => `impersonate:user-info groups/${name}`)])
  assert.equal((each.of(groups) as Acting).constraint, 'impersonate:user-info')
  assert.equal(each.asked.length, 7)
  const extra = { ...bob, 'Impersonate-Extra-a.b%2fc': ['1', '2', '3', '4'] }
  assert.equal(
    (bench([...mayActAsBob, 'impersonate:user-info userextras.*/*']).of(extra) as Acting).user.extra?.['a.b/c']?.length,
    4,
  )
})

test('the way that served a caller last is tried first, and its refusal is what he is told', () => {
  const it = bench(['impersonate users/bob'])
  assert.deepEqual(it.of(bob), { user: { name: 'bob', groups: ['system:authenticated'] }, constraint: '' })
  assert.equal(it.asked.length, 2)
  it.of(bob)
  assert.equal(it.asked.length, 3)
  assert.equal(
    it.of({ 'Impersonate-User': 'dan' }),
    `users "dan" is forbidden: ${who} impersonate resource "users" in API group "" at the cluster scope`,
  )
  const text = it.metrics.render()
  assert.match(text, /apiserver_impersonation_attempts_total\{mode="legacy",decision="allowed"\} 2/)
  assert.match(text, /apiserver_impersonation_attempts_total\{mode="",decision="denied"\} 1/)
  assert.match(text, /apiserver_impersonation_authorization_attempts_total\{mode="user-info",decision="denied"\} 2/)
})
