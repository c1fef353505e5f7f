/** `config.json` of an OCI bundle, as far as Gantry writes it (OCI runtime specification 1.0.2). */
import type { SeccompPolicy } from './plan-seccomp.ts'

export interface SpecMount {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options: readonly string[]
}

export interface SpecNamespace {
  readonly type: 'mount' | 'network' | 'pid' | 'ipc' | 'uts' | 'cgroup' | 'user'
  readonly path?: string
}

export interface SpecDevice {
  readonly path: string
  readonly type: 'c' | 'b' | 'p'
  readonly major: number
  readonly minor: number
  readonly fileMode: number
  readonly uid: number
  readonly gid: number
}

export interface SpecDeviceRule {
  readonly allow: boolean
  readonly type?: 'a' | 'b' | 'c'
  readonly major?: number
  readonly minor?: number
  readonly access: string
}

export interface SpecResources {
  readonly devices: readonly SpecDeviceRule[]
  readonly memory?: {
    readonly limit?: number
    readonly reservation?: number
    readonly swap?: number
    readonly swappiness?: number
    readonly disableOOMKiller?: boolean
  }
  readonly cpu?: {
    readonly shares?: number
    readonly quota?: number
    readonly period?: number
    readonly realtimeRuntime?: number
    readonly realtimePeriod?: number
    readonly cpus?: string
    readonly mems?: string
  }
  readonly pids?: { readonly limit: number }
  readonly blockIO?: object
}

export interface SpecRlimit {
  readonly type: string
  readonly soft: number
  readonly hard: number
}

export interface SpecProcess {
  readonly terminal: boolean
  readonly consoleSize?: { readonly height: number; readonly width: number }
  readonly user: {
    readonly uid: number
    readonly gid: number
    readonly additionalGids?: readonly number[]
    readonly umask?: number
  }
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly capabilities: Readonly<
    Record<'bounding' | 'effective' | 'permitted' | 'inheritable' | 'ambient', readonly string[]>
  >
  readonly rlimits?: readonly SpecRlimit[]
  readonly noNewPrivileges: boolean
  readonly oomScoreAdj?: number
  readonly apparmorProfile?: string
}

export interface OciSpec {
  readonly ociVersion: string
  readonly process: SpecProcess
  readonly root: { readonly path: string; readonly readonly: boolean }
  readonly hostname?: string
  readonly domainname?: string
  readonly mounts: readonly SpecMount[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly linux: {
    readonly namespaces: readonly SpecNamespace[]
    readonly devices: readonly SpecDevice[]
    readonly cgroupsPath: string
    readonly resources: SpecResources
    readonly sysctl?: Readonly<Record<string, string>>
    readonly seccomp?: SeccompPolicy
    readonly maskedPaths: readonly string[]
    readonly readonlyPaths: readonly string[]
    readonly rootfsPropagation?: string
  }
}

/** The document's text. Unlimited rlimits are above what JSON numbers carry exactly, so they are written as text. */
export function formatSpec(spec: OciSpec): string {
  return JSON.stringify(spec, (_key, value: unknown) => (value === Infinity ? '@@unlimited' : value)).replaceAll(
    '"@@unlimited"',
    '18446744073709551615',
  )
}
