/** Names of certificate signers and of the trust bundles that belong to them. */
import { byteLength } from './checks.ts'
import { invalid, required, tooLong, type FieldError } from './field-errors.ts'
import type { Path } from './field-path.ts'
import { dnsLabel, dnsSubdomain, type Format } from './formats.ts'

function firstBroken(at: Path, part: string, format: Format): FieldError[] {
  for (const label of part.split('.')) {
    const problems = format(label)
    if (problems.length > 0) {
      return problems.map((text) => invalid(at, part, `validating label ${JSON.stringify(label)}: ${text}`))
    }
  }
  return []
}

/** `example.com/signer-name`: a domain of two labels at least and a path. */
export function signerNameErrors(at: Path, name: string): FieldError[] {
  if (name === '') return [required(at)]
  const [domain = '', rest = '', ...more] = name.split('/')
  if (more.length > 0 || !name.includes('/')) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    return [invalid(at, name, text)]
  }
  const errors = byteLength(domain) > 253 ? [tooLong(at, 253)] : []
  errors.push(...firstBroken(at, domain, dnsLabel))
  if (!domain.includes('.')) {
    errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'))
  }
  errors.push(...firstBroken(at, rest, dnsSubdomain))
  return byteLength(name) > 571 ? [...errors, tooLong(at, 571)] : errors
}

/** What is wrong with the name of a trust bundle, which starts with its signer's name and a colon where it has one. */
export function trustBundleNameProblems(name: string): readonly string[] {
  return dnsSubdomain(name.slice(name.lastIndexOf(':') + 1))
}
