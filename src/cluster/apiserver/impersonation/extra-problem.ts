/** What keys and values of extra a caller may ask for at all. */
import { fieldErrorText } from '#spec/kubernetes/validation/field-errors.ts'
import { Path } from '#spec/kubernetes/validation/field-path.ts'
import { domainPrefixedPath } from '#spec/kubernetes/validation/format-errors.ts'
import { joinedProblems } from '../authorization/access.ts'

/** Why nobody may take on these (endpoints/filters/impersonation, v1.36); undefined for fine ones. */
export function extraProblem(extra: Readonly<Record<string, readonly string[]>>): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    const problem = keyProblem(key) ?? valuesProblem(values)
    if (problem !== undefined) return `impersonating ${problem}`
  }
  return undefined
}

function keyProblem(key: string): string | undefined {
  if (key === '') return 'the empty string key in extra is not allowed'
  const problems = domainPrefixedPath(new Path('extra').child('key'), key)
  if (problems.length > 0) {
    return `an invalid key in extra is not allowed: ${joinedProblems(problems.map(fieldErrorText))}`
  }
  return key === key.toLowerCase() ? undefined : `a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`
}

function valuesProblem(values: readonly string[]): string | undefined {
  if (values.length === 0) return 'empty values in extra is not allowed'
  return values.includes('') ? 'the empty string value in extra is not allowed' : undefined
}
