/**
 * The low-level runtime (crun, else runc, or any other by path) and the way to start it on this machine.
 * Chosen once when the engine starts: crun as it is; crun inside a private mount namespace that hides the part of a
 * hybrid cgroup layout it refuses; runc.
 */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { OciSpec } from './oci-spec.ts'
import { formatSpec } from './oci-spec.ts'

export interface OciRuntimeDeps {
  readonly files: Files
  readonly processes: Processes
  readonly kernel: Kernel
}

export interface OciRuntimeConfig {
  /** Where the runtime keeps its state; one per engine, so that engines do not see each other's containers. */
  readonly stateDirectory: string
  /** Folder for the pinned mount namespace and the probe's bundle. */
  readonly runDirectory: string
  /** Cgroup that the probe's container may use. */
  readonly cgroupParent: string
  /** A name in PATH or a path; undefined: crun, else runc. */
  readonly wanted?: string
}

export interface OciRuntime {
  readonly name: string
  readonly path: string
  readonly version: string
  /** What the monitor hands on before the command. */
  readonly globalArguments: readonly string[]
  /** Command prefix that enters the namespace the runtime needs; empty: none. */
  readonly launch: readonly string[]
  readonly stateDirectory: string
}

/** What hybrid cgroup machines show and crun 1.x refuses (`cgroup.controllers` of the unified hierarchy not empty). */
const unifiedControllers = '/sys/fs/cgroup/unified/cgroup.controllers'
const callTimeoutMs = 60_000

function command(runtime: OciRuntime, args: readonly string[]): [string, string[]] {
  const words = [...runtime.launch, runtime.path, ...runtime.globalArguments, ...args]
  return [words[0] ?? runtime.path, words.slice(1)]
}

async function call(processes: Processes, runtime: OciRuntime, args: readonly string[]): Promise<string> {
  const [file, words] = command(runtime, args)
  const result = await processes.run(file, words, { timeoutMs: callTimeoutMs })
  if (result.exitCode === 0) return result.stdout
  const text = result.stderr.trim() || `ended with ${result.signal ?? result.exitCode}`
  throw new GantryError('ENGINE_RUNTIME_CALL', 'internal', `${runtime.name} ${args[0] ?? ''}: ${text}`)
}

/** Lets a created container's process run. */
export async function startProcess(processes: Processes, runtime: OciRuntime, id: string): Promise<void> {
  await call(processes, runtime, ['start', id])
}

/** A runtime and the means to call it. */
export interface RuntimeCaller {
  readonly processes: Processes
  readonly runtime: OciRuntime
}

/** Removes what the runtime keeps of a container, its cgroup included; with `force` it is killed first. Missing is fine. */
export async function deleteProcess(
  { processes, runtime }: RuntimeCaller,
  id: string,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  await call(processes, runtime, ['delete', ...(options.force === true ? ['--force'] : []), id]).catch(
    (error: unknown) => {
      if (error instanceof GantryError && /does not exist|No such file|container .* not found/i.test(error.message))
        return
      throw error
    },
  )
}

/** Ids of all containers that the runtime has state of (also of a killed engine). */
export async function listProcesses(files: Files, runtime: OciRuntime): Promise<string[]> {
  if (!(await files.exists(runtime.stateDirectory))) return []
  return (await files.list(runtime.stateDirectory))
    .filter((entry) => entry.type === 'directory')
    .map((entry) => entry.name)
}

function probeSpec(rootPath: string, cgroupsPath: string): OciSpec {
  const none: readonly string[] = []
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/gantry-probe'],
      env: ['PATH=/'],
      cwd: '/',
      capabilities: { bounding: none, effective: none, permitted: none, inheritable: none, ambient: none },
      noNewPrivileges: false,
    },
    root: { path: rootPath, readonly: false },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: [] }],
    linux: {
      namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'network' }],
      devices: [],
      cgroupsPath,
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
        ],
      },
      maskedPaths: [],
      readonlyPaths: [],
    },
  }
}

