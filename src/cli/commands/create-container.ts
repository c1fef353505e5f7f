/** Creates a container from flags, pulling the image when it is missing; shared by `run` and `create`. */
import type { GantryError } from '#base/errors/gantry-error.ts'
import { errnoOf, isErrorKind, messageOf } from '#base/errors/gantry-error.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { compareVersions } from '#clients/docker/engine-client.ts'
import { daemonMessage, exitWith, failure } from '#cli/docker/exit.ts'
import { familiarText, parseReference } from '#cli/docker/references.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import type { ConfigRequest, CreateBody } from './container-config.ts'
import { containerBody } from './container-config.ts'
import { readSecurityOptions } from './security-options.ts'
import { absolute } from './mount-flag.ts'
import { pullImage } from './pull-image.ts'

interface CreateReply {
  readonly Id: string
  readonly Warnings?: readonly string[] | null
}

/** An error of `run` or `create` with the hint where help is. */
export function withHelp(
  session: Session,
  verb: string,
  { error, exitCode = 125 }: { readonly error: unknown; readonly exitCode?: number },
): GantryError {
  const { program } = session.io
  return exitWith(
    exitCode,
    `${program}: ${messageOf(error)}\n\nRun '${program} ${verb} --help' for more information`,
    error,
  )
}

/** 127 for a missing program, 126 for one that cannot run, 125 for anything else. */
export function startFailureCode(error: unknown): number {
  const message = daemonMessage(error)
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(message))
    return 127
  return /permission denied|is a directory/.test(message) ? 126 : 125
}

/** Resolves to the new container's ID. */
export async function createContainer(
  session: Session,
  client: EngineClient,
  { flags, body: given }: { readonly flags: Flags; readonly body: CreateBody },
): Promise<string> {
  const options = given.HostConfig['SecurityOpt'] as readonly string[] | null
  const body = {
    ...given,
    HostConfig: { ...given.HostConfig, SecurityOpt: await readSecurityOptions(session, options) },
  }
  const idFile = await claimIdFile(session, flags.text('cidfile'))
  const reference = isImageId(body.Image) ? undefined : parseReference(body.Image)
  const platform = flags.text('platform')
  const pull = async (): Promise<void> => {
    if (reference === undefined) throw failure('pull access denied: an image ID cannot be pulled')
    await pullImage(session, client, { reference, options: { platform, quiet: flags.bool('quiet'), toStderr: true } })
  }
  if (flags.text('pull') === 'always') await pull()
  const create = (): Promise<CreateReply> =>
    client.json<CreateReply>('POST', '/containers/create', {
      query: { name: flags.text('name') || undefined, platform: platform === '' ? undefined : platform },
      json: body,
    })
  let reply: CreateReply
  try {
    reply = await create()
  } catch (error) {
    if (reference === undefined || flags.text('pull') !== 'missing' || !isMissingImage(error)) throw error
    if (!flags.bool('quiet')) await session.warn(`Unable to find image '${familiarText(reference)}' locally\n`)
    await pull()
    reply = await create()
  }
  for (const warning of reply.Warnings ?? []) await session.warn(`WARNING: ${warning}\n`)
  if (idFile !== '') await session.io.files.write(idFile, reply.Id)
  return reply.Id
}

function isMissingImage(error: unknown): boolean {
  return isErrorKind(error, 'not-found') && /no such image/i.test(error.message)
}

function isImageId(image: string): boolean {
  return /^(sha256:)?[\da-f]{64}$/.test(image)
}

async function claimIdFile(session: Session, given: string): Promise<string> {
  if (given === '') return ''
  const path = absolute(session.io.cwd, given)
  try {
    if (await session.io.files.exists(path))
      throw failure(`container ID file found, make sure the other container isn't running or delete ${given}`)
    await session.io.files.write(path, '', { exclusive: true, mode: 0o644 })
  } catch (cause) {
    if (errnoOf(cause) === undefined) throw cause
    throw failure(`failed to create the container ID file: ${messageOf(cause)}`, cause)
  }
  return path
}

/** The create request that flags and words make. Throws what the docker client refuses before asking the daemon. */
export async function readBody(request: ConfigRequest, client: EngineClient): Promise<CreateBody> {
  if (request.flags.list('annotation').length > 0) await requireApi(client, '1.43', 'annotation')
  return containerBody(request)
}

/** Refuses flags that a daemon of this age would silently ignore. */
export async function requireApi(client: EngineClient, least: string, flag: string): Promise<void> {
  const version = await client.version()
  if (compareVersions(version, least) < 0)
    throw failure(`"--${flag}" requires API version ${least}, but the Docker daemon API version is ${version}`)
}
