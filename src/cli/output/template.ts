/** Runs Go templates over plain values: the language of `--format` (text/template, exec.go). */
import { GantryError } from '#base/errors/gantry-error.ts'
import { TemplateRun } from './template-run.ts'
import { parseTemplate } from './template-parser.ts'
import { headerFunctions, templateFunctions } from './template-functions.ts'
import type { TemplateTree } from './template-tree.ts'

export interface TemplateOptions {
  /** Go's name of the template, shown in errors. */
  readonly name?: string
  /** A missing map key: printed as `<no value>` (default) or an error. */
  readonly missingKey?: 'zero' | 'error'
  /** True for the row of column titles. */
  readonly header?: boolean
}

export interface Template {
  /** The text for `data`. Throws CLI_TEMPLATE_FAILED; what was printed before is in its details as `output`. */
  execute(data: unknown, options?: Pick<TemplateOptions, 'missingKey' | 'header'>): string
}

const functionNames: ReadonlySet<string> = new Set([...templateFunctions.keys(), 'and', 'or'])

/** Parses a template. Throws CLI_TEMPLATE_INVALID in the docker client's words (`template parsing error: …`). */
export function createTemplate(source: string, options: TemplateOptions = {}): Template {
  const name = options.name ?? ''
  const tree = parseNamed(source, name)
  return {
    execute: (data, { missingKey, header } = {}) =>
      new TemplateRun(tree, {
        name,
        missingKey: missingKey ?? options.missingKey ?? 'zero',
        functions: (header ?? options.header) === true ? headerFunctions : templateFunctions,
      }).execute(data),
  }
}

function parseNamed(source: string, name: string): TemplateTree {
  try {
    return parseTemplate(source, functionNames)
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    const message = error.message.replace('template: :', () => `template: ${name}:`)
    throw new GantryError(error.code, error.kind, `template parsing error: ${message}`, { cause: error })
  }
}
