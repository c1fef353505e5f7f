/**
 * Inside the server, what all versions of a definition have in common stands beside them and not in them, and problems are
 * told where it stands (apiextensions/v1 conversion, v1.36).
 */
import type { CustomResourceDefinitionVersion } from '../../objects/apiextensions-v1.generated.ts'
import { sameValue } from '../same-value.ts'

const members = ['subresources', 'schema', 'additionalPrinterColumns', 'selectableFields'] as const

type Member = (typeof members)[number]

/** What one version may have, and all of them together. */
export type DefinitionParts = Partial<Pick<CustomResourceDefinitionVersion, Member>>

export interface HoistedVersions {
  /** What they have in common; of one version that is all that it has. */
  readonly common: DefinitionParts
  /** The versions without it. */
  readonly versions: readonly CustomResourceDefinitionVersion[]
}

/** Versions as the server sees them. */
export function hoistCommonParts(versions: readonly CustomResourceDefinitionVersion[]): HoistedVersions {
  const [first] = versions
  if (first === undefined) return { common: {}, versions }
  const shared = members.filter((member) => versions.every((version) => sameValue(version[member], first[member])))
  const none = Object.fromEntries(shared.map((member) => [member, undefined]))
  return {
    common: Object.fromEntries(shared.map((member) => [member, first[member]])),
    versions: versions.map((version) => ({ ...version, ...none })),
  }
}
