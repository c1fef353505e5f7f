/** What clients of a deprecated version of a custom resource are told. */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import { compareVersions } from '../documents/compare-versions.ts'

/** The warning, undefined for versions that are not deprecated. */
export function deprecationWarning(
  { spec }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): string | undefined {
  if (version.deprecated !== true) return undefined
  if (version.deprecationWarning !== undefined) return version.deprecationWarning
  const { group, names } = spec
  const [better] = spec.versions
    .filter((one) => one.served && one.deprecated !== true && compareVersions(one.name, version.name) < 0)
    .map((one) => one.name)
    .toSorted(compareVersions)
  const use = better === undefined ? '' : `; use ${group}/${better} ${names.kind}`
  return `${group}/${version.name} ${names.kind} is deprecated${use}`
}
