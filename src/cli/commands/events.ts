/** `events`: shows what happens as it happens. */
import { failure } from '#cli/docker/exit.ts'
import { goTime, timestampOf } from '#cli/docker/timestamps.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { goJsonOrdered, readJson } from '#cli/output/go-json.ts'
import { GoRecord } from '#cli/output/go-values.ts'
import { createTemplate } from '#cli/output/template.ts'
import { readJsonMessages } from '#clients/docker/json-messages.ts'
import { filtersQuery } from './filters.ts'
import { filterFlag, formatFlag } from './list-flags.table.ts'

interface EventMessage {
  readonly status?: string
  readonly id?: string
  readonly from?: string
  readonly Type?: string
  readonly Action?: string
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null }
  readonly scope?: string
  readonly time?: number
  readonly timeNano?: number | bigint
}

export const events: Verb = {
  usage: '[OPTIONS]',
  flags: [
    filterFlag,
    formatFlag,
    { name: 'since', kind: 'string', help: 'From this time or age on' },
    { name: 'until', kind: 'string', help: 'Up to this time' },
  ],
  count: none,
  run: showEvents,
}

async function showEvents({ flags, session }: Call): Promise<void> {
  const format = flags.text('format')
  const template = format === '' || format === 'json' ? undefined : createTemplate(format)
  const client = await session.client()
  const time = (flag: string): string | undefined => {
    const text = flags.text(flag)
    if (text === '') return undefined
    const stamp = timestampOf(text, session.io.clock.now())
    if (stamp === undefined)
      throw failure(`invalid value for "${flag}": failed to parse value as time or duration: "${text}"`)
    return stamp
  }
  const reply = await client.stream('GET', '/events', {
    query: { since: time('since'), until: time('until'), filters: filtersQuery(flags.list('filter')) },
  })
  for await (const message of readJsonMessages(reply.body as AsyncIterable<Uint8Array>, readJson)) {
    const event = message as EventMessage
    if (format === 'json') await session.print(`${goJsonOrdered(event)}\n`)
    else await session.print(template === undefined ? eventLine(event) : `${template.execute(eventRecord(event))}\n`)
  }
}

function actorRecord(actor: EventMessage['Actor']): GoRecord {
  const fields = new Map<string, unknown>([
    ['ID', actor?.ID ?? ''],
    ['Attributes', actor?.Attributes ?? {}],
  ])
  return new GoRecord('events.Actor', fields, actor)
}

function eventRecord(event: EventMessage): GoRecord {
  const fields = new Map<string, unknown>([
    ['Status', event.status ?? ''],
    ['ID', event.id ?? ''],
    ['From', event.from ?? ''],
    ['Type', event.Type ?? ''],
    ['Action', event.Action ?? ''],
    ['Actor', actorRecord(event.Actor)],
    ['Scope', event.scope ?? ''],
    ['Time', event.time ?? 0],
    ['TimeNano', event.timeNano ?? 0],
  ])
  return new GoRecord('*events.Message', fields, event)
}

function eventLine({
  timeNano,
  time = 0,
  Type: type = '',
  Action: action = '',
  Actor: actor = {},
}: EventMessage): string {
  const nanos = timeNano === undefined || timeNano === 0 ? BigInt(time) * 1_000_000_000n : BigInt(timeNano)
  const whole = goTime(Number(nanos / 1_000_000_000n) * 1000)
    .replace(' ', 'T')
    .replace(' +0000 UTC', '')
  const attributes = Object.entries(actor.Attributes ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
  const tail = attributes.length === 0 ? '' : ` (${attributes.join(', ')})`
  return `${whole}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z ${type} ${action} ${actor.ID ?? ''}${tail}\n`
}
