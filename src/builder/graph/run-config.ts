/** The run configuration of a stage as it grows, and how a step signs its container configuration. Pure. */
import type { ImageRunConfig } from '#spec/oci/image-config.ts'

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const defaultShell: readonly string[] = ['/bin/sh', '-c']

/** The shell for commands in shell form. */
export function shellOf(config: ImageRunConfig): readonly string[] {
  const shell = config.Shell ?? []
  return shell.length > 0 ? shell : defaultShell
}

/** A base image's configuration as a stage starts with it: PATH always set, triggers taken out, every field that Docker writes. */
export function startingConfig(base: ImageRunConfig | undefined): ImageRunConfig {
  const env = base?.Env ?? []
  const hasPath = env.some((entry) => entry.startsWith('PATH='))
  return { ...emptyConfig, ...withoutNulls(base), ...detached, Env: hasPath ? env : [...env, `PATH=${defaultPath}`] }
}

const emptyConfig = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Cmd: null,
  Image: '',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
}

/** What belongs to a container and not to what is built from it. */
const detached = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
  OnBuild: null,
}

function withoutNulls(base: ImageRunConfig | undefined): ImageRunConfig {
  return Object.fromEntries(Object.entries(base ?? {}).filter(([, value]) => value !== null && value !== undefined))
}

/** The environment as a map: the first entry of a name counts. */
export function environmentOf(config: ImageRunConfig): Map<string, string> {
  const variables = new Map<string, string>()
  for (const entry of config.Env ?? []) {
    const equals = entry.indexOf('=')
    const name = equals < 0 ? entry : entry.slice(0, equals)
    if (!variables.has(name)) variables.set(name, equals < 0 ? '' : entry.slice(equals + 1))
  }
  return variables
}

/** Configuration with the comment of a step that changes metadata only, as `docker history` shows it. */
export function withComment(config: ImageRunConfig, comment: string): ImageRunConfig {
  return { ...config, Cmd: [...shellOf(config), '#(nop) ', comment] }
}

/** The same for steps that write files: Docker joins these with one blank less. */
export function withFileComment(config: ImageRunConfig, comment: string): ImageRunConfig {
  return { ...config, Cmd: [...shellOf(config), `#(nop) ${comment}`] }
}
