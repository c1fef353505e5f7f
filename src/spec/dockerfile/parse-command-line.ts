/** Commands in shell or exec form. */
import type { CommandLine } from './instruction-types.ts'
import { parseJsonForm } from './json-form.ts'

/** Exec form when the text is a JSON array of strings, shell form otherwise. */
export function parseCommandLine(rest: string): CommandLine {
  const form = parseJsonForm(rest)
  if (form.kind === 'array') return { shellForm: false, words: form.items }
  return { shellForm: true, words: rest === '' ? [] : [rest] }
}

/** The words to execute: the shell in front of a command in shell form. */
export function resolveCommandLine(command: CommandLine, shell: readonly string[]): string[] {
  return command.shellForm ? [...shell, ...command.words] : [...command.words]
}
