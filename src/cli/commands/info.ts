/** `info`: shows facts about the engine. */
import { clientVersion } from '#cli/docker/client-version.ts'
import { exitWith } from '#cli/docker/exit.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { none } from '#cli/grammar/command.ts'
import { readJson } from '#cli/output/go-json.ts'
import { formatBinarySize } from '#base/data/byte-size.ts'
import { printValue } from '#cli/output/go-values.ts'
import { createTemplate } from '#cli/output/template.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { inspectFormatFlag } from './list-flags.table.ts'

type Facts = Readonly<Record<string, unknown>>

export const info: Verb = { usage: '[OPTIONS]', flags: [inspectFormatFlag], count: none, run: showInfo }

async function showInfo({ flags, session }: Call): Promise<void> {
  const format = flags.text('format')
  const template = format === '' || format === 'json' ? undefined : createTemplate(format)
  const { context } = await session.endpoint()
  const clientInfo = {
    Debug: session.options.debug,
    Plugins: [],
    Warnings: null,
    Version: clientVersion,
    Context: context,
  }
  let facts: Facts = {}
  let problem: unknown
  try {
    const client = await session.client()
    facts = readJson(await client.text('GET', '/info')) as Facts
  } catch (error) {
    problem = error
    facts = { ServerErrors: [messageOf(error)] }
  }
  if (format === 'json')
    await session.print(
      `${JSON.stringify({ ...facts, ClientInfo: clientInfo }, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))}\n`,
    )
  else if (template !== undefined)
    await session.print(`${template.execute({ ...facts, ClientInfo: clientInfo }, { missingKey: 'error' })}\n`)
  else await session.print(infoText(facts, context, problem))
  for (const warning of (facts['Warnings'] as readonly string[] | null | undefined) ?? [])
    await session.warn(`${warning}\n`)
  if (problem !== undefined)
    throw exitWith(1, format === '' ? 'errors pretty printing info' : messageOf(problem), problem)
}

function infoText(facts: Facts, context: string, problem: unknown): string {
  const head = [
    'Client:',
    ` Version:    ${clientVersion}`,
    ` Context:    ${context}`,
    ' Debug Mode: false',
    '',
    'Server:',
  ]
  const lines = problem === undefined ? [...head, ...serverLines(facts)] : [...head, `ERROR: ${messageOf(problem)}`]
  return `${lines.join('\n')}\n`
}

const at = (facts: Facts, key: string): string => {
  const value = facts[key]
  return value === undefined || value === null ? '' : printValue(value)
}

function serverLines(facts: Facts): readonly string[] {
  const optional = (label: string, key: string): readonly string[] =>
    at(facts, key) === '' ? [] : [` ${label}: ${at(facts, key)}`]
  const plugins = (facts['Plugins'] ?? {}) as Readonly<Record<string, readonly string[] | null>>
  const swarm = (facts['Swarm'] ?? {}) as Facts
  const commit = (key: string): string => at((facts[key] ?? {}) as Facts, 'ID')
  return [
    ` Containers: ${at(facts, 'Containers')}`,
    `  Running: ${at(facts, 'ContainersRunning')}`,
    `  Paused: ${at(facts, 'ContainersPaused')}`,
    `  Stopped: ${at(facts, 'ContainersStopped')}`,
    ` Images: ${at(facts, 'Images')}`,
    ...optional('Server Version', 'ServerVersion'),
    ` Storage Driver: ${at(facts, 'Driver')}`,
    ...((facts['DriverStatus'] ?? []) as readonly (readonly string[])[]).map(
      ([name = '', value = '']) => `  ${name}: ${value}`,
    ),
    ...optional('Logging Driver', 'LoggingDriver'),
    ...optional('Cgroup Driver', 'CgroupDriver'),
    ...optional('Cgroup Version', 'CgroupVersion'),
    ' Plugins:',
    `  Volume: ${(plugins['Volume'] ?? []).join(' ')}`,
    `  Network: ${(plugins['Network'] ?? []).join(' ')}`,
    `  Log: ${(plugins['Log'] ?? []).join(' ')}`,
    ` Swarm: ${at(swarm, 'LocalNodeState')}`,
    ` Runtimes: ${Object.keys((facts['Runtimes'] ?? {}) as object)
      .toSorted()
      .join(' ')}`,
    ` Default Runtime: ${at(facts, 'DefaultRuntime')}`,
    ` Init Binary: ${at(facts, 'InitBinary')}`,
    ` containerd version: ${commit('ContainerdCommit')}`,
    ` runc version: ${commit('RuncCommit')}`,
    ` init version: ${commit('InitCommit')}`,
    ' Security Options:',
    ...((facts['SecurityOptions'] ?? []) as readonly string[]).flatMap(securityLines),
    ` Kernel Version: ${at(facts, 'KernelVersion')}`,
    ` Operating System: ${at(facts, 'OperatingSystem')}`,
    ` OSType: ${at(facts, 'OSType')}`,
    ` Architecture: ${at(facts, 'Architecture')}`,
    ` CPUs: ${at(facts, 'NCPU')}`,
    ` Total Memory: ${formatBinarySize(Number(facts['MemTotal'] ?? 0))}`,
    ` Name: ${at(facts, 'Name')}`,
    ` ID: ${at(facts, 'ID')}`,
    ` Docker Root Dir: ${at(facts, 'DockerRootDir')}`,
    ` Debug Mode: ${at(facts, 'Debug')}`,
    ...optional('HTTP Proxy', 'HttpProxy'),
    ...optional('HTTPS Proxy', 'HttpsProxy'),
    ...optional('No Proxy', 'NoProxy'),
    ` Experimental: ${at(facts, 'ExperimentalBuild')}`,
    ' Insecure Registries:',
    ...(
      ((facts['RegistryConfig'] ?? {}) as { readonly InsecureRegistryCIDRs?: readonly string[] | null })
        .InsecureRegistryCIDRs ?? []
    ).map((range) => `  ${range}`),
    ` Live Restore Enabled: ${at(facts, 'LiveRestoreEnabled')}`,
    '',
  ]
}

/** `name=seccomp,profile=default` as two lines. */
function securityLines(option: string): readonly string[] {
  const fields = option.split(',').map((field) => field.split('='))
  return fields.map(([key = '', value = '']) =>
    key === 'name' ? `  ${value}` : `   ${key[0]?.toUpperCase() ?? ''}${key.slice(1)}: ${value}`,
  )
}
