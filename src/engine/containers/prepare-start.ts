/** Everything before a process can run: filesystem, network, mounts, files, and the OCI bundle that names them. */
import { join } from 'node:path'
import type { UndoStack } from '#base/async/undo-stack.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EndpointSettings } from '#spec/docker/container-config.ts'
import { formatSpec } from '#engine/runtime/oci-spec.ts'
import type { OciSpec, SpecMount } from '#engine/runtime/oci-spec.ts'
import { planCapabilities } from '#engine/runtime/plan-capabilities.ts'
import { planRlimits } from '#engine/runtime/plan-resources.ts'
import type { DeviceNumber } from '#engine/runtime/plan-resources.ts'
import { planSpec } from '#engine/runtime/plan-spec.ts'
import type { SpecInput } from '#engine/runtime/plan-spec.ts'
import { planUser } from '#engine/runtime/plan-user.ts'
import { badLogValue } from './log-options.ts'
import { linkEnvironment } from './link-environment.ts'
import { isAlive } from './container-record.ts'
import type { ContainerRecord } from './container-record.ts'
import type { ConnectedNetwork, EngineParts } from './engine-parts.ts'
import { initPath, planArguments, planEnvironment } from './plan-process.ts'
import { prepareDevices, splitDevice } from './prepare-devices.ts'
import { prepareMounts } from './prepare-mounts.ts'
import { ensureDirectoryInRoot, readAccounts } from './root-files.ts'

export interface PreparedStart {
  readonly bundle: string
  readonly spec: OciSpec
  readonly endpoints: Readonly<Record<string, EndpointSettings>>
}

const raiseLimitsBit = 24n

/** Folder of a container's bundle; short, because the monitor's socket path in it must fit 108 bytes. */
export function bundleOf(parts: EngineParts, id: string): string {
  return join(parts.paths.bundles, id.slice(0, 24))
}

/** Folder with a container's own files. */
export function folderOf(parts: EngineParts, id: string): string {
  return join(parts.paths.containers, id)
}

/** Folder that holds hostname, hosts and resolv.conf: its own, or those of the container whose network it shares. */
export function networkFilesFolder(parts: EngineParts, record: ContainerRecord): string {
  const owner = networkOwner(record)
  return folderOf(parts, owner === undefined ? record.id : (parts.book.find(owner)?.id ?? record.id))
}

/** The container whose network another one uses, as it was named; undefined: it has its own. */
function networkOwner({ hostConfig: { NetworkMode } }: ContainerRecord): string | undefined {
  return NetworkMode.startsWith('container:') ? NetworkMode.slice('container:'.length) : undefined
}

/** A network's owner may have been made after the container. @throws GantryError not-found when there is none. */
function withNetworkOwner(parts: EngineParts, record: ContainerRecord): ContainerRecord {
  const owner = networkOwner(record)
  if (owner === undefined) return record
  return { ...record, hostConfig: { ...record.hostConfig, NetworkMode: `container:${parts.book.resolve(owner).id}` } }
}

/** @throws GantryError for options of the log that mean nothing. */
function refuseLogValues({ hostConfig: { LogConfig } }: ContainerRecord): void {
  const complaint = badLogValue(LogConfig.Config)
  if (complaint !== undefined)
    throw new GantryError('ENGINE_LOG_OPTION', 'internal', complaint, { remedy: 'Create it with other log options.' })
}

/** No driver of devices is built in. @throws GantryError in Docker's words. */
function refuseDeviceRequests({ hostConfig }: ContainerRecord): void {
  const [request] = hostConfig.DeviceRequests ?? []
  if (request === undefined) return
  const { Driver = '', Capabilities } = request
  const capabilities = (Capabilities ?? []).map((words) => `[${words.join(' ')}]`).join(' ')
  throw new GantryError(
    'ENGINE_DEVICE_DRIVER',
    'internal',
    `could not select device driver "${Driver}" with capabilities: [${capabilities}]`,
    { remedy: 'Name devices with --device.' },
  )
}

