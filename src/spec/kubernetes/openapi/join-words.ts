/** Two sources of words about types as one. */
import type { DescribeType, TypeWords } from './type-words.ts'

/**
 * The words of `first`; of `second` where the first has none, and where both say the same, since the second keeps its
 * paragraphs apart.
 */
export function joinWords(first: DescribeType, second: DescribeType): DescribeType {
  return (name) => {
    const [own, other] = [first(name), second(name)]
    return own === undefined || other === undefined ? (own ?? other) : joined(own, other)
  }
}

function joined(own: TypeWords, other: TypeWords): TypeWords {
  return {
    text: better(own.text, other.text),
    field: (json) => better(own.field(json), other.field(json)),
  }
}

function better(own: string | undefined, other: string | undefined): string | undefined {
  if (own === undefined || other === undefined) return own ?? other
  return withoutBreaks(own) === withoutBreaks(other) ? other : own
}

function withoutBreaks(words: string): string {
  return words.replaceAll(/\s+/g, ' ')
}
