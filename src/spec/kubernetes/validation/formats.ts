/**
 * Formats of names and texts in the API and what upstream says when they are broken (apimachinery util/validation,
 * v1.36). Each answers the problems of a text, none for a valid one.
 */
import { isLongerThan } from './checks.ts'

/** What is wrong with a text, in upstream's words. */
export type Format = (value: string) => readonly string[]

/** Upstream's wording of a broken pattern, with examples. */
export function patternText(text: string, pattern: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${pattern}')`
  const list = examples.map((example) => `'${example}', `).join(' or ')
  return `${text} (e.g. ${list}regex used for validation is '${pattern}')`
}

function characters(max: number): string {
  return `must be no more than ${max} characters`
}

function bytes(max: number): string {
  return `must be no more than ${max} bytes`
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const labelRule = `^${label}$`
const subdomain = String.raw`${label}(\.${label})*`
const underscoreLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const underscoreSubdomain = String.raw`${underscoreLabel}(\.${underscoreLabel})*`
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const wildcard = String.raw`\*\.${subdomain}`

const labelPattern = new RegExp(labelRule)
const subdomainPattern = new RegExp(`^${subdomain}$`)
const underscorePattern = new RegExp(`^${underscoreSubdomain}$`)
const label1035Pattern = new RegExp(`^${label1035}$`)
const wildcardPattern = new RegExp(`^${wildcard}$`)

const labelProblem = patternText(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label,
  'my-name',
  '123-abc',
)
const subdomainProblem = patternText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain,
  'example.com',
)
const underscoreProblem = patternText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  underscoreSubdomain,
  'example.com',
)
const label1035Problem = patternText(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  label1035,
  'my-name',
  'abc-123',
)
const wildcardProblem = patternText(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  wildcard,
  '*.example.com',
)

interface Rule {
  readonly max: number
  readonly pattern: RegExp
  readonly problem: string
  readonly unit?: (max: number) => string
}

function problemsBy(value: string, { max, pattern, problem, unit = characters }: Rule): string[] {
  const problems = isLongerThan(value, max) ? [unit(max)] : []
  return pattern.test(value) ? problems : [...problems, problem]
}

/** RFC 1123 label, at most 63 characters. */
export function dnsLabel(value: string): readonly string[] {
  const problem = subdomainPattern.test(value) ? 'must not contain dots' : labelProblem
  return problemsBy(value, { max: 63, pattern: labelPattern, problem })
}

/** RFC 1123 subdomain, at most 253 characters. */
export function dnsSubdomain(value: string): readonly string[] {
  return problemsBy(value, { max: 253, pattern: subdomainPattern, problem: subdomainProblem })
}

/** RFC 1123 subdomain whose labels may have underscores (DNS search domains). */
export function dnsSubdomainWithUnderscore(value: string): readonly string[] {
  return problemsBy(value, { max: 253, pattern: underscorePattern, problem: underscoreProblem })
}

/** RFC 1035 label: as an RFC 1123 label, but starts with a letter. */
export function dns1035Label(value: string): readonly string[] {
  return problemsBy(value, { max: 63, pattern: label1035Pattern, problem: label1035Problem })
}

/** `*.` and a subdomain. */
export function wildcardDnsSubdomain(value: string): readonly string[] {
  return problemsBy(value, { max: 253, pattern: wildcardPattern, problem: wildcardProblem })
}

const keyName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const keyPattern = new RegExp(`^${keyName}$`)
const keyProblem = patternText(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  keyName,
  'MyName',
  'my.name',
  '123-abc',
)
const valueProblem = patternText(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${keyName})?`,
  'MyValue',
  'my_value',
  '12345',
)
const valuePattern = new RegExp(`^(${keyName})?$`)

/** `[prefix/]name` as in label keys, annotation keys, finalizers and conditions. */
export function qualifiedName(value: string): readonly string[] {
  const slash = value.indexOf('/')
  if (slash >= 0 && value.includes('/', slash + 1)) {
    return [`a valid label key ${keyProblem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const name = value.slice(slash + 1)
  const problems = slash >= 0 ? prefixProblems(value.slice(0, slash)) : []
  if (name === '') problems.push('name part must be non-empty')
  else if (isLongerThan(name, 63)) problems.push(`name part ${bytes(63)}`)
  return keyPattern.test(name) ? problems : [...problems, `name part ${keyProblem}`]
}

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty']
  const rule = { max: 253, pattern: subdomainPattern, problem: subdomainProblem, unit: bytes }
  return problemsBy(prefix, rule).map((text) => `prefix part ${text}`)
}

/** The value of a label. */
export function labelValue(value: string): readonly string[] {
  return problemsBy(value, { max: 63, pattern: valuePattern, problem: valueProblem, unit: bytes })
}

/** A name that is one segment of a URL path. */
export function pathSegment(value: string): readonly string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%']
    .filter((character) => value.includes(character))
    .map((character) => `may not contain '${character}'`)
}

function upwards(value: string): string[] {
  if (value === '.' || value === '..') return [`must not be '${value}'`]
  return value.startsWith('..') ? ["must not start with '..'"] : []
}

const configKeyProblem = patternText(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  '[-._a-zA-Z0-9]+',
  'key.name',
  'KEY_NAME',
  'key-name',
)

/** A key of a config map or secret. */
export function configKey(value: string): readonly string[] {
  const rule = { max: 253, pattern: /^[-._a-zA-Z0-9]+$/, problem: configKeyProblem }
  return [...problemsBy(value, rule), ...upwards(value)]
}

/** The name of an environment variable: printable ASCII without `=`. */
export function envName(value: string): readonly string[] {
  if (value === '') return ['environment variable name must be non-empty']
  const problem = "a valid environment variable name must consist only of printable ASCII characters other than '='"
  return /^[ -<>-~]*$/.test(value) ? [] : [problem]
}

/** An identifier as in C. */
export function cIdentifier(value: string): readonly string[] {
  const text =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  const pattern = '[A-Za-z_][A-Za-z0-9_]*'
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? [] : [patternText(text, pattern, 'my_name', 'MY_NAME', 'MyName')]
}

const plainPortName = /^(?=[0-9-]*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/

/** The name of a port, as in services and probes. */
export function portName(value: string): readonly string[] {
  if (value.length <= 15 && plainPortName.test(value)) return []
  const problems: string[] = []
  if (value.length > 15) problems.push(characters(15))
  if (!/^[-a-z0-9]+$/.test(value)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)')
  if (value.includes('--')) problems.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen')
  return problems
}

/** `93%`. */
export function percent(value: string): readonly string[] {
  const text = "a valid percent string must be a numeric string followed by an ending '%'"
  return /^[0-9]+%$/.test(value) ? [] : [patternText(text, '[0-9]+%', '1%', '93%')]
}

/** The name of an HTTP header. */
export function httpHeaderName(value: string): readonly string[] {
  const text = "a valid HTTP header must consist of alphanumeric characters or '-'"
  return /^[-A-Za-z0-9]+$/.test(value) ? [] : [patternText(text, '[-A-Za-z0-9]+', 'X-Header-Name')]
}

/**
 * A name format for `generateName`: a trailing dash, which the generated part follows, does not count.
 */
export function asPrefix(format: Format): Format {
  return (value) => format(value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value)
}
