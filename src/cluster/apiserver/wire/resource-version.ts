/** Resource versions as clients write them. */

const greatest = 2n ** 64n - 1n

/** Why a text is no version, in Go's words; undefined when it is one. */
export function versionProblem(text: string): string | undefined {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`
  if (!/^\d+$/.test(text)) return `${parsing}: invalid syntax`
  return BigInt(text) > greatest ? `${parsing}: value out of range` : undefined
}
