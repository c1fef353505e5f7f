/** Turns one statement into a typed instruction, with the checks and messages of Docker's classic builder. */
import { failedToParse, parseErrorAt } from './errors.ts'
import type { Instruction, StageInstruction } from './instruction-types.ts'
import { parseCommandLine } from './parse-command-line.ts'
import { parseCopy } from './parse-copy.ts'
import { parseFrom } from './parse-from.ts'
import { parseHealthcheck } from './parse-healthcheck.ts'
import { parseJsonForm } from './json-form.ts'
import { parseArgs, parsePairs } from './parse-pairs.ts'
import { readFlags } from './read-flags.ts'
import { statementOf } from './read-statements.ts'
import type { Statement } from './read-statements.ts'

type Parser = (statement: Statement, escape: string) => Instruction

const parsers: Readonly<Record<string, Parser>> = {
  from: parseFrom,
  arg: (statement, escape) => {
    const args = parseArgs(statement.rest, escape)
    if (args.length === 0) throw needsOne(statement)
    if (args.some((arg) => arg.key === '')) throw blankName(statement)
    return { kind: 'arg', ...placeOf(statement), args }
  },
  env: (statement, escape) => ({ kind: 'env', ...placeOf(statement), pairs: namedPairs(statement, escape) }),
  label: (statement, escape) => ({
    kind: 'label',
    ...placeOf(statement),
    pairs: namedPairs(statement, escape),
    literal: false,
  }),
  copy: parseCopy,
  add: parseCopy,
  run: (statement) => ({
    kind: 'run',
    ...placeOf(statement),
    command: parseCommandLine(statement.rest),
    heredocs: statement.heredocs,
    mounts: mountsOf(statement),
  }),
  cmd: (statement) => ({ kind: 'cmd', ...placeOf(statement), command: parseCommandLine(statement.rest) }),
  entrypoint: (statement) => ({ kind: 'entrypoint', ...placeOf(statement), command: parseCommandLine(statement.rest) }),
  healthcheck: parseHealthcheck,
  expose: (statement) => {
    const words = statement.rest.split(/\s+/).filter((word) => word !== '')
    if (words.length === 0) throw needsOne(statement)
    return { kind: 'expose', ...placeOf(statement), words: words.toSorted() }
  },
  volume: parseVolume,
  shell: parseShell,
  user: (statement) => ({ kind: 'user', ...placeOf(statement), text: exactlyOne(statement) }),
  workdir: (statement) => ({ kind: 'workdir', ...placeOf(statement), text: exactlyOne(statement) }),
  stopsignal: (statement) => ({ kind: 'stopsignal', ...placeOf(statement), text: exactlyOne(statement) }),
  maintainer: (statement) => ({ kind: 'maintainer', ...placeOf(statement), text: exactlyOne(statement) }),
  onbuild: parseOnbuild,
}

/** Parses a statement. Throws `invalid` with Docker's message. */
export function parseInstruction(statement: Statement, escape: string): Instruction {
  const parser = Object.hasOwn(parsers, statement.keyword) ? parsers[statement.keyword] : undefined
  if (parser === undefined)
    throw parseErrorAt(statement.startLine, `unknown instruction: ${statement.keyword.toUpperCase()}`)
  readFlags(statement)
  return parser(statement, escape)
}

/** Parses the text of an ONBUILD trigger or of a `--change`; messages carry no line. */
export function parseStageInstruction(text: string, escape: string): StageInstruction {
  const instruction = parseInstruction(statementOf(text.trim(), escape, 1), escape)
  if (instruction.kind === 'from') throw failedToParse('FROM is not allowed here')
  return instruction
}

/** The errors of a file that only reading its words can find, before any meaning: raised for the whole file first. */
export function checkSyntax(statement: Statement, escape: string): void {
  const { keyword, rest } = statement
  if (keyword === 'env' || keyword === 'label') parsePairs(keyword, rest, escape)
  else if (jsonKeywords.has(keyword) && parseJsonForm(rest).kind === 'notStrings') throw notStrings()
  else if (keyword === 'healthcheck' && parseJsonForm(rest.replace(/^\S+\s*/, '')).kind === 'notStrings')
    throw notStrings()
  else if (keyword === 'onbuild' && rest !== '') checkSyntax(statementOf(rest, escape, statement.startLine), escape)
}

const jsonKeywords = new Set(['add', 'copy', 'cmd', 'entrypoint', 'run', 'shell', 'volume'])

function notStrings(): Error {
  return failedToParse('when using JSON array syntax, arrays must be comprised of strings only')
}

function placeOf(statement: Statement): { original: string; line: number } {
  return { original: statement.original, line: statement.startLine }
}

function needsOne(statement: Statement): Error {
  return parseErrorAt(statement.startLine, `${statement.keyword.toUpperCase()} requires at least one argument`)
}

function blankName(statement: Statement): Error {
  return parseErrorAt(statement.startLine, `${statement.keyword.toUpperCase()} names can not be blank`)
}

function exactlyOne(statement: Statement): string {
  if (statement.rest !== '') return statement.rest
  throw parseErrorAt(statement.startLine, `${statement.keyword.toUpperCase()} requires exactly one argument`)
}

function namedPairs(statement: Statement, escape: string): { key: string; value: string }[] {
  const pairs = parsePairs(statement.keyword, statement.rest, escape)
  if (pairs.length === 0) throw needsOne(statement)
  if (pairs.some((pair) => pair.key === '')) throw blankName(statement)
  return pairs
}

function mountsOf(statement: Statement): readonly string[] {
  const mounts = readFlags(statement).get('mount') ?? []
  for (const field of mounts.flatMap((mount) => mount.split(','))) {
    if (!field.includes('=') && !/^(?:ro|rw|readonly|readwrite|required)$/.test(field)) {
      throw parseErrorAt(statement.startLine, `invalid field '${field}' must be a key=value pair`)
    }
  }
  return mounts
}

function parseVolume(statement: Statement): Instruction {
  const form = parseJsonForm(statement.rest)
  const words = form.kind === 'array' ? form.items : statement.rest.split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) throw needsOne(statement)
  const trimmed = words.map((word) => word.trim())
  if (trimmed.includes('')) throw parseErrorAt(statement.startLine, 'VOLUME specified can not be an empty string')
  return { kind: 'volume', ...placeOf(statement), words: trimmed }
}

function parseShell(statement: Statement): Instruction {
  const form = parseJsonForm(statement.rest)
  if (form.kind === 'array' && form.items.length > 0) return { kind: 'shell', ...placeOf(statement), words: form.items }
  if (form.kind === 'array' || statement.rest === '') throw needsOne(statement)
  throw parseErrorAt(statement.startLine, 'SHELL requires the arguments to be in JSON form')
}

function parseOnbuild(statement: Statement): Instruction {
  const trigger = /^(\S*)/.exec(statement.rest)?.[1]?.toUpperCase() ?? ''
  if (trigger === '') throw needsOne(statement)
  if (trigger === 'ONBUILD')
    throw parseErrorAt(statement.startLine, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
  if (trigger === 'MAINTAINER' || trigger === 'FROM')
    throw parseErrorAt(statement.startLine, `${trigger} isn't allowed as an ONBUILD trigger`)
  return { kind: 'onbuild', ...placeOf(statement), trigger: statement.original.replace(/^\s*ONBUILD\s*/i, '') }
}
