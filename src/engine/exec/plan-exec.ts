/** What an exec runs, from the container's own process and what the user asked for. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { SpecProcess } from '#engine/runtime/oci-spec.ts'
import type { ProcessUser } from '#engine/runtime/plan-user.ts'

export interface ExecConfig {
  readonly cmd: readonly string[]
  readonly env: readonly string[]
  readonly user: string
  readonly workingDirectory: string
  readonly privileged: boolean
  readonly tty: boolean
  readonly attachStdin: boolean
  readonly attachStdout: boolean
  readonly attachStderr: boolean
  readonly detachKeys: string
}

/** `ExecConfig` of the Engine API, as clients send it. */
export interface ExecBody {
  readonly Cmd?: readonly string[] | null
  readonly Env?: readonly string[] | null
  readonly User?: string
  readonly WorkingDir?: string
  readonly Privileged?: boolean
  readonly Tty?: boolean
  readonly AttachStdin?: boolean
  readonly AttachStdout?: boolean
  readonly AttachStderr?: boolean
  readonly DetachKeys?: string
}

/** Fills in what the client left out. */
export function readExecConfig(body: ExecBody): ExecConfig {
  return {
    cmd: body.Cmd ?? [],
    env: body.Env ?? [],
    user: body.User ?? '',
    workingDirectory: body.WorkingDir ?? '',
    privileged: body.Privileged === true,
    tty: body.Tty === true,
    attachStdin: body.AttachStdin === true,
    attachStdout: body.AttachStdout === true,
    attachStderr: body.AttachStderr === true,
    detachKeys: body.DetachKeys ?? '',
  }
}

export interface ExecFacts {
  readonly user: ProcessUser
  /** Every capability that may be given, for privileged execs. */
  readonly allCapabilities: readonly string[]
  /** Rows and columns of the terminal, where the client told. */
  readonly size: readonly [number, number] | undefined
}

const keyOf = (variable: string): string => variable.split('=', 1)[0] ?? ''

function planEnv(base: readonly string[], config: ExecConfig, home: string): string[] {
  const own = config.env.filter((variable) => variable.includes('='))
  const changed = new Set(config.env.map(keyOf))
  const other = config.user === '' ? [] : [`HOME=${home}`]
  if (other.length > 0) changed.add('HOME')
  const kept = base.filter((variable) => !changed.has(keyOf(variable)))
  const term = config.tty && !kept.concat(own).some((variable) => variable.startsWith('TERM=')) ? ['TERM=xterm'] : []
  return [...kept, ...term, ...own, ...(own.some((variable) => variable.startsWith('HOME=')) ? [] : other)]
}

/**
 * The process of an exec: the container's, with another command, and whatever else was asked for.
 * @throws GantryError invalid for a working directory that is not absolute.
 */
export function planExecProcess(base: SpecProcess, config: ExecConfig, facts: ExecFacts): SpecProcess {
  const { user, size } = facts
  if (config.workingDirectory !== '' && !config.workingDirectory.startsWith('/'))
    throw new GantryError(
      'ENGINE_WORKING_DIRECTORY',
      'invalid',
      'OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown',
      { remedy: 'Begin the working directory with a slash.' },
    )
  const bounding = config.privileged ? facts.allCapabilities : base.capabilities.bounding
  const held = user.uid === 0 ? bounding : []
  const { consoleSize: _size, ...rest } = base
  return {
    ...rest,
    terminal: config.tty,
    ...(size === undefined || size[0] === 0 ? {} : { consoleSize: { height: size[0], width: size[1] } }),
    user: {
      uid: user.uid,
      gid: user.gid,
      ...(user.additionalGids.length > 0 ? { additionalGids: user.additionalGids } : {}),
    },
    args: config.cmd,
    env: planEnv(base.env, config, user.home),
    cwd: config.workingDirectory === '' ? base.cwd : config.workingDirectory,
    capabilities: { bounding, effective: held, permitted: held, inheritable: [], ambient: [] },
  }
}
