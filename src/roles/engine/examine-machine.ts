/** What the engine needs of a machine and what of it is there, found by trying; for `gantry doctor` and `gantry up`. */
import { probeKernel } from '#world/real/kernel/probe-kernel.ts'
import type { KernelFacility } from '#world/ports/kernel.ts'
import type { World } from '#world/ports/world.ts'

export interface Finding {
  readonly name: string
  readonly ok: boolean
  /** Without it no container runs; otherwise one feature is missing. */
  readonly needed: boolean
  readonly detail: string
  /** What to do; empty when nothing is wrong. */
  readonly remedy: string
}

interface ProgramNeed {
  readonly names: readonly string[]
  readonly packageName: string
  readonly needed: boolean
  readonly why: string
}

const programs: readonly ProgramNeed[] = [
  { names: ['crun', 'runc'], packageName: 'crun', needed: true, why: 'creates the containers' },
  {
    names: ['conmon', '/usr/libexec/podman/conmon'],
    packageName: 'conmon',
    needed: true,
    why: "holds each container's output and exit code",
  },
  { names: ['tar'], packageName: 'tar', needed: true, why: 'unpacks image layers' },
  { names: ['ip'], packageName: 'iproute2', needed: false, why: 'removes interfaces in the background' },
  { names: ['nsenter'], packageName: 'util-linux', needed: false, why: 'enters a private mount namespace' },
  {
    names: ['tini', 'docker-init', '/usr/bin/tini-static'],
    packageName: 'tini',
    needed: false,
    why: 'is the init of containers run with --init',
  },
]

async function examineProgram(world: World, need: ProgramNeed): Promise<Finding> {
  for (const name of need.names) {
    const path = name.startsWith('/')
      ? (await world.files.exists(name))
        ? name
        : undefined
      : await world.processes.find(name)
    if (path !== undefined) return { name, ok: true, needed: need.needed, detail: path, remedy: '' }
  }
  return {
    name: need.names.filter((name) => !name.startsWith('/')).join(' or '),
    ok: false,
    needed: need.needed,
    detail: `not found; it ${need.why}`,
    remedy: `As root: apt-get install ${need.packageName}`,
  }
}

function examineFacility(name: string, facility: KernelFacility, needed: boolean): Finding {
  const remedy = needed
    ? 'Run as root on a kernel that has it; inside a container, start that container with --privileged.'
    : 'Only what asks for it by name is refused.'
  return {
    name,
    ok: facility.available,
    needed,
    detail: facility.available ? 'works' : facility.reason,
    remedy: facility.available ? '' : remedy,
  }
}

async function examineCgroups(world: World): Promise<Finding> {
  const unified = await world.files.exists('/sys/fs/cgroup/cgroup.controllers')
  const memory = unified || (await world.files.exists('/sys/fs/cgroup/memory/tasks'))
  return {
    name: 'control groups',
    ok: memory,
    needed: true,
    detail: memory ? (unified ? 'version 2' : 'version 1') : 'no memory controller under /sys/fs/cgroup',
    remedy: memory ? '' : 'Mount cgroup2 at /sys/fs/cgroup, or start this machine with control groups switched on.',
  }
}

/** Looks at everything; leaves nothing behind. Takes some tens of milliseconds. */
export async function examineMachine(world: World): Promise<Finding[]> {
  const isRoot = world.processes.self.uid === 0
  const user: Finding = {
    name: 'user',
    ok: isRoot,
    needed: true,
    detail: isRoot ? 'root' : `user ${world.processes.self.uid}, not root`,
    remedy: isRoot ? '' : 'Start the engine with sudo; clients need only access to its socket.',
  }
  const found = await Promise.all(programs.map((need) => examineProgram(world, need)))
  const kernel = probeKernel()
  return [
    user,
    ...found,
    await examineCgroups(world),
    examineFacility('overlay filesystem', kernel.overlay, true),
    examineFacility('openat2', kernel.openInRoot, true),
    examineFacility('network namespaces', kernel.networkNamespaces, true),
    examineFacility('bridges', kernel.bridge, true),
    examineFacility('veth pairs', kernel.veth, true),
    examineFacility('nftables', kernel.nft, true),
    examineFacility('macvlan', kernel.macvlan, false),
    examineFacility('ipvlan', kernel.ipvlan, false),
    examineFacility('vlan', kernel.vlan, false),
    examineFacility('vxlan', kernel.vxlan, false),
    examineFacility('user namespaces', kernel.userNamespaces, false),
  ]
}
