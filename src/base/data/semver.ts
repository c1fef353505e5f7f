/** Semantic versions (semver.org 2.0.0), with the `v` prefix that Kubernetes and tags use allowed. */

export interface Semver {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** Dot-separated identifiers, '' for a release. */
  readonly prerelease: string
  readonly build: string
}

const shape =
  /^v?(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?$/

/** The parts of a version, or undefined for text that is none. */
export function parseSemver(text: string): Semver | undefined {
  const match = text.length <= 256 ? shape.exec(text) : null
  if (match === null) return undefined
  const [, major, minor, patch, prerelease = '', build = ''] = match
  return { major: Number(major), minor: Number(minor), patch: Number(patch), prerelease, build }
}

/** Below, equal or above zero by precedence; build metadata does not count. */
export function compareSemver(a: Semver, b: Semver): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch || comparePrerelease(a.prerelease, b.prerelease)
}

function comparePrerelease(a: string, b: string): number {
  if (a === b) return 0
  if (a === '') return 1
  if (b === '') return -1
  const left = a.split('.')
  const right = b.split('.')
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareIdentifier(left[index] ?? '', right[index] ?? '')
    if (order !== 0) return order
  }
  return left.length - right.length
}

function compareIdentifier(a: string, b: string): number {
  if (a === b) return 0
  const aNumeric = /^\d+$/.test(a)
  const bNumeric = /^\d+$/.test(b)
  if (aNumeric && bNumeric) return a.length - b.length || (a < b ? -1 : 1)
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1
  return a < b ? -1 : 1
}
