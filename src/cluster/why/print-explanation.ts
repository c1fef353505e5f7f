/** Explanations as text: the answer, and the findings below it as a tree. */
import type { Explanation, Finding } from './finding.ts'

/** Lines for a terminal, without colours. */
export function printExplanation({ subject, answer, findings }: Explanation): string {
  return [`${subject}: ${answer}`, ...findings.flatMap((one) => lines(one, '  ')), ''].join('\n')
}

function lines({ says, because = [], remedy }: Finding, indent: string): readonly string[] {
  return [
    `${indent}- ${says}`,
    ...(remedy === undefined ? [] : [`${indent}  → ${remedy}`]),
    ...because.flatMap((one) => lines(one, `${indent}  `)),
  ]
}
