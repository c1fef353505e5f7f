/** Whether a rule of a role covers an access (RBAC evaluation helpers, v1.36). */
import type { Access, PolicyRule } from './access.ts'

const any = '*'

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes(value) || list.includes(any))
}

function coversResource(rule: PolicyRule, { resource, subresource }: Access): boolean {
  const { resources } = rule
  if (resources === undefined) return false
  if (resources.includes(any)) return true
  if (subresource === '') return resources.includes(resource)
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`)
}

function coversPath(rule: PolicyRule, path: string): boolean {
  return (rule.nonResourceURLs ?? []).some(
    (pattern) =>
      pattern === any || pattern === path || (pattern.endsWith(any) && path.startsWith(pattern.slice(0, -1))),
  )
}

/** True when the rule allows the access. */
export function ruleCovers(rule: PolicyRule, access: Access): boolean {
  if (!has(rule.verbs, access.verb)) return false
  if (!access.isResource) return coversPath(rule, access.path)
  if (!has(rule.apiGroups, access.group) || !coversResource(rule, access)) return false
  const names = rule.resourceNames ?? []
  return names.length === 0 || names.includes(access.name)
}

function coversAll(list: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return (wanted ?? []).every((one) => has(list, one))
}

/** True when `owned` rules together allow everything that `wanted` allows: nobody can grant more than he has. */
export function rulesCover(owned: readonly PolicyRule[], wanted: PolicyRule): boolean {
  return breakDown(wanted).every((part) => owned.some((rule) => covers(rule, part)))
}

function covers(owner: PolicyRule, part: PolicyRule): boolean {
  if (!coversAll(owner.verbs, part.verbs)) return false
  if (part.nonResourceURLs !== undefined) return part.nonResourceURLs.every((path) => coversPath(owner, path))
  if (!coversAll(owner.apiGroups, part.apiGroups)) return false
  if (!(part.resources ?? []).every((resource) => coversNamed(owner, resource))) return false
  const names = owner.resourceNames ?? []
  const wanted = part.resourceNames ?? []
  return names.length === 0 || (wanted.length > 0 && wanted.every((name) => names.includes(name)))
}

function coversNamed({ resources = [] }: PolicyRule, wanted: string): boolean {
  const slash = wanted.indexOf('/')
  const star = slash < 0 ? undefined : `*${wanted.slice(slash)}`
  return resources.includes(any) || resources.includes(wanted) || (star !== undefined && resources.includes(star))
}

/** Parts with one verb, group, resource and name each. */
export function breakDown(rule: PolicyRule): readonly PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const names = resourceNames.length === 0 ? [undefined] : resourceNames.map((name) => [name])
  return verbs.flatMap((verb): readonly PolicyRule[] => [
    ...nonResourceURLs.map((path) => ({ verbs: [verb], nonResourceURLs: [path] })),
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        names.map((name) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(name === undefined ? {} : { resourceNames: name }),
        })),
      ),
    ),
  ])
}
