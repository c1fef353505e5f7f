/** Running a schema over a document. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Problem, Schema } from './schema.ts'

export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** The checked document, or everything that is wrong with it. */
export function validate<T>(schema: Schema<T>, document: unknown): Validation<T> {
  const problems: Problem[] = []
  const value = schema.check(document, { path: '', problems, depth: 0 })
  return problems.length === 0 ? { ok: true, value: value as T } : { ok: false, problems }
}

/** Problems as lines: `listeners[0].port: expected integer from 1 to 65535, got "x"`. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n')
}

/**
 * The checked document.
 * @throws GantryError SCHEMA_INVALID whose message names every problem; `what` opens it (`invalid configuration`).
 */
export function parseWith<T>(schema: Schema<T>, document: unknown, what: string = 'invalid document'): T {
  const result = validate(schema, document)
  if (result.ok) return result.value
  const [first] = result.problems
  const text =
    result.problems.length === 1 && first !== undefined
      ? formatProblems([first])
      : `\n${formatProblems(result.problems)}`
  throw new GantryError('SCHEMA_INVALID', 'invalid', `${what}: ${text}`.replace(': \n', ':\n'), {
    remedy: 'Correct the named members.',
    details: { problems: result.problems },
  })
}
