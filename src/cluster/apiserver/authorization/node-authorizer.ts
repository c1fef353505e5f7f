/**
 * What a node may do (node authorizer, v1.36): read what the pods bound to it need, and write what is its own. What cannot
 * be told before an object is known is left to admission (NodeRestriction).
 */
import { parseFieldSelector } from '#spec/kubernetes/selectors/parse-field-selector.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { Access, Decision } from './access.ts'
import { ruleCovers } from './match-rule.ts'
import { NodeRelations, type RelatedResource } from './node-relations.ts'
import { nodeRules } from './node-rules.table.ts'

const yes: Decision = { allowed: true, reason: '' }
const no = (reason = ''): Decision => ({ allowed: false, reason })

/** The node that a user is, `undefined` for anybody else; `''` for one that does not say which. */
export function nodeOf({ name, groups }: Access['user']): string | undefined {
  const prefix = 'system:node:'
  return name.startsWith(prefix) && groups.includes('system:nodes') ? name.slice(prefix.length) : undefined
}

/** The node authorizer's opinion about what a node asks. */
export function decideForNode(cache: ObjectCache, access: Access): Decision {
  const node = nodeOf(access.user)
  if (node === undefined) return no()
  if (node === '') return no(`unknown node for user ${JSON.stringify(access.user.name)}`)
  const decide = access.isResource ? deciders[`${access.group}/${access.resource}`] : undefined
  if (decide !== undefined) return decide({ cache, node, access })
  return nodeRules.some((rule) => ruleCovers(rule, access)) ? yes : no()
}

interface Question {
  readonly cache: ObjectCache
  readonly node: string
  readonly access: Access
}
type Decide = (question: Question) => Decision

const deciders: Readonly<Record<string, Decide>> = {
  '/secrets': (question) => decideRead(question, '/secrets'),
  '/configmaps': (question) => decideRead(question, '/configmaps'),
  '/persistentvolumeclaims': decideClaim,
  '/persistentvolumes': (question) => decideGet(question, '/persistentvolumes'),
  'resource.k8s.io/resourceclaims': (question) => decideGet(question, 'resource.k8s.io/resourceclaims'),
  'storage.k8s.io/volumeattachments': (question) => decideGet(question, 'storage.k8s.io/volumeattachments'),
  '/serviceaccounts': decideServiceAccount,
  'coordination.k8s.io/leases': decideLease,
  'storage.k8s.io/csinodes': decideCsiNode,
  'resource.k8s.io/resourceslices': decideSlice,
  '/nodes': decideNode,
  '/pods': decidePod,
}

const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
const writingOwn: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete'])

function decideRelated({ cache, node, access }: Question, resource: RelatedResource): Decision {
  if (access.name === '') return no('No Object name found')
  if (new NodeRelations(cache, node).has(resource, access)) return yes
  return no(`no relationship found between node '${node}' and this object`)
}

function decideGet(question: Question, resource: RelatedResource): Decision {
  const { verb, subresource } = question.access
  if (verb !== 'get') return no('can only get individual resources of this type')
  return subresource === '' ? decideRelated(question, resource) : no('cannot get subresource')
}

function decideRead(question: Question, resource: RelatedResource): Decision {
  const { verb, subresource, namespace } = question.access
  if (!reading.has(verb)) return no('can only read resources of this type')
  if (subresource !== '') return no('cannot read subresource')
  return namespace === '' ? no('can only read namespaced object of this type') : decideRelated(question, resource)
}

function decideClaim(question: Question): Decision {
  const { verb, subresource } = question.access
  if (subresource !== 'status') return decideGet(question, '/persistentvolumeclaims')
  if (verb !== 'update' && verb !== 'patch') return no('can only get/update/patch this type')
  return decideRelated(question, '/persistentvolumeclaims')
}

function decideServiceAccount(question: Question): Decision {
  const { verb, subresource, name } = question.access
  if (verb === 'get' && subresource === '') return decideRead(question, '/serviceaccounts')
  if (verb !== 'create' || name === '') return no('can only create tokens for individual service accounts')
  if (subresource !== 'token') return no('can only create token subresource of serviceaccount')
  return decideRelated(question, '/serviceaccounts')
}

function decideLease({ node, access }: Question): Decision {
  const { verb, namespace, name } = access
  if (!writingOwn.has(verb)) return no('can only get, create, update, patch, or delete a node lease')
  if (namespace !== 'kube-node-lease') return no('can only access leases in the "kube-node-lease" system namespace')
  if (verb === 'create' || name === node) return yes
  return no('can only access node lease with the same name as the requesting node')
}

function decideCsiNode({ node, access }: Question): Decision {
  const { verb, subresource, name } = access
  if (!writingOwn.has(verb)) return no('can only get, create, update, patch, or delete a CSINode')
  if (subresource !== '') return no('cannot authorize CSINode subresources')
  if (verb === 'create' || name === node) return yes
  return no('can only access CSINode with the same name as the requesting node')
}

function decideSlice(question: Question): Decision {
  const { verb, subresource } = question.access
  if (subresource !== '') return no('cannot authorize ResourceSlice subresources')
  switch (verb) {
    case 'create':
      return yes
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return decideRelated(question, 'resource.k8s.io/resourceslices')
    case 'watch':
    case 'list':
    case 'deletecollection':
      if (selectsNode(question)) return yes
      return no('can only list/watch/deletecollection resourceslices with nodeName field selector')
    default:
      return no(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      )
  }
}

function decideNode({ node, access }: Question): Decision {
  const { verb, subresource, name } = access
  const isChange = verb === 'update' || verb === 'patch'
  if (subresource === 'status') return isChange ? yes : no()
  if (subresource !== '') return no()
  if (isChange || verb === 'create') return yes
  if (!reading.has(verb)) return no()
  if (name === node) return yes
  if (name === '') return no(`node '${node}' cannot read all nodes, only its own Node object`)
  return no(`node '${node}' cannot read '${name}', only its own Node object`)
}

/** What a node may do with any pod, as far as is known before the pod: `verb subresource`. */
const withPods: ReadonlySet<string> = new Set([
  'create ',
  'delete ',
  'update status',
  'patch status',
  'create eviction',
])

function decidePod(question: Question): Decision {
  const { verb, subresource, name } = question.access
  if (withPods.has(`${verb} ${subresource}`)) return yes
  if (subresource !== '' || !reading.has(verb)) return no()
  if (verb === 'get') return decideRelated(question, '/pods')
  if (selectsNode(question)) return yes
  if (name === '') return no('can only list/watch pods with spec.nodeName field selector')
  return decideRelated(question, '/pods')
}

/** Whether only objects that name the node are asked for. */
function selectsNode({ node, access: { fieldSelector = '' } }: Question): boolean {
  if (fieldSelector === '') return false
  try {
    return parseFieldSelector(fieldSelector).some(
      ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
    )
  } catch {
    // The request is refused for it later, whoever asks.
    return false
  }
}
