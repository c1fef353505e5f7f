/** Asks a live cluster for what an explanation needs: the object and its surroundings, or an access review and the roles. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { findNamedResource, type NamedResource } from '#clients/kubernetes/named-resource.ts'
import * as resources from '#clients/kubernetes/resources.table.ts'
import { isNotFound } from '#clients/kubernetes/status-error.ts'
import { ruleCovers } from '#cluster/apiserver/authorization/match-rule.ts'
import { type AccessQuestion, explainAccess } from '#cluster/why/explain-access.ts'
import { explainField } from '#cluster/why/explain-field.ts'
import { explainObject } from '#cluster/why/explain-object.ts'
import { type Explanation, finding } from '#cluster/why/finding.ts'
import { eventsNaming } from '#cluster/why/surroundings.ts'
import type { SubjectAccessReview } from '#spec/kubernetes/objects/authorization-v1.generated.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '#spec/kubernetes/objects/rbac-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { World } from '#world/ports/world.ts'
import { readSurroundings } from './read-surroundings.ts'

export interface Asking {
  readonly client: KubeClient
  readonly world: Pick<World, 'clock' | 'random'>
  readonly namespace: string
}

/** Explains an object, or who set a field of it. @returns `found` false when there is no such object. */
export async function whyObject(
  { kind, name, field }: { readonly kind: string; readonly name: string; readonly field: string | undefined },
  { client, world, namespace }: Asking,
): Promise<{ readonly explanation: Explanation; readonly found: boolean }> {
  const { resource, singular } = await findKind(client, kind)
  const place = resource.namespaced ? namespace : undefined
  const subject = `${singular}/${name}${place === undefined ? '' : ` in ${place}`}`
  const object = await read(client, resource, { name, namespace: place })
  if (field !== undefined && object !== undefined)
    return { explanation: { subject, ...explainField(object, field) }, found: true }
  const { around, refused } = await readSurroundings(client, world, place)
  if (object === undefined) {
    const told = eventsNaming(resource.kind, name, around.events)
    const findings = told.length === 0 ? [finding('no event tells of it')] : told
    return { explanation: { subject, answer: 'There is no such object.', findings }, found: false }
  }
  const { answer, findings } = explainObject(object, around)
  const unread =
    refused.length === 0 ? [] : [finding(`not looked at, since you may not list them: ${refused.join(', ')}`)]
  return { explanation: { subject, answer, findings: [...findings, ...unread] }, found: true }
}

async function findKind(client: KubeClient, kind: string): Promise<NamedResource> {
  const named = await findNamedResource(client, kind)
  if (named !== undefined) return named
  throw new GantryError('WHY_NO_KIND', 'not-found', `the server doesn't have a resource type "${kind}"`, {
    remedy: 'kubectl api-resources lists those there are.',
  })
}

async function read(
  client: KubeClient,
  resource: ApiResource,
  { name, namespace }: { readonly name: string; readonly namespace: string | undefined },
): Promise<KubernetesObject | undefined> {
  try {
    return await client.get(resource, name, { namespace })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

export interface AccessWords {
  readonly verb: string
  /** `RESOURCE` or `RESOURCE/NAME`. */
  readonly target: string
  readonly user: string
  readonly groups: readonly string[]
}

/** Explains whether a user may do something. */
export async function whyAccess({ verb, target, user, groups }: AccessWords, asking: Asking): Promise<Explanation> {
  const { client } = asking
  const [word = '', name = ''] = target.split('/')
  const { group, resource, namespaced } = (await findKind(client, word)).resource
  const namespace = namespaced ? asking.namespace : ''
  const all = [...groups, 'system:authenticated']
  const attributes = { verb, group, resource, name, namespace }
  const review = await askServer(client, { user, groups: all, resourceAttributes: attributes })
  const question: AccessQuestion = { user, groups: all, verb, resource: word, name, namespace }
  const access = { user: { name: user, groups: all }, ...attributes, isResource: true, subresource: '', path: '' }
  const answer = explainAccess(question, {
    ...review,
    ...(await readGrants(client, namespace)),
    covers: ({ rules }) => (rules ?? []).some((rule) => ruleCovers(rule, access)),
  })
  return { subject: `${verb} ${target}`, ...answer }
}

interface Grants {
  readonly roles: readonly (Role | ClusterRole)[]
  readonly bindings: readonly (RoleBinding | ClusterRoleBinding)[]
}

/** Roles and bindings that count in a namespace, or in the whole cluster for ''. */
async function readGrants(client: KubeClient, namespace: string): Promise<Grants> {
  const [clusterRoles, clusterBindings] = await Promise.all([
    client.list(resources.clusterRoles),
    client.list(resources.clusterRoleBindings),
  ])
  if (namespace === '') return { roles: clusterRoles.items, bindings: clusterBindings.items }
  const [roles, bindings] = await Promise.all([
    client.list(resources.roles, { namespace }),
    client.list(resources.roleBindings, { namespace }),
  ])
  return { roles: [...roles.items, ...clusterRoles.items], bindings: [...bindings.items, ...clusterBindings.items] }
}

/** The server's own decision. */
async function askServer(
  client: KubeClient,
  spec: SubjectAccessReview['spec'],
): Promise<{ readonly allowed: boolean; readonly reason: string }> {
  const { status } = await client.create(resources.subjectAccessReviews, {
    kind: 'SubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { name: '' },
    spec,
  })
  return { allowed: status?.allowed === true, reason: status?.reason ?? '' }
}
