/** Operating systems of pods: what Linux and Windows pods may not set, user names and host processes on Windows. */
import type { PodSpec } from '../../objects/core-v1.generated.ts'
import { byteLength, joined } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { eachContainer } from './pod-options.ts'

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const control = /[\u0000-\u001f\u007f]/
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const dnsDomain = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

/** A `runAsUserName`: `user` or `DOMAIN\user`. */
export function validateWindowsUser(at: Path, name: string): FieldError[] {
  if (name === '') return [invalid(at, name, 'runAsUserName cannot be an empty string')]
  if (control.test(name)) return [invalid(at, name, 'runAsUserName cannot contain control characters')]
  const parts = name.split('\\')
  if (parts.length > 2) return [invalid(at, name, 'runAsUserName cannot contain more than one backslash')]
  const [domain, user = ''] = parts.length === 2 ? parts : [undefined, name]
  const problems = domain === undefined ? userProblems(user) : [...domainProblems(domain), ...userProblems(user)]
  return problems.map((problem) => invalid(at, name, problem))
}

function domainProblems(domain: string): readonly string[] {
  const problems: string[] = []
  if (byteLength(domain) >= 256) problems.push("runAsUserName's Domain length must be under 256 characters")
  if (!netBios.test(domain) && !dnsDomain.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  }
  return problems
}

function userProblems(user: string): readonly string[] {
  const problems: string[] = []
  if (user === '') problems.push("runAsUserName's User cannot be empty")
  else if (byteLength(user) > 104) problems.push("runAsUserName's User length must not be longer than 104 characters")
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(String.raw`runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]`)
  }
  return problems
}

const linuxText = 'windows options cannot be set for a linux pod'

function validateLinux(at: Path, spec: PodSpec): FieldError[] {
  const own = spec.securityContext?.windowsOptions
  return joined(
    own === undefined ? [] : [forbidden(at.child('securityContext', 'windowsOptions'), linuxText)],
    eachContainer(spec, at, (container, containerAt) =>
      container.securityContext?.windowsOptions === undefined
        ? []
        : [forbidden(containerAt.child('securityContext', 'windowsOptions'), linuxText)],
    ),
  )
}

// In the order in which upstream looks; those without a dot are members of the spec, which upstream keeps in its context.
const podMembers = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
  'securityContext.supplementalGroupsPolicy',
  'securityContext.seLinuxChangePolicy',
]
const containerMembers = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const

function memberOf(spec: PodSpec, name: string): unknown {
  const [first = '', second] = name.split('.')
  const member = (spec as unknown as Readonly<Record<string, unknown>>)[first]
  return second === undefined ? member : (member as Readonly<Record<string, unknown>> | undefined)?.[second]
}

function validateWindows(at: Path, spec: PodSpec): FieldError[] {
  const text = 'cannot be set for a windows pod'
  const isSet = (name: string): boolean => {
    const value = memberOf(spec, name)
    return name === 'hostPID' || name === 'hostIPC' ? value === true : value !== undefined
  }
  return joined(
    podMembers.filter(isSet).map((name) => forbidden(at.child(...name.split('.')), text)),
    eachContainer(spec, at, (container, containerAt) =>
      containerMembers
        .filter((name) => container.securityContext?.[name] !== undefined)
        .map((name) => forbidden(containerAt.child('securityContext', name), text)),
    ),
  )
}

/** The operating system a pod names, and what it excludes. */
export function validatePodOs(at: Path, spec: PodSpec): FieldError[] {
  const name: string | undefined = spec.os?.name
  if (name === undefined) return []
  if (name === '') return [required(at.child('os', 'name'))]
  if (name === 'linux') return validateLinux(at, spec)
  return name === 'windows' ? validateWindows(at, spec) : [notSupported(at.child('os'), name, ['linux', 'windows'])]
}

/** Host processes: all containers of a pod or none, and only with the host's network. */
export function validateHostProcesses(at: Path, spec: PodSpec, allowPrivileged: boolean): FieldError[] {
  const whole = spec.securityContext?.windowsOptions?.hostProcess
  let [count, hostCount] = [0, 0]
  const errors = eachContainer(spec, at, (container, containerAt) => {
    const own = container.securityContext?.windowsOptions?.hostProcess
    count++
    if (own ?? whole ?? false) hostCount++
    if (whole === undefined || own === undefined || whole === own) return []
    const text = `pod hostProcess value must be identical if both are specified, was ${whole}`
    return [invalid(containerAt.child('securityContext', 'windowsOptions', 'hostProcess'), own, text)]
  })
  if (hostCount === 0) return errors
  if (hostCount !== count) {
    const text = 'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    errors.push(invalid(at, '', text))
  }
  if (spec.hostNetwork !== true) {
    const text = 'hostNetwork must be true if pod contains any hostProcess containers'
    errors.push(invalid(at.child('hostNetwork'), false, text))
  }
  if (!allowPrivileged) errors.push(forbidden(at, 'hostProcess containers are disallowed by cluster policy'))
  return errors
}
