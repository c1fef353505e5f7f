/** Security contexts of containers and pods. */
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../../objects/core-v1.generated.ts'
import { byteLength, each, ifSet, inRange, matches, oneOf, oneOfIfSet, joined } from '../checks.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { localPath } from '../format-errors.ts'
import { dnsSubdomain } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { validateWindowsUser } from './windows.ts'

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** A user or group number. */
export function idNumber(at: Path, id: number): FieldError[] {
  return inRange(at, id, [0, 2147483647])
}

function validateSeccomp(at: Path, profile: SeccompProfile): FieldError[] {
  const type: string = profile.type ?? ''
  const profileAt = at.child('localhostProfile')
  const errors: FieldError[] = []
  if (type === '') errors.push(required(at.child('type'), 'type is required when seccompProfile is set'))
  else errors.push(...oneOf(at.child('type'), type, profileTypes))
  const file = profile.localhostProfile
  if (type === 'Localhost') {
    if (file === undefined) errors.push(required(profileAt, 'must be set when seccomp type is Localhost'))
    else errors.push(...localPath(profileAt, file))
  } else if (file !== undefined) {
    const value = internal('core.SeccompProfile', profile)
    errors.push(invalid(profileAt, value, 'can only be set when seccomp type is Localhost'))
  }
  return errors
}

function validateAppArmorFile(at: Path, file: string | undefined): FieldError[] {
  if (file === undefined) return [required(at, 'must be set when AppArmor type is Localhost')]
  const errors: FieldError[] = []
  if (file.trim() !== file) errors.push(invalid(at, file, 'must not be padded with whitespace'))
  else if (file === '') errors.push(required(at, 'must be set when AppArmor type is Localhost'))
  if (byteLength(file) > 4095) errors.push(tooLong(at, 4095))
  return errors
}

/** An AppArmor profile of a container or a pod. */
export function validateAppArmor(at: Path, profile: AppArmorProfile): FieldError[] {
  const type: string = profile.type ?? ''
  const file = profile.localhostProfile
  if (type === 'Localhost') return validateAppArmorFile(at.child('localhostProfile'), file)
  if (type === '') return [required(at.child('type'), 'type is required when appArmorProfile is set')]
  if (!profileTypes.includes(type)) return [notSupported(at.child('type'), type, profileTypes)]
  if (file === undefined) return []
  return [invalid(at.child('localhostProfile'), file, 'can only be set when AppArmor type is Localhost')]
}

