/** Help texts from the command tables. */
import type { FlagSpec } from './flag-types.ts'
import type { Verb } from './command.ts'

const kindNames: Readonly<Partial<Record<FlagSpec['kind'], string>>> = { bool: '' }

/** The usage lines of a verb, each after the program's name. */
export function usageLines(program: string, words: string, verb: Pick<Verb, 'usage'>): string {
  const forms = typeof verb.usage === 'string' ? [verb.usage] : verb.usage
  return forms
    .map(
      (form, at) => `${at === 0 ? 'Usage:  ' : '\t'}${[program, words, form].filter((part) => part !== '').join(' ')}`,
    )
    .join('\n')
}

/** The whole help of a verb. */
export function verbHelp(
  entry: { readonly words: string; readonly summary: string; readonly names: readonly string[] },
  verb: Verb,
  { program, columns }: { readonly program: string; readonly columns: number },
): string {
  const parts = [usageLines(program, entry.words, verb), entry.summary]
  if (entry.names.length > 1) parts.push(`Aliases:\n  ${entry.names.map((name) => `${program} ${name}`).join(', ')}`)
  const shown = verb.flags.filter((flag) => flag.hidden !== true)
  if (shown.length > 0) parts.push(`Options:\n${flagTable(shown, columns)}`)
  return `${parts.join('\n\n')}\n`
}

/** The flags of a table, descriptions wrapped to `columns`. */
export function flagTable(flags: readonly FlagSpec[], columns: number): string {
  const heads = flags.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((flag) => ({ flag, head: flagHead(flag) }))
  const width = Math.max(...heads.map(({ head }) => head.length)) + 3
  return heads
    .map(
      ({ flag, head }) =>
        head.padEnd(width) + wrap(describeFlag(flag), Math.max(24, columns - width)).join(`\n${' '.repeat(width)}`),
    )
    .join('\n')
}

function flagHead(flag: FlagSpec): string {
  const short = flag.short === undefined ? '      ' : `  -${flag.short}, `
  const value = flag.placeholder ?? kindNames[flag.kind] ?? flag.kind
  return `${short}--${flag.name}${value === '' ? '' : ` ${value}`}`
}

function describeFlag(flag: FlagSpec): string {
  if (flag.default === undefined || flag.default === '' || flag.default === 'false') return flag.help
  return `${flag.help} (default ${flag.kind === 'string' ? `"${flag.default}"` : flag.default})`
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** A list of commands under a title, padded as one column. */
export function commandList(title: string, commands: readonly (readonly [name: string, summary: string])[]): string {
  const width = Math.max(9, ...commands.map(([name]) => name.length)) + 3
  return `${title}:\n${commands.map(([name, summary]) => `  ${name.padEnd(width)}${summary}`).join('\n')}`
}
