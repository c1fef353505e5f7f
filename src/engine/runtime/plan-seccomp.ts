/** The system call filter of a container, as the OCI runtime specification writes it. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import {
  allowedAlways,
  allowedByArchitecture,
  allowedByCapability,
  allowedPersonalities,
  deniedSocketFamily,
  namespaceCloneFlags,
  seccompArchitectures,
} from './seccomp.table.ts'

interface SeccompArgument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: string
}

interface SeccompRule {
  readonly names: readonly string[]
  readonly action: string
  readonly errnoRet?: number
  readonly args?: readonly SeccompArgument[]
}

/** `linux.seccomp` of the OCI runtime specification. */
export interface SeccompPolicy {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number
  readonly architectures?: readonly string[]
  readonly flags?: readonly string[]
  readonly syscalls?: readonly SeccompRule[]
}

const allow = 'SCMP_ACT_ALLOW'

/** Docker's default policy for a container with these capabilities on this architecture (OCI name). */
export function planDefaultSeccomp(capabilities: readonly string[], architecture: string): SeccompPolicy {
  const granted = capabilities.flatMap((capability) => allowedByCapability[capability] ?? [])
  const names = [...new Set([...allowedAlways, ...(allowedByArchitecture[architecture] ?? []), ...granted])]
  const syscalls: SeccompRule[] = [
    { names, action: allow },
    { names: ['socket'], action: allow, args: [{ index: 0, value: deniedSocketFamily, op: 'SCMP_CMP_NE' }] },
    ...allowedPersonalities.map((value) => ({
      names: ['personality'],
      action: allow,
      args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
    })),
  ]
  if (!capabilities.includes('CAP_SYS_ADMIN')) {
    const index = architecture === 's390x' ? 1 : 0
    syscalls.push(
      {
        names: ['clone'],
        action: allow,
        args: [{ index, value: namespaceCloneFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
      // ENOSYS, so that libc falls back to clone, whose flags can be looked at.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    )
  }
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: seccompArchitectures[architecture] ?? [],
    syscalls,
  }
}

interface ProfileRule {
  readonly name?: string
  readonly names?: readonly string[]
  readonly action: string
  readonly errnoRet?: number
  readonly args?: readonly SeccompArgument[] | null
  readonly includes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] }
  readonly excludes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] }
}

interface ProfileFile {
  readonly defaultAction?: string
  readonly defaultErrnoRet?: number
  readonly architectures?: readonly string[]
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures?: readonly string[] | null }[]
  readonly syscalls?: readonly ProfileRule[]
}

/**
 * A user's own profile (`--security-opt seccomp=FILE`; the client sends the file's content), with its conditions on
 * capabilities and architecture resolved.
 * @throws GantryError when the text is no profile.
 */
export function planCustomSeccomp(text: string, capabilities: readonly string[], architecture: string): SeccompPolicy {
  const profile = parseProfile(text)
  const native = seccompArchitectures[architecture]?.[0] ?? ''
  const mapped = profile.archMap?.find((row) => row.architecture === native)
  const applies = (rule: ProfileRule): boolean => {
    const { includes = {}, excludes = {} } = rule
    if (includes.arches !== undefined && includes.arches.length > 0 && !includes.arches.includes(architecture))
      return false
    if (includes.caps !== undefined && !includes.caps.every((capability) => capabilities.includes(capability)))
      return false
    if (excludes.arches?.includes(architecture) === true) return false
    return excludes.caps?.some((capability) => capabilities.includes(capability)) !== true
  }
  return {
    defaultAction: profile.defaultAction ?? 'SCMP_ACT_ERRNO',
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures:
      profile.architectures ?? (mapped === undefined ? [] : [mapped.architecture, ...(mapped.subArchitectures ?? [])]),
    syscalls: (profile.syscalls ?? []).filter(applies).map((rule) => ({
      names: rule.names ?? (rule.name === undefined ? [] : [rule.name]),
      action: rule.action,
      ...(rule.errnoRet === undefined ? {} : { errnoRet: rule.errnoRet }),
      ...(rule.args === undefined || rule.args === null ? {} : { args: rule.args }),
    })),
  }
}

function parseProfile(text: string): ProfileFile {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new GantryError('ENGINE_SECCOMP_PROFILE', 'invalid', `Decoding seccomp profile failed: ${String(error)}`, {
      cause: error,
      remedy: 'Give a JSON file in the format of the OCI runtime specification, or seccomp=unconfined.',
    })
  }
  return typeof parsed === 'object' && parsed !== null ? parsed : {}
}
