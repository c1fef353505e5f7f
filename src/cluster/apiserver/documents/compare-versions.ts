/** The order of API versions. */

/** Kubernetes' order of versions: stable before beta before alpha, greater numbers first, other names last. */
export function compareVersions(a: string, b: string): number {
  const parse = (text: string): readonly [number, number, number] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text)
    if (match === null) return [-1, 0, 0]
    return [match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0, Number(match[1]), Number(match[3] ?? 0)]
  }
  const [left, right] = [parse(a), parse(b)]
  return right[0] - left[0] || right[1] - left[1] || right[2] - left[2] || (a < b ? -1 : 1)
}
