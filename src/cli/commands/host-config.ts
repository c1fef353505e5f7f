/** The flags that tie a container to its machine, as the Engine API's HostConfig. */
import { failure } from '#cli/docker/exit.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import { resources } from './container-resources.ts'
import { keyValues } from './key-value-files.ts'
import { absolute, parseMount } from './mount-flag.ts'
import { networkMode } from './networking-config.ts'

const nullable = (values: readonly string[]): readonly string[] | null => (values.length === 0 ? null : values)

/** `--volume`: binds, and paths that get a volume of their own. */
export function planVolumes(
  specs: readonly string[],
  cwd: string,
): { readonly binds: readonly string[] | null; readonly anonymous: Readonly<Record<string, object>> } {
  const binds: string[] = []
  const anonymous: Record<string, object> = {}
  for (const spec of specs) {
    if (spec === '') throw failure('invalid empty volume spec')
    const parts = spec.split(':')
    if (spec.length <= 2 || parts.length === 1) {
      anonymous[spec] = {}
      continue
    }
    if (parts.includes('')) throw failure(`invalid spec: ${spec}: empty section between colons`)
    if (parts.length > 3) throw failure(`invalid spec: ${spec}: too many colons`)
    const [source = '', ...rest] = parts
    binds.push([/^\.\.?(\/|$)/.test(source) ? absolute(cwd, source) : source, ...rest].join(':'))
  }
  return { binds: binds.length === 0 ? null : binds, anonymous }
}

/** The HostConfig of a create request. */
export function hostConfig(
  flags: Flags,
  parts: { readonly binds: readonly string[] | null; readonly bindings: unknown; readonly cwd: string },
): Readonly<Record<string, unknown>> {
  const mounts = flags.list('mount').map((text) => parseMount(text, parts.cwd))
  const unmasked = flags.list('security-opt').includes('systempaths=unconfined')
  return {
    Binds: parts.binds,
    ContainerIDFile: flags.text('cidfile'),
    LogConfig: logConfig(flags),
    NetworkMode: networkMode(flags),
    PortBindings: parts.bindings,
    RestartPolicy: restartPolicy(flags.text('restart')),
    AutoRemove: flags.bool('rm'),
    VolumeDriver: flags.text('volume-driver'),
    VolumesFrom: nullable(flags.list('volumes-from')),
    ConsoleSize: [0, 0],
    CapAdd: nullable(flags.list('cap-add').map(capability)),
    CapDrop: nullable(flags.list('cap-drop').map(capability)),
    CgroupnsMode: flags.text('cgroupns'),
    Dns: flags.list('dns'),
    DnsOptions: [...flags.list('dns-option'), ...flags.list('dns-opt')],
    DnsSearch: flags.list('dns-search'),
    ExtraHosts: nullable(
      flags
        .list('add-host')
        .map((entry) =>
          entry.replace(
            /^([^:=]*)[:=](.*)$/,
            (_, name: string, address: string) => `${name}:${address.replace(/^\[(.*)\]$/, '$1')}`,
          ),
        ),
    ),
    GroupAdd: nullable(flags.list('group-add')),
    IpcMode: flags.text('ipc'),
    Cgroup: '',
    Links: nullable(flags.list('link')),
    OomScoreAdj: flags.int('oom-score-adj') ?? 0,
    PidMode: flags.text('pid'),
    Privileged: flags.bool('privileged'),
    PublishAllPorts: flags.bool('publish-all'),
    ReadonlyRootfs: flags.bool('read-only'),
    SecurityOpt: nullable(flags.list('security-opt').filter((option) => option !== 'systempaths=unconfined')),
    UTSMode: flags.text('uts'),
    UsernsMode: flags.text('userns'),
    ShmSize: flags.bytes('shm-size') ?? 0,
    Isolation: flags.text('isolation'),
    ...resources(flags),
    MaskedPaths: unmasked ? [] : null,
    ReadonlyPaths: unmasked ? [] : null,
    ...(mounts.length === 0 ? {} : { Mounts: mounts }),
    ...onlyIfGiven(flags),
  }
}

/** Fields that the request has only when the flag was given. */
function onlyIfGiven(flags: Flags): Readonly<Record<string, unknown>> {
  const storage = flags.list('storage-opt')
  for (const entry of storage) if (!entry.includes('=')) throw failure('invalid storage option')
  const tmpfs = flags
    .list('tmpfs')
    .map((text): [string, string] => [text.split(':')[0] ?? '', text.split(':').slice(1).join(':')])
  const sysctls = flags.list('sysctl')
  const annotations = flags.list('annotation')
  return {
    ...(storage.length === 0 ? {} : { StorageOpt: keyValues(storage) }),
    ...(tmpfs.length === 0 ? {} : { Tmpfs: Object.fromEntries(tmpfs) }),
    ...(sysctls.length === 0 ? {} : { Sysctls: keyValues(sysctls) }),
    ...(flags.text('runtime') === '' ? {} : { Runtime: flags.text('runtime') }),
    ...(flags.has('init') ? { Init: flags.bool('init') } : {}),
    ...(annotations.length === 0 ? {} : { Annotations: keyValues(annotations) }),
  }
}

/** `NET_ADMIN` as `CAP_NET_ADMIN`; ALL and RESET stay. */
function capability(name: string): string {
  const upper = name.trim().toUpperCase()
  return upper === 'ALL' || upper === 'RESET' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`
}

function logConfig(flags: Flags): { readonly Type: string; readonly Config: Readonly<Record<string, string>> } {
  const options = keyValues(flags.list('log-opt'))
  const driver = flags.text('log-driver')
  if (driver === 'none' && Object.keys(options).length > 0) throw failure('invalid logging opts for driver none')
  return { Type: driver, Config: options }
}

/** `on-failure:3` as name and count. */
export function restartPolicy(text: string): { readonly Name: string; readonly MaximumRetryCount: number } {
  if (text === '') return { Name: '', MaximumRetryCount: 0 }
  const [name = '', count, ...rest] = text.split(':')
  if (name === '') throw failure('invalid restart policy format: no policy provided before colon')
  if (rest.length > 0) throw failure('invalid restart policy format: maximum retry count must be an integer')
  if (count !== undefined && !/^[+-]?\d+$/.test(count))
    throw failure('invalid restart policy format: maximum retry count must be an integer')
  return { Name: name, MaximumRetryCount: Number(count ?? 0) }
}
