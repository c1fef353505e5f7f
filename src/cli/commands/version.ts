/** `version`: shows the versions of client and engine. */
import { clientVersion } from '#cli/docker/client-version.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { GoRecord, goNil } from '#cli/output/go-values.ts'
import { alignColumns } from '#cli/output/tab-writer.ts'
import { createTemplate } from '#cli/output/template.ts'
import { newestApiVersion } from '#clients/docker/engine-client.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { exitWith } from '#cli/docker/exit.ts'
import { inspectFormatFlag } from './list-flags.table.ts'

interface Component {
  readonly Name: string
  readonly Version: string
  readonly Details?: Readonly<Record<string, string>> | null
}

interface ServerVersion {
  readonly Platform?: { readonly Name?: string }
  readonly Components?: readonly Component[] | null
  readonly [key: string]: unknown
}

export const version: Verb = { usage: '[OPTIONS]', flags: [inspectFormatFlag], count: none, run: showVersion }

async function showVersion({ flags, session }: Call): Promise<void> {
  const format = flags.text('format')
  const template = format === '' || format === 'json' ? undefined : createTemplate(format, { name: 'version' })
  let server: ServerVersion | undefined
  let problem: unknown
  let api = session.io.env['DOCKER_API_VERSION'] ?? newestApiVersion
  try {
    const engine = await session.client()
    api = await engine.version()
    server = await engine.json<ServerVersion>('GET', '/version')
  } catch (error) {
    problem = error
  }
  const { context } = await session.endpoint()
  const client = {
    Version: clientVersion,
    ApiVersion: api,
    DefaultAPIVersion: newestApiVersion,
    GitCommit: 'gantry',
    GoVersion: 'none',
    Os: session.io.platform.split('/')[0] ?? '',
    Arch: session.io.platform.split('/')[1] ?? '',
    BuildTime: 'unknown',
    Context: context,
  }
  if (format === 'json') await session.print(`${JSON.stringify({ Client: client, Server: server ?? null })}\n`)
  else if (template === undefined)
    await session.print(alignColumns(versionText(client, server), { minWidth: 20, padding: 1 }))
  else await session.print(`${template.execute(versionRecord(client, server))}\n`)
  if (problem !== undefined) throw exitWith(1, messageOf(problem), problem)
}

type ClientVersion = Readonly<
  Record<
    | 'Version'
    | 'ApiVersion'
    | 'DefaultAPIVersion'
    | 'GitCommit'
    | 'GoVersion'
    | 'Os'
    | 'Arch'
    | 'BuildTime'
    | 'Context',
    string
  >
>

function versionRecord(client: ClientVersion, server: ServerVersion | undefined): GoRecord {
  const own = new GoRecord(
    'system.clientVersion',
    new Map(Object.entries({ ...client, APIVersion: client.ApiVersion })),
    client,
  )
  if (server === undefined)
    return new GoRecord(
      'system.versionInfo',
      new Map<string, unknown>([
        ['Client', own],
        ['Server', goNil],
      ]),
      { Client: client, Server: null },
    )
  const fields = new Map<string, unknown>(Object.entries(server))
  fields.set('APIVersion', server['ApiVersion'])
  fields.set('MinAPIVersion', server['MinAPIVersion'] ?? '')
  fields.set('Experimental', server['Experimental'] ?? false)
  fields.set(
    'Components',
    (server.Components ?? []).map(
      (component) => new GoRecord('types.ComponentVersion', new Map(Object.entries(component)), component),
    ),
  )
  const engine = new GoRecord('types.Version', fields, server)
  return new GoRecord(
    'system.versionInfo',
    new Map<string, unknown>([
      ['Client', own],
      ['Server', engine],
    ]),
    { Client: client, Server: server },
  )
}

function versionText(client: ClientVersion, server: ServerVersion | undefined): string {
  const api =
    client.ApiVersion === client.DefaultAPIVersion
      ? client.ApiVersion
      : `${client.ApiVersion} (downgraded from ${client.DefaultAPIVersion})`
  const lines = [
    'Client:',
    ` Version:\t${client.Version}`,
    ` API version:\t${api}`,
    ` Go version:\t${client.GoVersion}`,
    ` Git commit:\t${client.GitCommit}`,
    ` Built:\t${client.BuildTime}`,
    ` OS/Arch:\t${client.Os}/${client.Arch}`,
    ` Context:\t${client.Context}`,
  ]
  if (server === undefined) return `${lines.join('\n')}\n`
  lines.push('', `Server:${(server.Platform?.Name ?? '') === '' ? '' : ` ${server.Platform?.Name ?? ''}`}`)
  for (const component of server.Components ?? []) lines.push(...componentLines(component))
  return `${lines.join('\n')}\n`
}

function componentLines({ Name: name, Version: number, Details: details }: Component): readonly string[] {
  const lines = [` ${name}:`, `  Version:\t${number}`]
  const at = (key: string): string => details?.[key] ?? ''
  if (name !== 'Engine')
    return [
      ...lines,
      ...Object.keys(details ?? {})
        .toSorted()
        .map((key) => `  ${key}:\t${at(key)}`),
    ]
  const min = at('MinAPIVersion') === '' ? '' : ` (minimum version ${at('MinAPIVersion')})`
  return [
    ...lines,
    `  API version:\t${at('ApiVersion')}${min}`,
    `  Go version:\t${at('GoVersion')}`,
    `  Git commit:\t${at('GitCommit')}`,
    `  Built:\t${at('BuildTime')}`,
    `  OS/Arch:\t${at('Os')}/${at('Arch')}`,
    `  Experimental:\t${at('Experimental')}`,
  ]
}