async function writeNetworkFiles(
  parts: EngineParts,
  record: ContainerRecord,
  network: ConnectedNetwork,
): Promise<SpecMount[]> {
  const folder = networkFilesFolder(parts, record)
  const rows: [string, string][] = [
    ['resolv.conf', network.resolvConf],
    ['hostname', `${record.config.Hostname}\n`],
    ['hosts', network.hosts],
  ]
  if (!record.hostConfig.NetworkMode.startsWith('container:')) {
    await Promise.all(rows.map(([name, text]) => parts.world.files.write(join(folder, name), text)))
  }
  const covered = new Set(record.mounts.map((mount) => mount.point.Destination))
  return rows
    .map(([name]): SpecMount => ({
      destination: `/etc/${name}`,
      type: 'bind',
      source: join(folder, name),
      options: ['rbind', 'rprivate', record.hostConfig.ReadonlyRootfs ? 'ro' : 'rw'],
    }))
    .filter((mount) => !covered.has(mount.destination))
}

/** The namespace of a container that another one joins. @throws GantryError conflict when it is not running. */
function namespaceOf(parts: EngineParts, mode: string, kind: 'pid' | 'ipc'): string {
  const other = parts.book.resolve(mode.slice('container:'.length))
  if (!isAlive(other.record.state)) {
    throw new GantryError(
      'ENGINE_JOIN_STOPPED',
      'conflict',
      kind === 'ipc'
        ? `cannot join IPC of a non running container: ${other.id}`
        : `container ${other.id} is not running`,
      { remedy: 'Start that container first.' },
    )
  }
  return `/proc/${other.record.state.pid}/ns/${kind}`
}