function validateWindowsOptions(at: Path, options: WindowsSecurityContextOptions): FieldError[] {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  const specAt = at.child('gmsaCredentialSpec')
  const errors =
    gmsaCredentialSpecName === undefined
      ? []
      : matches(at.child('gmsaCredentialSpecName'), gmsaCredentialSpecName, dnsSubdomain)
  if (gmsaCredentialSpec === '') {
    errors.push(invalid(specAt, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'))
  } else if (gmsaCredentialSpec !== undefined && byteLength(gmsaCredentialSpec) > 64 * 1024) {
    errors.push(invalid(specAt, gmsaCredentialSpec, 'gmsaCredentialSpec size must be under 64 KiB'))
  }
  if (runAsUserName !== undefined) errors.push(...validateWindowsUser(at.child('runAsUserName'), runAsUserName))
  return errors
}

interface ContainerRules {
  readonly usesHostUsers: boolean
  readonly allowPrivileged: boolean
}

function validateEscalation(at: Path, context: SecurityContext): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return []
  const value = internal('core.SecurityContext', context)
  const errors: FieldError[] = []
  if (context.privileged === true) {
    errors.push(invalid(at, value, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
  }
  for (const capability of context.capabilities?.add ?? []) {
    if (capability !== 'CAP_SYS_ADMIN') continue
    const text = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'
    errors.push(invalid(at, value, text))
  }
  return errors
}

/** The security context of a container. */
export function validateContainerSecurity(
  at: Path,
  context: SecurityContext | undefined,
  rules: ContainerRules,
): FieldError[] {
  if (context === undefined) return []
  const errors: FieldError[] = []
  if (context.privileged === true && !rules.allowPrivileged) {
    errors.push(forbidden(at.child('privileged'), 'disallowed by cluster policy'))
  }
  if (context.runAsUser !== undefined) errors.push(...idNumber(at.child('runAsUser'), context.runAsUser))
  if (context.runAsGroup !== undefined) errors.push(...idNumber(at.child('runAsGroup'), context.runAsGroup))
  errors.push(...oneOfIfSet(at.child('procMount'), context.procMount, ['Default', 'Unmasked']))
  if (context.procMount === 'Unmasked' && rules.usesHostUsers) {
    errors.push(invalid(at.child('procMount'), 'Unmasked', '`hostUsers` must be false to use `Unmasked`'))
  }
  return joined(
    errors,
    ifSet(context.seccompProfile, (profile) => validateSeccomp(at.child('seccompProfile'), profile)),
    validateEscalation(at, context),
    ifSet(context.windowsOptions, (options) => validateWindowsOptions(at.child('windowsOptions'), options)),
    ifSet(context.appArmorProfile, (profile) => validateAppArmor(at.child('appArmorProfile'), profile)),
  )
}

const sysctlPattern = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const sysctlText = String.raw`must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`
const ipcSysctls: readonly string[] = ['kernel.sem']
const ipcPrefixes: readonly string[] = ['kernel.shm', 'kernel.msg', 'fs.mqueue.']

/** The namespace that a sysctl belongs to, with `/` or `.` between its parts. */
export function sysctlNamespace(name: string): 'net' | 'ipc' | undefined {
  const separator = /[./]/.exec(name)?.[0]
  const dotted = separator === '/' ? name.replaceAll(/[./]/g, (c) => (c === '/' ? '.' : '/')) : name
  if (dotted.startsWith('net.')) return 'net'
  return ipcSysctls.includes(dotted) || ipcPrefixes.some((prefix) => dotted.startsWith(prefix)) ? 'ipc' : undefined
}

function validateSysctls(at: Path, spec: PodSpec): FieldError[] {
  const seen = new Set<string>()
  return each(at, spec.securityContext?.sysctls, ({ name }, itemAt) => {
    const nameAt = itemAt.child('name')
    const errors: FieldError[] = []
    if (name === '') errors.push(required(nameAt))
    else if (byteLength(name) > 253 || !sysctlPattern.test(name)) errors.push(invalid(nameAt, name, sysctlText))
    else if (seen.has(name)) errors.push(duplicate(nameAt, name))
    seen.add(name)
    const space = sysctlNamespace(name)
    if (space === 'net' && spec.hostNetwork === true) {
      errors.push(invalid(nameAt, name, "may not be specified when 'hostNetwork' is true"))
    } else if (space === 'ipc' && spec.hostIPC === true) {
      errors.push(invalid(nameAt, name, "may not be specified when 'hostIPC' is true"))
    }
    return errors
  })
}

function validateIds(at: Path, context: PodSecurityContext): FieldError[] {
  return joined(
    ifSet(context.fsGroup, (id) => idNumber(at.child('fsGroup'), id)),
    ifSet(context.runAsUser, (id) => idNumber(at.child('runAsUser'), id)),
    ifSet(context.runAsGroup, (id) => idNumber(at.child('runAsGroup'), id)),
    each(at.child('supplementalGroups'), context.supplementalGroups, (id, itemAt) => idNumber(itemAt, id)),
  )
}

/** The security context of a pod, with what upstream keeps there: sharing of host namespaces. */
export function validatePodSecurity(at: Path, spec: PodSpec): FieldError[] {
  const context = spec.securityContext
  const shares = spec.shareProcessNamespace === true && spec.hostPID === true
  const shared = shares
    ? [invalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled')]
    : []
  if (context === undefined) return shared
  return joined(
    validateIds(at, context),
    shared,
    validateSysctls(at.child('sysctls'), spec),
    oneOfIfSet(at.child('fsGroupChangePolicy'), context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ifSet(context.seccompProfile, (profile) => validateSeccomp(at.child('seccompProfile'), profile)),
    ifSet(context.windowsOptions, (options) => validateWindowsOptions(at.child('windowsOptions'), options)),
    ifSet(context.appArmorProfile, (profile) => validateAppArmor(at.child('appArmorProfile'), profile)),
    oneOfIfSet(at.child('supplementalGroupsPolicy'), context.supplementalGroupsPolicy, ['Merge', 'Strict']),
    oneOfIfSet(at.child('seLinuxChangePolicy'), context.seLinuxChangePolicy, ['MountOption', 'Recursive']),
  )
}
