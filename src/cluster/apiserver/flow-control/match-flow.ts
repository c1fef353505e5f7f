/** Which flow schema a request belongs to (flowcontrol.apiserver.k8s.io/v1): rules turned into quick tests once. */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'
import type { User } from '../user.ts'
import type { RequestInfo } from '../request-info.ts'

/** What is looked at of a request. */
export interface FlowRequest {
  readonly user: User
  readonly info: Pick<RequestInfo, 'isResource' | 'verb' | 'group' | 'resource' | 'subresource' | 'namespace'>
  readonly path: string
}

type Test = (request: FlowRequest) => boolean

/** A flow schema that is ready to be asked. */
export interface CompiledFlow {
  readonly name: string
  readonly uid: string
  readonly level: string
  readonly matches: Test
  /** What tells the flows of one schema apart. */
  readonly distinguisher: 'ByUser' | 'ByNamespace' | undefined
}

/** Schemas in the order in which they are asked: by precedence, then by name. */
export function compileFlows(schemas: readonly FlowSchema[]): readonly CompiledFlow[] {
  const precedence = ({ spec }: FlowSchema): number => spec.matchingPrecedence ?? 1000
  return schemas
    .toSorted((a, b) => precedence(a) - precedence(b) || (a.metadata.name < b.metadata.name ? -1 : 1))
    .map(({ metadata, spec }) => {
      const tests = (spec.rules ?? []).map(testOfRule)
      const by = spec.distinguisherMethod?.type
      return {
        name: metadata.name,
        uid: metadata.uid ?? '',
        level: spec.priorityLevelConfiguration.name,
        matches: (request) => tests.some((test) => test(request)),
        distinguisher: by === 'ByUser' || by === 'ByNamespace' ? by : undefined,
      }
    })
}

function testOfRule({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects): Test {
  const isSubject = testOfSubjects(subjects)
  const resources = resourceRules.map(testOfResources)
  const paths = nonResourceRules.map(testOfPaths)
  return (request) =>
    isSubject(request.user) && (request.info.isResource ? resources : paths).some((test) => test(request))
}

function testOfSubjects(subjects: readonly Subject[]): (user: User) => boolean {
  const users = new Set(
    subjects.flatMap(({ kind, user }) => (kind === 'User' && user !== undefined ? [user.name] : [])),
  )
  const groups = new Set(
    subjects.flatMap(({ kind, group }) => (kind === 'Group' && group !== undefined ? [group.name] : [])),
  )
  const prefixes = subjects.flatMap(({ kind, serviceAccount }) => {
    if (kind !== 'ServiceAccount' || serviceAccount === undefined) return []
    const { namespace, name } = serviceAccount
    if (name === '*') return [`system:serviceaccount:${namespace}:`]
    users.add(`system:serviceaccount:${namespace}:${name}`)
    return []
  })
  if (users.has('*') || groups.has('*')) return () => true
  return ({ name, groups: own }) =>
    users.has(name) || own.some((group) => groups.has(group)) || prefixes.some((prefix) => name.startsWith(prefix))
}

/** True for values in the list; `*` stands for every one. */
function oneOf(list: readonly string[] | undefined): (value: string) => boolean {
  const values = new Set(list)
  return values.has('*') ? () => true : (value) => values.has(value)
}

function testOfResources({ verbs, apiGroups, resources, clusterScope, namespaces }: ResourcePolicyRule): Test {
  const [isVerb, isGroup, isResource, isNamespace] = [verbs, apiGroups, resources, namespaces].map(oneOf)
  const takesCluster = clusterScope === true
  return ({ info }) =>
    isVerb?.(info.verb) === true &&
    isGroup?.(info.group) === true &&
    isResource?.(info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`) === true &&
    (info.namespace === '' ? takesCluster : isNamespace?.(info.namespace) === true)
}

function testOfPaths({ verbs, nonResourceURLs }: NonResourcePolicyRule): Test {
  const isVerb = oneOf(verbs)
  const isPath = oneOf(nonResourceURLs)
  const prefixes = nonResourceURLs.map((url) => `${url.replace(/\*$/, '').replace(/\/$/, '')}/`)
  return ({ info, path }) => isVerb(info.verb) && (isPath(path) || prefixes.some((prefix) => path.startsWith(prefix)))
}
