/** Names that the server makes up from `generateName`. */
import { flatText } from '#base/data/flat-text.ts'
import type { Random } from '#world/ports/random.ts'

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const nameLengthMax = 63

/** `base` with a random suffix; cut so that the whole is a DNS label. The alphabet makes no words. */
export function newName(base: string, random: Random): string {
  let suffix = ''
  for (let index = 0; index < suffixLength; index++) suffix += alphabet[random.below(alphabet.length)] ?? ''
  return flatText(base.slice(0, nameLengthMax - suffixLength) + suffix)
}