async function planShm(parts: EngineParts, record: ContainerRecord, bundle: string): Promise<string | undefined> {
  const { IpcMode, ShmSize } = record.hostConfig
  if (IpcMode === 'host') return '/dev/shm'
  if (IpcMode.startsWith('container:')) {
    const donor = parts.book.resolve(IpcMode.slice('container:'.length))
    if (donor.record.hostConfig.IpcMode !== 'shareable') {
      throw new GantryError(
        'ENGINE_IPC_PRIVATE',
        'invalid',
        `can't join IPC of container ${donor.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
        { remedy: 'Create the donor with --ipc shareable.' },
      )
    }
    return join(bundleOf(parts, donor.id), 'shm')
  }
  if (IpcMode !== 'shareable') return undefined
  const path = join(bundle, 'shm')
  await parts.world.files.makeDirectory(path, { recursive: true })
  parts.world.kernel.mounts.tmpfs(path, { sizeBytes: ShmSize, mode: 0o1777 })
  return path
}

function joinedNamespaces(parts: EngineParts, record: ContainerRecord, network: ConnectedNetwork): SpecInput['joined'] {
  const { PidMode, IpcMode } = record.hostConfig
  return {
    ...(network.netnsPath === undefined ? {} : { network: network.netnsPath }),
    ...(PidMode.startsWith('container:') ? { pid: namespaceOf(parts, PidMode, 'pid') } : {}),
    ...(IpcMode.startsWith('container:') ? { ipc: namespaceOf(parts, IpcMode, 'ipc') } : {}),
  }
}

async function initMount(parts: EngineParts, record: ContainerRecord): Promise<SpecMount[]> {
  if (record.hostConfig.Init !== true) return []
  for (const name of ['docker-init', 'tini-static', 'tini', 'catatonit']) {
    const source = await parts.world.processes.find(name)
    if (source !== undefined)
      return [
        {
          destination: initPath,
          type: 'bind',
          source: await parts.world.files.realPath(source),
          options: ['bind', 'ro'],
        },
      ]
  }
  throw new GantryError(
    'ENGINE_INIT_MISSING',
    'unavailable',
    'exec: "docker-init": executable file not found in $PATH',
    { remedy: 'Install the package tini.' },
  )
}

/** Device numbers of the paths that block throttles name. */
async function deviceNumbers(parts: EngineParts, record: ContainerRecord): Promise<Map<string, DeviceNumber>> {
  const { BlkioDeviceReadBps, BlkioDeviceWriteBps, BlkioDeviceReadIOps, BlkioDeviceWriteIOps } = record.hostConfig
  const paths = [BlkioDeviceReadBps, BlkioDeviceWriteBps, BlkioDeviceReadIOps, BlkioDeviceWriteIOps]
    .flat()
    .map((row) => row.Path)
  const rows = await Promise.all(
    paths.map(async (path) => [path, splitDevice((await parts.world.files.stat(path)).rdev)] as const),
  )
  return new Map(rows)
}

interface RootWork {
  readonly record: ContainerRecord
  readonly rootPath: string
  readonly bundle: string
  readonly network: ConnectedNetwork
  readonly mounts: readonly SpecMount[]
}

/** Legacy links bring variables; on networks with names they are names only. */
function linksOf(parts: EngineParts, record: ContainerRecord): string[] {
  const onDefaultBridge = ['default', 'bridge', ''].includes(record.hostConfig.NetworkMode)
  return onDefaultBridge ? linkEnvironment(record, (name) => parts.book.resolve(name).record) : []
}

async function planBundle(parts: EngineParts, work: RootWork): Promise<OciSpec> {
  const { record, rootPath } = work
  const { hostConfig, config } = record
  const { limits } = parts.world.kernel
  const user = planUser(config.User, hostConfig.GroupAdd ?? [], await readAccounts(parts.world, rootPath))
  const mayRaise = ((limits.capabilities >> raiseLimitsBit) & 1n) === 1n
  const numbers = await deviceNumbers(parts, record)
  const ownUts = hostConfig.UTSMode !== 'host'
  const score = Math.max(hostConfig.OomScoreAdj, mayRaise ? -1000 : limits.oomScoreAdj)
  return planSpec({
    id: record.id,
    hostConfig,
    rootPath,
    hostname: ownUts ? config.Hostname : undefined,
    domainname: config.Domainname,
    args: planArguments(record),
    env: planEnvironment(record, user, linksOf(parts, record)),
    workingDirectory: config.WorkingDir,
    terminal: config.Tty,
    user,
    capabilities: planCapabilities(
      { add: hostConfig.CapAdd ?? [], drop: hostConfig.CapDrop ?? [], privileged: hostConfig.Privileged },
      limits.capabilities,
    ),
    rlimits: planRlimits(hostConfig.Ulimits, (name) => limits.rlimit(name), mayRaise).rlimits,
    oomScoreAdj: hostConfig.OomScoreAdj === 0 ? undefined : score,
    mounts: work.mounts,
    devices: await prepareDevices(parts.world.files, hostConfig),
    joined: joinedNamespaces(parts, record, work.network),
    shmSource: await planShm(parts, record, work.bundle),
    cgroupsPath: `${hostConfig.CgroupParent === '' ? parts.cgroupParent : hostConfig.CgroupParent}/${record.id}`,
    architecture: parts.world.machine.ociArchitecture,
    deviceOf: (path) => numbers.get(path),
    unifiedCgroups: parts.unifiedCgroups,
  })
}

async function openRoot(parts: EngineParts, record: ContainerRecord, undo: UndoStack): Promise<string> {
  const { snapshots } = parts.images
  const existing = snapshots.get(record.id)
  const snapshot =
    existing === undefined
      ? await snapshots.prepareWritable({ key: record.id, diffIds: record.layers, withInitLayer: true })
      : await snapshots.mount(record.id)
  undo.defer(() => snapshots.unmount(record.id))
  return snapshot.mergedPath
}

/**
 * Makes a container ready to be created by the runtime. Each thing made registers its undo, so that the caller's stack
 * takes a half-made start back.
 */
export async function prepareStart(
  parts: EngineParts,
  stored: ContainerRecord,
  undo: UndoStack,
): Promise<PreparedStart> {
  const record = withNetworkOwner(parts, stored)
  refuseDeviceRequests(record)
  refuseLogValues(record)
  const bundle = bundleOf(parts, record.id)
  const { files } = parts.world
  await files.remove(bundle, { recursive: true, force: true })
  // How an earlier run ended, where a full disk kept that from being recorded.
  await files.remove(join(parts.paths.exits, record.id), { force: true })
  await files.makeDirectory(bundle, { recursive: true, mode: 0o700 })
  undo.defer(() => files.remove(bundle, { recursive: true, force: true }))
  const rootPath = await openRoot(parts, record, undo)
  undo.defer(() => parts.networking.disconnect(record))
  const network = await parts.networking.connect(record)
  if (record.config.WorkingDir !== '') await ensureDirectoryInRoot(parts.world, rootPath, record.config.WorkingDir)
  const own = await prepareMounts(parts, { record, bundle, rootPath, undo })
  const mounts = [...(await writeNetworkFiles(parts, record, network)), ...own, ...(await initMount(parts, record))]
  const spec = await planBundle(parts, { record, rootPath, bundle, network, mounts })
  const { seccomp } = await parts.runtimes.named(record.hostConfig.Runtime)
  await files.write(join(bundle, 'config.json'), formatSpec(seccomp.apply(spec)), { mode: 0o600 })
  return { bundle, spec, endpoints: network.endpoints }
}
