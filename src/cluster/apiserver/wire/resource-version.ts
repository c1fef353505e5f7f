/** Resource versions as clients write them. */

/** A version that a request names, as exact as it was written: there are more than numbers tell apart. */
export type AskedVersion = number | bigint

/** A text that is a version (`versionProblem`) as one. */
export function toVersion(text: string): AskedVersion {
  const version = Number(text)
  return Number.isSafeInteger(version) ? version : BigInt(text)
}

const greatest = 2n ** 64n - 1n

/** Why a text is no version, in Go's words; undefined when it is one. */
export function versionProblem(text: string): string | undefined {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`
  if (!/^\d+$/.test(text)) return `${parsing}: invalid syntax`
  return BigInt(text) > greatest ? `${parsing}: value out of range` : undefined
}
