/** Why somebody may or may not do something: bindings that concern them, and roles that would allow it (RBAC v1). */
import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  Subject,
} from '#spec/kubernetes/objects/rbac-v1.generated.ts'
import { type Explanation, finding, someOf } from './finding.ts'

export interface AccessQuestion {
  readonly user: string
  readonly groups: readonly string[]
  readonly verb: string
  /** `deployments.apps`, as it is asked for. */
  readonly resource: string
  readonly name: string
  /** '' for the whole cluster. */
  readonly namespace: string
}

export interface AccessSurroundings {
  readonly allowed: boolean
  /** What the authoriser itself said. */
  readonly reason: string
  readonly roles: readonly (Role | ClusterRole)[]
  readonly bindings: readonly (RoleBinding | ClusterRoleBinding)[]
  readonly covers: (role: Role | ClusterRole) => boolean
}

/** Explains an access. */
export function explainAccess(question: AccessQuestion, around: AccessSurroundings): Omit<Explanation, 'subject'> {
  const { user, verb, resource, name, namespace } = question
  const what = `${verb} ${resource}${name === '' ? '' : `/${name}`}${namespace === '' ? '' : ` in ${namespace}`}`
  if (around.allowed)
    return { answer: `${user} may ${what}.`, findings: around.reason === '' ? [] : [finding(around.reason)] }
  const own = around.bindings.filter(({ subjects }) => (subjects ?? []).some((subject) => isMeant(subject, question)))
  const bound = own.map(({ kind, metadata, roleRef }) =>
    finding(`${kind}/${metadata.name} gives ${roleRef.kind}/${roleRef.name}, which does not allow it`),
  )
  const helpful = around.roles
    .filter((role) => around.covers(role))
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
  return {
    answer: `${user} may not ${what}.`,
    findings: [
      ...(bound.length === 0 ? [finding('no binding concerns them')] : bound),
      helpful.length === 0
        ? finding('no role there is allows it', [], 'Make a role with this verb and resource, and bind it.')
        : finding(`these roles allow it: ${someOf(helpful)}`, [], bindCommand(question, helpful)),
    ],
  }
}

/** Roles meant for people come first. */
const common = ['ClusterRole/view', 'ClusterRole/edit', 'ClusterRole/admin', 'ClusterRole/cluster-admin']

function bindCommand({ user, namespace }: AccessQuestion, helpful: readonly string[]): string {
  const best = common.find((role) => helpful.includes(role)) ?? helpful[0] ?? ''
  const [kind = '', role = ''] = best.split('/')
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user)
  const to = account === null ? `--user=${user}` : `--serviceaccount=${account[1]}:${account[2]}`
  return namespace === ''
    ? `kubectl create clusterrolebinding NAME --clusterrole=${role} ${to}`
    : `kubectl create rolebinding NAME -n ${namespace} --${kind.toLowerCase()}=${role} ${to}`
}

function isMeant({ kind, name, namespace }: Subject, { user, groups }: AccessQuestion): boolean {
  if (kind === 'ServiceAccount') return user === `system:serviceaccount:${namespace}:${name}`
  return kind === 'User' ? name === user : groups.includes(name)
}
