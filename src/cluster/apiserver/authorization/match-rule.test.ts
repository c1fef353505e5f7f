import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Access, PolicyRule } from './access.ts'
import { ruleCovers, rulesCover } from './match-rule.ts'

function access(parts: Partial<Access>): Access {
  const user = { name: 'u', groups: [] }
  const none = { subresource: '', namespace: '', name: '', path: '', group: '', resource: '' }
  return { user, verb: 'get', isResource: true, ...none, ...parts }
}

const podReader: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const rows: readonly (readonly [string, PolicyRule, Partial<Access>, boolean])[] = [
  ['a rule covers its resource', podReader, { resource: 'pods' }, true],
  ['not another verb', podReader, { resource: 'pods', verb: 'delete' }, false],
  ['not a subresource', podReader, { resource: 'pods', subresource: 'log' }, false],
  [
    'a subresource of its own',
    { ...podReader, resources: ['pods/log'] },
    { resource: 'pods', subresource: 'log' },
    true,
  ],
  [
    'a subresource of anything',
    { ...podReader, resources: ['*/scale'] },
    { resource: 'x', subresource: 'scale' },
    true,
  ],
  ['not another group', podReader, { resource: 'pods', group: 'metrics.k8s.io' }, false],
  ['a named object', { ...podReader, resourceNames: ['a'] }, { resource: 'pods', name: 'a' }, true],
  ['not a list, where names are given', { ...podReader, resourceNames: ['a'] }, { resource: 'pods' }, false],
  ['a path', { verbs: ['get'], nonResourceURLs: ['/healthz/*'] }, { isResource: false, path: '/healthz/ping' }, true],
  [
    'not a longer path',
    { verbs: ['get'], nonResourceURLs: ['/healthz'] },
    { isResource: false, path: '/healthz/x' },
    false,
  ],
]

for (const [name, rule, asked, expected] of rows) {
  test(name, () => assert.equal(ruleCovers(rule, access(asked)), expected))
}

test('several rules together cover one that none covers alone', () => {
  const wanted = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }
  const list = { verbs: ['list'], apiGroups: [''], resources: ['*'] }
  assert.equal(rulesCover([podReader, list], wanted), true)
  assert.equal(rulesCover([podReader], wanted), false)
})

test('a right on one name does not grant all names', () => {
  assert.equal(rulesCover([{ ...podReader, resourceNames: ['a'] }], podReader), false)
})
