/** The syntax tree of a Go template (text/template/parse, node.go). */

interface Positioned {
  /** Offset in the source, for error messages. */
  readonly position: number
}

export type Operand = Positioned &
  (
    | { readonly kind: 'dot' | 'nil' }
    | { readonly kind: 'literal'; readonly value: unknown; readonly text: string }
    | { readonly kind: 'field'; readonly names: readonly string[] }
    | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
    | { readonly kind: 'chain'; readonly of: Operand; readonly names: readonly string[] }
    | { readonly kind: 'function'; readonly name: string }
    | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
  )

export interface Command extends Positioned {
  readonly operands: readonly Operand[]
}

export interface Pipeline extends Positioned {
  readonly variables: readonly string[]
  /** True for `=`, false for `:=`. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipeline: Pipeline
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[] | undefined
    }
  | {
      readonly kind: 'template'
      readonly name: string
      readonly pipeline: Pipeline | undefined
      readonly position: number
    }
  | { readonly kind: 'break' | 'continue' }

export interface TemplateTree {
  readonly source: string
  readonly root: readonly Node[]
  /** What `define` and `block` named. */
  readonly named: ReadonlyMap<string, readonly Node[]>
}

/** A node as Go prints it in `executing … at <…>`. */
export function nodeText(node: Operand | Command | Pipeline): string {
  if ('operands' in node) return node.operands.map(argumentText).join(' ')
  if ('commands' in node) return pipelineText(node)
  switch (node.kind) {
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'literal':
      return node.text
    case 'field':
      return node.names.map((name) => `.${name}`).join('')
    case 'variable':
      return [node.name, ...node.names].join('.')
    case 'chain':
      return `(${nodeText(node.of)})${node.names.map((name) => `.${name}`).join('')}`
    case 'function':
      return node.name
    case 'pipeline':
      return pipelineText(node.pipeline)
  }
}

function argumentText(node: Operand): string {
  return node.kind === 'pipeline' ? `(${nodeText(node)})` : nodeText(node)
}

function pipelineText(pipeline: Pipeline): string {
  const head =
    pipeline.variables.length === 0 ? '' : `${pipeline.variables.join(', ')} ${pipeline.assigns ? '=' : ':='} `
  return head + pipeline.commands.map(nodeText).join(' | ')
}
