/**
 * The docker client's configuration (`config.json`): credentials, helpers, formats, the current context.
 *
 *   $DOCKER_CONFIG or ~/.docker/
 *     config.json
 *     contexts/meta/<sha256 of name>/meta.json     contexts/tls/<sha256 of name>/docker/{ca,cert,key}.pem
 */
import { errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { CliIo } from './cli-io.ts'
import { failure } from './exit.ts'

export interface StoredAuth {
  /** Base64 of `name:secret`. */
  readonly auth?: string
  readonly email?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

export interface ConfigFile {
  readonly auths?: Readonly<Record<string, StoredAuth>>
  readonly HttpHeaders?: Readonly<Record<string, string>>
  readonly credsStore?: string
  readonly credHelpers?: Readonly<Record<string, string>>
  readonly currentContext?: string
  readonly detachKeys?: string
  readonly psFormat?: string
  readonly imagesFormat?: string
  readonly networksFormat?: string
  readonly volumesFormat?: string
  readonly statsFormat?: string
  readonly proxies?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly [key: string]: unknown
}

/** The folder of the configuration: `--config`, then DOCKER_CONFIG, then `~/.docker`. */
export function configDirectory(io: CliIo, flag: string): string {
  if (flag !== '') return flag
  const fromEnv = io.env['DOCKER_CONFIG'] ?? ''
  return fromEnv === '' ? `${io.homeDirectory}/.docker` : fromEnv
}

/** Reads `config.json`; a missing file is an empty configuration, a broken one a warning on standard error. */
export async function readConfig(io: CliIo, directory: string): Promise<ConfigFile> {
  const path = `${directory}/config.json`
  try {
    const text = await io.files.readText(path, { maxBytes: 16 * 1024 * 1024 })
    return text.trim() === '' ? {} : (JSON.parse(text) as ConfigFile)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT')
      io.terminal.stderr.write(`WARNING: Error loading config file: ${path}: ${messageOf(error)}\n`)
    return {}
  }
}

/** Replaces `config.json`, readable for its owner only. */
export async function writeConfig(io: CliIo, directory: string, config: ConfigFile): Promise<void> {
  const text = JSON.stringify(config, undefined, '\t')
  try {
    await io.files.makeDirectory(directory, { recursive: true, mode: 0o700 })
    await io.files.replace(`${directory}/config.json`, text, { mode: 0o600 })
  } catch (cause) {
    throw failure(`saving config file: ${messageOf(cause)}`, cause)
  }
}
