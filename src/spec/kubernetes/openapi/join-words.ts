/** Words about types put together from what two sources say. */
import type { DescribeType, TypeWords } from './type-words.ts'

/**
 * The words of `first`; of `second` where the first has none, and where both say the same, since the second keeps its
 * paragraphs apart. A field whose words are among `ofTypes`, the words of all types, has none of its own.
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
  if (own === undefined || other === undefined) return own ?? other
  return withoutBreaks(own) === withoutBreaks(other) ? other : own
}

function withoutBreaks(words: string): string {
  return words.replaceAll(/\s+/g, ' ')
}