/** True when the runtime gets as far as looking for the program, which is not there: everything before it works. */
async function works(deps: OciRuntimeDeps, runtime: OciRuntime, config: OciRuntimeConfig): Promise<true | string> {
  const bundle = join(config.runDirectory, 'probe')
  const id = 'gantry-probe'
  for (const name of ['proc', 'dev']) await deps.files.makeDirectory(join(bundle, 'rootfs', name), { recursive: true })
  await deps.files.write(
    join(bundle, 'config.json'),
    formatSpec(probeSpec(join(bundle, 'rootfs'), `${config.cgroupParent}/probe`)),
  )
  const [file, words] = command(runtime, ['create', '--bundle', bundle, id])
  const result = await deps.processes.run(file, words, { timeoutMs: callTimeoutMs })
  await deleteProcess({ processes: deps.processes, runtime }, id, { force: true }).catch(() => undefined)
  await deps.files.remove(bundle, { recursive: true, force: true })
  return result.exitCode === 0 || /gantry-probe.*(not found|no such file)/i.test(result.stderr)
    ? true
    : result.stderr.trim()
}

/** Makes (or finds) the namespace in which the unified hierarchy looks empty; the prefix that enters it. */
async function hideUnifiedControllers(
  deps: OciRuntimeDeps,
  config: OciRuntimeConfig,
): Promise<readonly string[] | undefined> {
  if (!(await deps.files.exists(unifiedControllers))) return undefined
  const nsenter = await deps.processes.find('nsenter')
  if (nsenter === undefined) return undefined
  const empty = join(config.runDirectory, 'no-controllers')
  const pin = join(config.runDirectory, 'mount-namespace')
  await deps.files.write(empty, '')
  await deps.kernel.namespaces.createMount(pin, [{ source: empty, target: unifiedControllers }])
  return [nsenter, `--mount=${pin}`, '--']
}

async function describe(deps: OciRuntimeDeps, path: string, config: OciRuntimeConfig): Promise<OciRuntime> {
  const result = await deps.processes.run(path, ['--version'])
  const version = /version ([^\s]+)/.exec(result.stdout)?.[1] ?? 'unknown'
  const name = path.slice(path.lastIndexOf('/') + 1)
  return {
    name,
    path,
    version,
    launch: [],
    stateDirectory: config.stateDirectory,
    globalArguments: ['--root', config.stateDirectory],
  }
}

async function tryRuntime(deps: OciRuntimeDeps, path: string, config: OciRuntimeConfig): Promise<OciRuntime | string> {
  const plain = await describe(deps, path, config)
  const first = await works(deps, plain, config)
  if (first === true) return plain
  if (plain.name !== 'crun') return first
  const launch = await hideUnifiedControllers(deps, config)
  if (launch === undefined) return first
  const hidden = { ...plain, launch }
  const second = await works(deps, hidden, config)
  return second === true ? hidden : second
}

/**
 * Finds a runtime that works here.
 * @throws GantryError (code ENGINE_RUNTIME_MISSING) naming each candidate and why it does not.
 */
export async function chooseRuntime(deps: OciRuntimeDeps, config: OciRuntimeConfig): Promise<OciRuntime> {
  await deps.files.makeDirectory(config.stateDirectory, { recursive: true, mode: 0o700 })
  await deps.files.makeDirectory(config.runDirectory, { recursive: true, mode: 0o711 })
  const reasons: string[] = []
  for (const name of config.wanted === undefined ? ['crun', 'runc'] : [config.wanted]) {
    const path = await deps.processes.find(name)
    const found = path === undefined ? 'not installed' : await tryRuntime(deps, path, config)
    if (typeof found !== 'string') return found
    reasons.push(`${name}: ${found}`)
  }
  throw new GantryError('ENGINE_RUNTIME_MISSING', 'unavailable', `no OCI runtime works here (${reasons.join('; ')})`, {
    remedy: 'Install the package crun (or runc) and run as root.',
  })
}
