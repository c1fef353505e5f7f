/** Checks the expressions of a policy against the kinds that it is about (apiserver policy/validating, type checking, v1.36). */
import { builtInCelType } from '#spec/kubernetes/cel/built-in-type.ts'
import { admissionEnvironment } from '#spec/kubernetes/cel/admission/admission-environment.ts'
import { compileCel } from '#spec/kubernetes/cel/compile-cel.ts'
import { compileVariables } from '#spec/kubernetes/cel/admission/compile-variables.ts'
import type { CelType } from '#spec/kubernetes/cel/cel-type.ts'
import { schemaType, type CelSchema } from '#spec/kubernetes/cel/schema-type.ts'
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
} from '#spec/kubernetes/objects/admissionregistration-v1.generated.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import { builtInKinds, parseGroupVersion } from '#spec/kubernetes/schema/kinds.ts'

/** A kind that a policy is about, with its type. */
export interface CheckedKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly type: CelType
}

/** More kinds than this are not looked at. */
const kindsMax = 10

/** Finds the kind of a resource, or of a kind's own name. */
export type FindKind = (
  group: string,
  version: string,
  name: { readonly resource?: string; readonly kind?: string },
) => CheckedKind | undefined

/** Kinds that are built in, and those of established definitions. */
export function kindFinder(definitions: readonly CustomResourceDefinition[]): FindKind {
  return (group, version, { resource, kind }) => {
    const apiVersion = group === '' ? version : `${group}/${version}`
    const found = resource === undefined ? undefined : builtInKinds.findResource(apiVersion, resource)
    const info =
      found ??
      (kind === undefined
        ? undefined
        : builtInKinds.resources().find((one) => one.group === group && one.version === version && one.kind === kind))
    if (info !== undefined) {
      const type = builtInCelType(info.type)
      return type === undefined ? undefined : { group, version, kind: info.kind, type }
    }
    return customKind(definitions, { group, version, resource, kind })
  }
}

interface Wanted {
  readonly group: string
  readonly version: string
  readonly resource: string | undefined
  readonly kind: string | undefined
}

function customKind(definitions: readonly CustomResourceDefinition[], wanted: Wanted): CheckedKind | undefined {
  const { group, version } = wanted
  const definition = definitions.find(
    ({ spec }) => spec.group === group && (spec.names.plural === wanted.resource || spec.names.kind === wanted.kind),
  )
  const schema = definition?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema
  if (definition === undefined || schema === undefined) return undefined
  const { kind } = definition.spec.names
  const type = schemaType(schema as unknown as CelSchema, { isResource: true, name: kind })
  return type === undefined ? undefined : { group, version, kind, type }
}

const plain = (names: readonly string[] | undefined): readonly string[] =>
  names === undefined || names.some((name) => name.includes('*')) ? [] : names.toSorted()

/** The kinds that a policy's rules name without wildcards, by group, version and kind. */
function kindsOf(rules: readonly NamedRuleWithOperations[], find: FindKind): readonly CheckedKind[] {
  const kinds = new Map<string, CheckedKind>()
  for (const [group, version, resource] of rules.flatMap(namesOf)) {
    const kind = kinds.size < kindsMax ? find(group, version, { resource }) : undefined
    if (kind !== undefined) kinds.set(`${group} ${version} ${kind.kind}`, kind)
  }
  return Array.from(kinds.keys())
    .toSorted()
    .map((key) => kinds.get(key) as CheckedKind)
}

/** Every group, version and resource of a rule. */
function namesOf(rule: NamedRuleWithOperations): readonly (readonly [string, string, string])[] {
  const resources = (rule.resources ?? []).filter((name) => !/[*/]/.test(name)).toSorted()
  return plain(rule.apiGroups).flatMap((group) =>
    plain(rule.apiVersions).flatMap((version) => resources.map((resource) => [group, version, resource] as const)),
  )
}

/** What does not fit in a policy's expressions, by expression. */
export function checkPolicy({ spec }: ValidatingAdmissionPolicy, find: FindKind): readonly ExpressionWarning[] {
  const kinds = kindsOf(spec?.matchConstraints?.resourceRules ?? [], find)
  const params = paramsType(spec?.paramKind, find)
  const check = (text: string): string =>
    kinds
      .map(({ group, version, kind, type }) => {
        const scope = {
          hasParams: spec?.paramKind !== undefined,
          hasAuthorizer: true,
          objectType: type,
          ...(params === undefined ? {} : { paramsType: params }),
        }
        const { types } = compileVariables(spec?.variables ?? [], scope)
        const compiled = compileCel(text.trim(), admissionEnvironment({ ...scope, variables: types }))
        return 'problem' in compiled ? `${group}/${version}, Kind=${kind}: ${compiled.problem}\n` : ''
      })
      .filter((warning) => warning !== '')
      .join('\n')
  return (spec?.validations ?? []).flatMap(({ expression, messageExpression = '' }, index) =>
    [
      ['expression', expression],
      ['messageExpression', messageExpression],
    ].flatMap(([field = '', text = '']) => {
      const warning = text === '' ? '' : check(text)
      return warning === '' ? [] : [{ fieldRef: `spec.validations[${index}].${field}`, warning }]
    }),
  )
}

function paramsType(
  paramKind: { readonly apiVersion?: string; readonly kind?: string } | undefined,
  find: FindKind,
): CelType | undefined {
  if (paramKind === undefined) return undefined
  const { group, version } = parseGroupVersion(paramKind.apiVersion ?? '')
  return find(group, version, { kind: paramKind.kind ?? '' })?.type
}
