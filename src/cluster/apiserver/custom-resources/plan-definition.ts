/**
 * The status that a definition should have: which of its names it holds, and whether its objects are served (naming,
 * establishing, approval and schema controllers of apiextensions, v1.36).
 */
import { withCondition, withoutCondition } from '#kit/reconcile/conditions.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import { caBundleProblem } from '#spec/kubernetes/validation/extensions/webhook-client.ts'

type Condition = CustomResourceDefinitionCondition

/** Names in use in a group. */
interface UsedNames {
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

function usedNames(definitions: readonly CustomResourceDefinition[]): UsedNames {
  const accepted = definitions.flatMap(({ status }) => status?.acceptedNames ?? [])
  return {
    resources: new Set(
      accepted.flatMap(({ plural, singular = '', shortNames = [] }) => [plural, singular, ...shortNames]),
    ),
    kinds: new Set(accepted.flatMap(({ kind, listKind = '' }) => [kind, listKind])),
  }
}

function conflict(wanted: string, held: string, used: ReadonlySet<string>): string | undefined {
  return wanted === held || !used.has(wanted) ? undefined : `${JSON.stringify(wanted)} is already in use`
}

interface NamesPlan {
  readonly names: CustomResourceDefinitionNames
  /** Of several conflicts the last one is told. */
  readonly problem: { readonly reason: string; readonly message: string } | undefined
}

const emptyNames: CustomResourceDefinitionNames = { plural: '', kind: '' }

/** `group` is every definition of the group, this one included. */
function planNames(definition: CustomResourceDefinition, group: readonly CustomResourceDefinition[]): NamesPlan {
  const wanted = definition.spec.names
  const held = definition.status?.acceptedNames ?? emptyNames
  const used = usedNames(group)
  const names: Record<string, unknown> = { ...held }
  let problem: NamesPlan['problem']
  const take = (member: 'plural' | 'singular' | 'kind' | 'listKind', reason: string): void => {
    const isKind = member === 'kind' || member === 'listKind'
    const why = conflict(wanted[member] ?? '', held[member] ?? '', isKind ? used.kinds : used.resources)
    if (why === undefined) names[member] = wanted[member]
    else problem = { reason, message: why }
  }
  take('plural', 'PluralConflict')
  take('singular', 'SingularConflict')
  const before = new Set(held.shortNames)
  const taken = (wanted.shortNames ?? [])
    .filter((name) => !before.has(name))
    .flatMap((name) => conflict(name, '', used.resources) ?? [])
  if (taken.length === 0) names['shortNames'] = wanted.shortNames
  else
    problem = { reason: 'ShortNamesConflict', message: taken.length === 1 ? (taken[0] ?? '') : `[${taken.join(', ')}]` }
  take('kind', 'KindConflict')
  take('listKind', 'ListKindConflict')
  names['categories'] = wanted.categories
  for (const [member, value] of Object.entries(names)) if (value === undefined) Reflect.deleteProperty(names, member)
  return { names: names as unknown as CustomResourceDefinitionNames, problem }
}

function establishedCondition(definition: CustomResourceDefinition, isAccepted: boolean): Condition | undefined {
  const old = definition.status?.conditions?.find(({ type }) => type === 'Established')
  if (old?.status === 'True') return undefined
  const type = 'Established'
  if (!isAccepted)
    return old === undefined
      ? { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
      : undefined
  const bundle = definition.spec.conversion?.webhook?.clientConfig?.caBundle
  if (bundle !== undefined && caBundleProblem(bundle) !== undefined)
    return { type, status: 'False', reason: 'InvalidCABundle', message: 'The conversion webhook CABundle is invalid' }
  return { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
}

const approval = 'api-approved.kubernetes.io'
const proposal = 'see https://github.com/kubernetes/enhancements/pull/1111'

/** Groups of the Kubernetes community need somebody's approval. */
function approvalCondition({ metadata, spec }: CustomResourceDefinition): Condition | undefined {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(spec.group)) return undefined
  const type = 'KubernetesAPIApprovalPolicyConformant'
  const text = metadata.annotations?.[approval] ?? ''
  const need = `protected groups must have approval annotation ${JSON.stringify(approval)}`
  if (text === '') return { type, status: 'False', reason: 'MissingAnnotation', message: `${need}, ${proposal}` }
  if (text.startsWith('unapproved'))
    return { type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(text)}` }
  if (URL.canParse(text)) return { type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${text}` }
  const message = `${need} with either a URL or a reason starting with "unapproved", ${proposal}`
  return { type, status: 'False', reason: 'InvalidAnnotation', message }
}

function schemaCondition({ spec }: CustomResourceDefinition): Condition | undefined {
  if (spec.preserveUnknownFields !== true) return undefined
  const message = 'spec.preserveUnknownFields: Invalid value: true: must be false'
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message }
}

/**
 * The status that a definition should have; the same status when nothing is to change.
 * @param group every definition of its group, itself included.
 * @param now RFC 3339.
 */
export function planDefinition(
  definition: CustomResourceDefinition,
  group: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus {
  const status = definition.status ?? {}
  const { names, problem } = planNames(definition, group)
  const accepted: Condition =
    problem === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...problem }
  const wanted = [
    accepted,
    establishedCondition(definition, problem === undefined),
    approvalCondition(definition),
    schemaCondition(definition),
  ].flatMap((condition) => (condition === undefined ? [] : [{ ...condition, lastTransitionTime: now }]))
  const before = status.conditions ?? []
  const kept = schemaCondition(definition) === undefined ? withoutCondition(before, 'NonStructuralSchema') : before
  const conditions = wanted.reduce<readonly Condition[]>((list, condition) => withCondition(list, condition), kept)
  const sameNames = JSON.stringify(sorted(names)) === JSON.stringify(sorted(status.acceptedNames ?? emptyNames))
  if (sameNames && conditions === before) return status
  return { ...status, acceptedNames: names, conditions }
}

function sorted(names: CustomResourceDefinitionNames): object {
  const { plural, singular = '', kind, listKind = '', shortNames = [], categories = [] } = names
  return { plural, singular, kind, listKind, shortNames, categories }
}

/** How far the end of a definition has come. */
export type Ending = 'ending' | 'ended' | 'unserved' | 'built-in'

const endings: Readonly<Record<Ending, Pick<Condition, 'status' | 'reason' | 'message'>>> = {
  ending: { status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' },
  ended: { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' },
  unserved: { status: 'False', reason: 'NeverEstablished', message: 'resource was never established' },
  'built-in': {
    status: 'False',
    reason: 'OverlappingBuiltInResource',
    message: 'instances overlap with built-in resources in storage',
  },
}

/** The status of a definition that is being deleted; the same status when it says so already. */
export function terminatingStatus(
  { status }: CustomResourceDefinition,
  ending: Ending,
  now: string,
): CustomResourceDefinitionStatus {
  const terminating = { type: 'Terminating', ...endings[ending], lastTransitionTime: now }
  const conditions = withCondition(status?.conditions, terminating)
  return status !== undefined && conditions === status.conditions ? status : { ...status, conditions }
}
