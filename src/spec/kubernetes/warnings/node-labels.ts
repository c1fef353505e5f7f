/** Labels of nodes that have newer names (pkg/api/node, v1.36), and where selectors of nodes still use the old ones. */
import type { NodeSelectorTerm } from '../objects/core-v1.generated.ts'
import type { Path } from '../validation/field-path.ts'
import { labelValue } from '../validation/formats.ts'

const deprecated: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])

/** What is said of one label; nothing for one in good standing. */
export function nodeLabelWarnings(label: string, say: (text: string) => string): readonly string[] {
  const text = deprecated.get(label)
  return text === undefined ? [] : [say(text)]
}

/** Labels in a map, each told at `at` with its key. */
export function nodeLabelMapWarnings(at: Path, labels: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.keys(labels).flatMap((label) => nodeLabelWarnings(label, (text) => `${at.key(label)}: ${text}`))
}

/** Keys of expressions. */
export function nodeExpressionWarnings(
  at: Path,
  expressions: readonly { readonly key: string }[] = [],
): readonly string[] {
  return expressions.flatMap(({ key }, index) =>
    nodeLabelWarnings(key, (text) => `${at.index(index).child('key')}: ${key} is ${text}`),
  )
}

function valueWarnings(at: Path, values: readonly string[] = []): readonly string[] {
  return values.flatMap((value, index) =>
    labelValue(value).map((problem) => `${at.index(index)}: ${value} is invalid, ${problem}`),
  )
}

/** One term of a node selector. @param checksValues preferences take any value, and warn of those no label can have. */
export function nodeTermWarnings(at: Path, term: NodeSelectorTerm, checksValues: boolean): readonly string[] {
  const expressionsAt = at.child('matchExpressions')
  return (term.matchExpressions ?? []).flatMap((expression, index) => [
    ...nodeLabelWarnings(
      expression.key,
      (text) => `${expressionsAt.index(index).child('key')}: ${expression.key} is ${text}`,
    ),
    ...(checksValues ? valueWarnings(expressionsAt.index(index).child('values'), expression.values) : []),
  ])
}
