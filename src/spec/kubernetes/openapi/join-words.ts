/** Words about types put together from what two sources say. */
import type { DescribeType, TypeWords } from './type-words.ts'

/**
 * The words of `first`, in paragraphs as far as can be told; of `second` where the first has none, and where both say the
 * same, since the second keeps its paragraphs. A field whose words are among `ofTypes`, the words of all types, has none
 * of its own.
 */
export function joinWords(first: DescribeType, second: DescribeType, ofTypes: ReadonlySet<string>): DescribeType {
  const ownOf = (words: TypeWords | undefined, json: string): string | undefined => {
    const text = words?.field(json)
    return text === undefined || ofTypes.has(text) ? undefined : text
  }
  return (name) => {
    const [own, other] = [first(name), second(name)]
    if (own === undefined && other === undefined) return undefined
    return {
      text: better(own?.text, other?.text),
      field: (json) => better(ownOf(own, json), ownOf(other, json)),
    }
  }
}

function better(own: string | undefined, other: string | undefined): string | undefined {
  if (own === undefined) return other
  return other !== undefined && withoutBreaks(own) === withoutBreaks(other) ? other : withParagraphs(own)
}

/**
 * Words of the first source with their paragraphs apart. It has lost its line ends: two spaces after a sentence are where a
 * paragraph ended, but for a few that somebody typed.
 */
function withParagraphs(words: string): string {
  return words.replaceAll(/(?<=[.:)\]}`])[ ]{2}(?=\S)/g, '\n\n')
}

function withoutBreaks(words: string): string {
  return words.replaceAll(/\s+/g, ' ')
}
