/** `format.…()`: named formats and what they hold against a text (Kubernetes' format library). */
import { declare, type CelOverload } from '../cel-function.ts'
import type { CelType } from '../cel-type.ts'
import { CelList, CelOpaque, CelOptional, celNone, type CelValue } from '../cel-value.ts'
import { formatType } from '../named-types.ts'
import {
  asPrefix,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  labelValue,
  qualifiedName,
  type Format,
} from '../../validation/formats.ts'
import { bytesOfBase64 } from '../base64.ts'
import { parseDateText, parseTimestampText } from '../time-values.ts'
import { urlProblem } from './urls.ts'

/** A named format. */
export class CelFormat extends CelOpaque {
  readonly type: CelType = formatType
  readonly name: string
  /** Length of the pattern that costs are estimated by. */
  readonly patternLength: number
  readonly problems: Format

  constructor(name: string, patternLength: number, problems: Format) {
    super()
    this.name = name
    this.patternLength = patternLength
    this.problems = problems
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelFormat && other.name === this.name
  }
}

const unless =
  (isWell: (text: string) => boolean, problem: string): Format =>
  (text) =>
    isWell(text) ? [] : [problem]
const uuid = /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/
const urlRule: Format = (text) => {
  const problem = urlProblem(text)
  return problem === undefined ? [] : [problem]
}

const formats: ReadonlyMap<string, CelFormat> = new Map(
  (
    [
      ['dns1123Label', 'DNS1123Label', 30, dnsLabel],
      ['dns1123Subdomain', 'DNS1123Subdomain', 60, dnsSubdomain],
      ['dns1035Label', 'DNS1035Label', 30, dns1035Label],
      ['qualifiedName', 'QualifiedName', 60, qualifiedName],
      ['dns1123LabelPrefix', 'DNS1123LabelPrefix', 30, asPrefix(dnsLabel)],
      ['dns1123SubdomainPrefix', 'DNS1123SubdomainPrefix', 60, asPrefix(dnsSubdomain)],
      ['dns1035LabelPrefix', 'DNS1035LabelPrefix', 30, asPrefix(dns1035Label)],
      ['labelValue', 'LabelValue', 40, labelValue],
      ['uri', 'URI', 1000, urlRule],
      ['uuid', 'uuid', 100, unless((text) => uuid.test(text), 'does not match the UUID format')],
      ['byte', 'byte', 84, unless((text) => text !== '' && bytesOfBase64(text) !== undefined, 'invalid base64')],
      ['date', 'date', 120, unless((text) => parseDateText(text) !== undefined, 'invalid date')],
      ['datetime', 'datetime', 120, unless((text) => parseTimestampText(text) !== undefined, 'invalid datetime')],
    ] as const
  ).map(([key, name, length, problems]) => [key, new CelFormat(name, length, problems)]),
)

function validate(format: CelValue | undefined, text: CelValue | undefined): CelOptional {
  const problems = (format as CelFormat).problems(text as string)
  return problems.length === 0 ? celNone : new CelOptional(new CelList(problems))
}

function named(name: CelValue | undefined): CelOptional {
  const format = formats.get(name as string)
  return format === undefined ? celNone : new CelOptional(format)
}

export const formatFunctions: readonly CelOverload[] = [
  ...[...formats].map(([key, format]) =>
    declare(`format.${key}() kubernetes.NamedFormat`, `format.${key}`, () => format),
  ),
  declare('format.named(string) optional(kubernetes.NamedFormat)', 'format-named', ([name]) => named(name)),
  declare('.validate(kubernetes.NamedFormat, string) optional(list(string))', 'format-validate', ([format, text]) =>
    validate(format, text),
  ),
]
