/** A new container's configuration: what the user said over what the image says. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ContainerConfig, ContainerCreateBody, HealthConfig } from '#spec/docker/container-config.ts'
import { parseSignal } from '#spec/docker/signals.table.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'

const nsPerMs = 1e6

function invalid(code: string, message: string, remedy?: string): GantryError {
  return new GantryError(code, 'invalid', message, remedy === undefined ? {} : { remedy })
}

const keyOf = (variable: string): string => variable.split('=', 1)[0] ?? ''

function mergeEnv(user: readonly string[], image: readonly string[]): string[] {
  const known = new Set(user.map(keyOf))
  return [...user, ...image.filter((variable) => !known.has(keyOf(variable)))]
}

const isEmpty = (words: readonly string[] | null): boolean => words === null || words.length === 0

/** `[""]` clears an entrypoint. */
const cleared = (words: readonly string[] | null): readonly string[] | null =>
  isEmpty(words) || (words?.length === 1 && words[0] === '') ? null : words

/** moby `runconfig.Merge`: an entrypoint of the user's drops the image's command. */
function mergeCommand(
  user: ContainerCreateBody,
  image: ImageRunConfig,
): Pick<ContainerConfig, 'Entrypoint' | 'Cmd' | 'ArgsEscaped'> {
  const entrypoint = user.Entrypoint ?? null
  const command = user.Cmd ?? null
  const takesImageCmd = isEmpty(entrypoint) && isEmpty(command)
  return {
    Cmd: takesImageCmd ? (image.Cmd ?? null) : command,
    Entrypoint: cleared(entrypoint ?? image.Entrypoint ?? null),
    ...(takesImageCmd && image.ArgsEscaped === true ? { ArgsEscaped: true } : {}),
  }
}

function mergeHealth(user: HealthConfig | undefined, image: HealthConfig | null | undefined): HealthConfig | undefined {
  if (user === undefined || user === null) return image ?? undefined
  const inherits = user.Test === undefined || user.Test.length === 0
  if (image === undefined || image === null) return user
  const pick = (key: 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval' | 'Retries'): number | undefined =>
    user[key] === undefined || user[key] === 0 ? image[key] : user[key]
  const rows = (['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const).map(
    (key) => [key, pick(key)] as const,
  )
  const test = inherits ? image.Test : user.Test
  return {
    ...(test === undefined ? {} : { Test: test }),
    ...Object.fromEntries(rows.filter(([, value]) => value !== undefined)),
  }
}

function checkHealth(health: HealthConfig | undefined): void {
  if (health === undefined) return
  const rows: [string, number | undefined][] = [
    ['Interval', health.Interval],
    ['Timeout', health.Timeout],
    ['StartPeriod', health.StartPeriod],
    ['StartInterval', health.StartInterval],
  ]
  for (const [name, value = 0] of rows) {
    if (value !== 0 && value < nsPerMs)
      throw invalid('ENGINE_HEALTHCHECK', `${name} in Healthcheck cannot be less than 1ms`)
  }
  if ((health.Retries ?? 0) < 0) throw invalid('ENGINE_HEALTHCHECK', 'Retries in Healthcheck cannot be negative')
}

function checkCommand(config: ContainerConfig): void {
  if (!isEmpty(config.Entrypoint) || !isEmpty(config.Cmd)) return
  throw invalid('ENGINE_NO_COMMAND', 'No command specified', 'Give a command, or use an image that has one.')
}

function checkSignal({ StopSignal = '' }: ContainerConfig): void {
  // Any number but 0 is taken at its word, as Docker does: there are kernels with more signals.
  if (StopSignal === '' || /^[+-]?0*[1-9]\d*$/.test(StopSignal) || parseSignal(StopSignal) !== undefined) return
  throw invalid('ENGINE_SIGNAL', `Invalid signal: ${StopSignal}`)
}

function checkConfig(config: ContainerConfig): void {
  if (config.WorkingDir !== '' && !config.WorkingDir.startsWith('/')) {
    throw invalid(
      'ENGINE_WORKING_DIRECTORY',
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
      'Begin it with a slash.',
    )
  }
  checkCommand(config)
  const nameless = config.Env.find((variable) => variable === '' || variable.startsWith('='))
  if (nameless !== undefined)
    throw invalid('ENGINE_ENVIRONMENT', `invalid environment variable: ${nameless}`, 'Write NAME=VALUE.')
  checkSignal(config)
  checkHealth(config.Healthcheck)
}

/** `80` and `80/TCP` as `80/tcp`. */
function normalisePorts(ports: Readonly<Record<string, object>> | null | undefined): Record<string, object> {
  return Object.fromEntries(
    Object.keys(ports ?? {}).map((port) => [port.includes('/') ? port.toLowerCase() : `${port}/tcp`, {}]),
  )
}

function mergeMaps(
  user: ContainerCreateBody,
  image: ImageRunConfig,
): Pick<ContainerConfig, 'Labels' | 'Volumes'> & { readonly ExposedPorts?: Record<string, object> } {
  const ports = { ...normalisePorts(image.ExposedPorts), ...normalisePorts(user.ExposedPorts) }
  const volumes = { ...image.Volumes, ...user.Volumes }
  return {
    ...(Object.keys(ports).length > 0 ? { ExposedPorts: ports } : {}),
    Labels: { ...image.Labels, ...user.Labels },
    Volumes: Object.keys(volumes).length > 0 ? volumes : null,
  }
}

/** Fields that are only there when they say something. */
function optionalFields(user: ContainerCreateBody, image: ImageRunConfig): Partial<ContainerConfig> {
  const fields: [keyof ContainerConfig, unknown][] = [
    ['Healthcheck', mergeHealth(user.Healthcheck, image.Healthcheck)],
    ['StopSignal', user.StopSignal === '' ? image.StopSignal : (user.StopSignal ?? image.StopSignal)],
    ['StopTimeout', user.StopTimeout ?? image.StopTimeout],
    ['Shell', user.Shell ?? image.Shell],
    ['NetworkDisabled', user.NetworkDisabled === true ? true : undefined],
    ['MacAddress', user.MacAddress],
  ]
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined && value !== null && value !== ''))
}

/**
 * The complete configuration of a new container (moby `runconfig.Merge` and `verifyContainerSettings`).
 * @param hostname used when the user gave none.
 * @throws GantryError kind invalid, in Docker's words.
 */
export function mergeConfig(user: ContainerCreateBody, image: ImageRunConfig, hostname: string): ContainerConfig {
  // A null is as good as nothing: clients written in other languages send it.
  const text = (value: string | null | undefined, fallback = ''): string => value || fallback
  const flag = (value: boolean | undefined): boolean => value === true
  const config: ContainerConfig = {
    Hostname: text(user.Hostname, hostname),
    Domainname: text(user.Domainname),
    User: text(user.User, text(image.User)),
    AttachStdin: flag(user.AttachStdin),
    AttachStdout: flag(user.AttachStdout),
    AttachStderr: flag(user.AttachStderr),
    Tty: flag(user.Tty),
    OpenStdin: flag(user.OpenStdin),
    StdinOnce: flag(user.StdinOnce),
    Env: mergeEnv(user.Env ?? [], image.Env ?? []),
    Image: text(user.Image),
    WorkingDir: text(user.WorkingDir, text(image.WorkingDir)),
    OnBuild: null,
    ...mergeCommand(user, image),
    ...mergeMaps(user, image),
    ...optionalFields(user, image),
  }
  checkConfig(config)
  return config
}
