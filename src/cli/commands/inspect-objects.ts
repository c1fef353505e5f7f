/** Prints the details of objects: the daemon's JSON indented, or a template run on each. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { exitWith } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import { indentJson, readJson } from '#cli/output/go-json.ts'
import type { Template } from '#cli/output/template.ts'
import { createTemplate } from '#cli/output/template.ts'
import { inspectStructs, toRecord } from './typed-records.ts'

/** An object: its struct's name in the table, and the JSON text as the daemon sent it. */
export interface Inspected {
  readonly struct: string
  readonly text: string
}

/** Prints every object that `find` knows; throws with all that were missing. */
export async function inspectObjects(
  session: Session,
  names: readonly string[],
  { format, find }: { readonly format: string; readonly find: (name: string) => Promise<Inspected> },
): Promise<void> {
  const template = format === '' || format === 'json' ? undefined : createTemplate(format)
  const failures: string[] = []
  const objects: Inspected[] = []
  let output = ''
  for (const name of names) {
    try {
      const found = await find(name)
      if (template === undefined) objects.push(found)
      else output += `${applyTemplate(template, found)}\n`
    } catch (error) {
      failures.push(messageOf(error))
    }
  }
  if (template !== undefined) await session.print(output === '' ? '\n' : output)
  else await session.print(format === 'json' ? `${compact(objects)}\n` : pretty(objects))
  if (failures.length > 0) throw exitWith(1, failures.join('\n'))
}

function pretty(objects: readonly Inspected[]): string {
  return `${indentJson(`[${objects.map(({ text }) => text.trim()).join(',')}]`, '    ')}\n`
}

function compact(objects: readonly Inspected[]): string {
  return `[${objects.map(({ text }) => goJsonOrder(text)).join(',')}]`
}

/** The JSON without blanks, keys and digits as sent. */
function goJsonOrder(text: string): string {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)].map(([token]) => token).join('')
}

function applyTemplate(template: Template, { struct, text }: Inspected): string {
  const json = readJson(text)
  try {
    return template.execute(toRecord(inspectStructs, struct, json))
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
  }
  try {
    return template.execute(json, { missingKey: 'error' })
  } catch (error) {
    throw exitWith(1, `template parsing error: ${messageOf(error)}`, error)
  }
}
