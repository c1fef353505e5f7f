/** `semver()`: semantic versions (Kubernetes' semver library, version 1). */
import { compareSemver, parseSemver, type Semver } from '#base/data/semver.ts'
import { declare, fail, type CelOverload } from '../cel-function.ts'
import { CelOpaque, type CelValue } from '../cel-value.ts'
import { semverType } from '../named-types.ts'

class CelSemver extends CelOpaque {
  readonly type = semverType
  readonly version: Semver

  constructor(version: Semver) {
    super()
    this.version = version
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelSemver && compareSemver(this.version, other.version) === 0
  }
}

/** The version that a text says, or why it is none; the library takes no `v` unless it normalises. */
function read(text: string, normalize: boolean): Semver | string {
  const full = normalize ? normalized(text) : text
  if (full === undefined) return 'short version cannot contain PreRelease/Build meta data'
  if (full === '') return 'Version string empty'
  const version = full.startsWith('v') ? undefined : parseSemver(full)
  return version ?? problem(full)
}

function problem(text: string): string {
  const parts = text.split('.', 3)
  if (text.split('.').length < 3) return 'No Major.Minor.Patch elements found'
  const names = ['major', 'minor', 'patch']
  for (const [index, part] of parts.entries()) {
    const digits = index === 2 ? part.replace(/[-+].*$/s, '') : part
    if (!/^\d+$/.test(digits)) return `Invalid character(s) found in ${names[index]} number ${JSON.stringify(digits)}`
    if (/^0\d/.test(digits)) {
      const title = `${(names[index] ?? '').charAt(0).toUpperCase()}${(names[index] ?? '').slice(1)}`
      return `${title} number must not contain leading zeroes ${JSON.stringify(digits)}`
    }
  }
  return 'Invalid character(s) found in prerelease'
}

function normalized(text: string): string | undefined {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.')
  const patch = rest.length === 0 ? undefined : rest.join('.')
  const given = [major, minor, patch].filter((part) => part !== undefined)
  if (given.length < 3 && /[+-]/.test(given.at(-1) ?? '')) return undefined
  const parts = given.map((part) => part.replace(/^0+(?=\d)/, ''))
  while (parts.length < 3) parts.push('0')
  return parts.join('.')
}

function toSemver(text: string, normalize: boolean): CelSemver {
  const version = read(text, normalize)
  return typeof version === 'string' ? fail(version) : new CelSemver(version)
}

const version = (value: CelValue | undefined): Semver => (value as CelSemver).version
const order = (left: CelValue | undefined, right: CelValue | undefined): number =>
  Math.sign(compareSemver(version(left), version(right)))

export const semverFunctions: readonly CelOverload[] = [
  declare('semver(string) kubernetes.Semver', 'string_to_semver', ([text]) => toSemver(text as string, false)),
  declare('semver(string, bool) kubernetes.Semver', 'string_bool_to_semver', ([text, normalize]) =>
    toSemver(text as string, normalize as boolean),
  ),
  declare('isSemver(string) bool', 'is_semver_string', ([text]) => typeof read(text as string, false) !== 'string'),
  declare(
    'isSemver(string, bool) bool',
    'is_semver_string_bool',
    ([text, normalize]) => typeof read(text as string, normalize as boolean) !== 'string',
  ),
  declare(
    '.isGreaterThan(kubernetes.Semver, kubernetes.Semver) bool',
    'semver_is_greater_than',
    ([left, right]) => order(left, right) > 0,
  ),
  declare(
    '.isLessThan(kubernetes.Semver, kubernetes.Semver) bool',
    'semver_is_less_than',
    ([left, right]) => order(left, right) < 0,
  ),
  declare('.compareTo(kubernetes.Semver, kubernetes.Semver) int', 'semver_compare_to', ([left, right]) =>
    BigInt(order(left, right)),
  ),
  declare('.major(kubernetes.Semver) int', 'semver_major', ([value]) => BigInt(version(value).major)),
  declare('.minor(kubernetes.Semver) int', 'semver_minor', ([value]) => BigInt(version(value).minor)),
  declare('.patch(kubernetes.Semver) int', 'semver_patch', ([value]) => BigInt(version(value).patch)),
]
