/** `build`: makes an image from a Dockerfile and a context. */
import { Readable } from 'node:stream'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { encodeAuth, readAllCredentials } from '#cli/docker/credentials.ts'
import { exitCodeOf, exitWith } from '#cli/docker/exit.ts'
import type { ProgressMessage } from '#cli/docker/progress.ts'
import { showProgress } from '#cli/docker/progress.ts'
import { parseReference } from '#cli/docker/references.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { QueryValue } from '#clients/docker/engine-client.ts'
import { buildContext } from './build-context.ts'
import { buildFlags } from './build-flags.table.ts'
import { ulimit } from './container-resources.ts'
import { keyValues } from './key-value-files.ts'
import { absolute } from './mount-flag.ts'

export const build: Verb = {
  usage: '[OPTIONS] PATH | URL | -',
  flags: buildFlags,
  count: exactly(1),
  completes: 'files',
  run: buildImage,
}

async function buildImage({ flags, args, session }: Call): Promise<void> {
  for (const name of flags.list('tag')) checkTag(name)
  const quiet = flags.bool('quiet')
  const context = await buildContext(session, args[0] ?? '', flags.text('file'))
  const client = await session.client()
  const credentials = await readAllCredentials(session)
  const headers = { 'X-Registry-Config': encodeAuth(credentials), 'Content-Type': 'application/x-tar' }
  const query = { ...buildQuery(flags, session), dockerfile: context.dockerfile, remote: context.remote, version: '1' }
  const body = quiet || context.body === undefined ? context.body : Readable.from(countBytes(session, context.body))
  const messages = client.messages<ProgressMessage>('POST', '/build', {
    query,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  let id = ''
  let kept = ''
  const onAux = (aux: unknown): void => {
    id = imageIdOf(aux) ?? id
  }
  const keep = (text: string): Promise<void> => {
    kept += text
    return Promise.resolve()
  }
  try {
    await showProgress(session, messages, quiet ? { onAux, print: keep, terminal: false } : { onAux })
  } catch (error) {
    if (quiet) await session.warn(kept)
    throw buildFailure(error)
  }
  if (quiet) {
    id = kept.trim() || id
    await session.print(`${id}\n`)
  }
  const idFile = flags.text('iidfile')
  if (idFile !== '') await session.io.files.write(absolute(session.io.cwd, idFile), id)
}

/** A refused request stays what it is; a failed step gives its own exit code. */
function buildFailure(error: unknown): unknown {
  const refused =
    error instanceof GantryError && error.code === 'DOCKER_DAEMON' && error.details['status'] !== undefined
  return refused ? error : exitWith(exitCodeOf(error), messageOf(error), error)
}

function checkTag(name: string): void {
  try {
    parseReference(name)
  } catch (error) {
    throw exitWith(
      125,
      `invalid argument "${name}" for "-t, --tag" flag: ${messageOf(error)}\n\nUsage:  docker build [OPTIONS] PATH | URL | -\n\nRun 'docker build --help' for more information`,
      error,
    )
  }
}

function buildQuery(flags: Flags, session: Session): Readonly<Record<string, QueryValue>> {
  const text = (name: string): string | undefined => flags.text(name) || undefined
  const args = Object.fromEntries(
    flags.list('build-arg').map((entry): [string, string | null] => {
      const equals = entry.indexOf('=')
      if (equals >= 0) return [entry.slice(0, equals), entry.slice(equals + 1)]
      return [entry, session.io.env[entry] ?? null]
    }),
  )
  const json = (value: object): string | undefined =>
    Object.keys(value).length === 0 ? undefined : JSON.stringify(value)
  return {
    t: flags.list('tag'),
    q: flags.bool('quiet'),
    nocache: flags.bool('no-cache'),
    rm: flags.bool('rm') ? '1' : '0',
    forcerm: flags.bool('force-rm'),
    pull: flags.bool('pull'),
    squash: flags.bool('squash'),
    buildargs: json(args),
    labels: json(keyValues(flags.list('label'))),
    cachefrom: json(flags.list('cache-from')),
    ulimits: json(flags.list('ulimit').map(ulimit)),
    extrahosts:
      flags
        .list('add-host')
        .map((entry) => entry.replace('=', ':'))
        .join(',') || undefined,
    securityopt: json(flags.list('security-opt')),
    networkmode: text('network') === 'default' ? undefined : text('network'),
    target: text('target'),
    platform: text('platform')?.toLowerCase(),
    isolation: text('isolation'),
    cgroupparent: text('cgroup-parent'),
    cpusetcpus: text('cpuset-cpus'),
    cpusetmems: text('cpuset-mems'),
    cpushares: flags.int('cpu-shares'),
    cpuquota: flags.int('cpu-quota'),
    cpuperiod: flags.int('cpu-period'),
    memory: flags.bytes('memory'),
    memswap: flags.bytes('memory-swap'),
    shmsize: flags.bytes('shm-size'),
  }
}

function imageIdOf(aux: unknown): string | undefined {
  return typeof aux === 'object' && aux !== null && 'ID' in aux && typeof aux.ID === 'string' ? aux.ID : undefined
}

/** Passes the context through and tells how much of it was sent. */
async function* countBytes(session: Session, body: Readable): AsyncGenerator<Uint8Array, void> {
  const terminal = session.io.terminal.stdoutIsTerminal
  const line = (size: number): string => `Sending build context to Docker daemon  ${formatDecimalSize(size)}`
  let sizeBytes = 0
  let shown = 0
  for await (const chunk of body) {
    const bytes = chunk as Uint8Array
    sizeBytes += bytes.length
    if (terminal && sizeBytes - shown > 512 * 1024) {
      shown = sizeBytes
      await session.print(`\u001b[2K\r${line(sizeBytes)}\r`)
    }
    yield bytes
  }
  await session.print(`${terminal ? '\u001b[2K\r' : ''}${line(sizeBytes)}\r\r\n`)
}
