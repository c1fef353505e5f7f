/**
 * What only a Linux kernel can do: mounts, namespaces, device nodes, extended attributes, netlink, nftables,
 * sockets of unusual kinds. Calls are short and, where the name does not end in `Later`, synchronous inside.
 * Failures are errors with an errno `code` and the call's name in the message.
 */
import type { Duplex } from 'node:stream'

export interface OverlayMount {
  /** Read-only layers, topmost first. */
  readonly lower: readonly string[]
  /** Writable layer and its work directory; both left out: a read-only view. */
  readonly upper?: string
  readonly work?: string
  readonly target: string
}

export interface BindMount {
  readonly source: string
  readonly target: string
  /** Also what is mounted below the source. */
  readonly recursive?: boolean
  readonly readOnly?: boolean
  readonly propagation?: 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared'
  /**
   * The copy follows the original but the original never the copy: without this, taking a recursive copy of shared mounts
   * away takes away what is mounted below the original too. The copy itself is shared, for slaves of its own.
   */
  readonly follows?: boolean
}

export interface Mounts {
  overlay(mount: OverlayMount): void
  bind(mount: BindMount): void
  tmpfs(target: string, options: { readonly sizeBytes?: number; readonly mode?: number; readonly data?: string }): void
  /** Any other filesystem by type, source, flags and option text (local volume driver). */
  mount(options: {
    readonly type: string
    readonly source: string
    readonly target: string
    readonly flags?: readonly string[]
    readonly data?: string
  }): void
  setPropagation(target: string, propagation: NonNullable<BindMount['propagation']>): void
  /** Takes a mount away; `detach` also when it is busy. False when nothing was mounted there. */
  unmount(target: string, options?: { readonly detach?: boolean }): boolean
  /** Mount points at or below a path in this mount namespace, deepest first. */
  listBelow(path: string): Promise<string[]>
}

export interface ExtendedAttributes {
  /** Of the path itself, never of what a symlink points to. */
  get(path: string, name: string): Uint8Array | undefined
  set(path: string, name: string, value: Uint8Array): void
  remove(path: string, name: string): void
  list(path: string): string[]
}

/** An open place inside a root, found with openat2(RESOLVE_IN_ROOT): `path` is `/proc/self/fd/N`, safe to use until disposed. */
export interface RootedPath extends Disposable {
  readonly fd: number
  readonly path: string
}

export interface LinkAddress {
  readonly address: string
  readonly prefixLength: number
}

export interface NetworkLink {
  readonly index: number
  readonly name: string
  readonly kind: string
  readonly mac: string
  readonly mtu: number
  readonly up: boolean
  /** Index of the bridge or other master; 0 for none. */
  readonly master: number
  /** Index of the peer or parent; 0 for none. */
  readonly peer: number
}

export interface NetworkRoute {
  /** CIDR; undefined for the default route. */
  readonly destination?: string
  readonly gateway?: string
  readonly link: string
  readonly metric?: number
  readonly scope?: 'link' | 'universe' | 'host'
}

export type LinkOptions =
  | { readonly kind: 'bridge'; readonly name: string; readonly mtu?: number; readonly mac?: string }
  | {
      readonly kind: 'veth'
      readonly name: string
      readonly peerName: string
      readonly peerNetns?: string
      readonly peerMac?: string
      readonly mtu?: number
    }
  | {
      readonly kind: 'macvlan'
      readonly name: string
      readonly parent: string
      readonly mode: 'bridge' | 'private' | 'vepa' | 'passthru'
      readonly netns?: string
      readonly mac?: string
    }
  | {
      readonly kind: 'vxlan'
      readonly name: string
      readonly vni: number
      readonly port: number
      readonly local?: string
      readonly mtu?: number
      readonly learning?: boolean
    }
  | {
      readonly kind: 'ipvlan'
      readonly name: string
      readonly parent: string
      readonly mode: 'l2' | 'l3' | 'l3s'
      readonly netns?: string
    }
  | { readonly kind: 'vlan'; readonly name: string; readonly parent: string; readonly id: number }
  | { readonly kind: 'dummy'; readonly name: string; readonly netns?: string }

export interface Neighbor {
  readonly link: string
  readonly address?: string
  readonly mac: string
  readonly bridge?: boolean
  /** With `bridge`: an entry of the bridge that the link is a port of, lasting as long as the port. */
  readonly atPort?: boolean
  readonly remote?: string
}

/** Netlink inside one network namespace. Holds a socket; dispose it. */
export interface NetlinkSession extends Disposable {
  links(): NetworkLink[]
  link(name: string): NetworkLink | undefined
  addLink(options: LinkOptions): void
  deleteLink(name: string): void
  /** Changes any of these; a rename needs the link down. `hairpin` and `isolated` are of a bridge's port: it may answer itself; it reaches no other isolated port. */
  setLink(
    name: string,
    change: {
      readonly up?: boolean
      readonly newName?: string
      readonly master?: string | null
      readonly mac?: string
      readonly mtu?: number
      readonly netns?: string
      readonly hairpin?: boolean
      readonly isolated?: boolean
    },
  ): void
  addresses(link?: string): (LinkAddress & { readonly link: string })[]
  addAddress(link: string, address: LinkAddress): void
  deleteAddress(link: string, address: LinkAddress): void
  routes(): NetworkRoute[]
  addRoute(route: NetworkRoute): void
  deleteRoute(route: NetworkRoute): void
  /** A static neighbour, or with `bridge` a forwarding entry (VXLAN), replaced when there. */
  addNeighbor(entry: Neighbor): void
  deleteNeighbor(entry: Neighbor): void
  neighbors(options?: { readonly bridge?: boolean }): Neighbor[]
}

/** A socket as a bare descriptor. Whoever hands the descriptor to Node leaves the closing to Node and never disposes this. */
export interface BoundSocket extends Disposable {
  readonly fd: number
  readonly port: number
}

export interface Namespaces {
  /** Makes a network namespace and pins it at a file; its loopback is up. */
  createNetwork(path: string): void
  /** Unpins it; the kernel drops it with its last user. */
  deleteNetwork(path: string): void
  /** Netlink in the namespace pinned at a path (undefined: our own). */
  netlink(path?: string): NetlinkSession
  /** Runs `work` on this thread inside the namespace and returns to ours; `work` must not wait. Sysctls and sockets made inside belong to it. */
  inNetwork<T>(path: string, work: () => T): T
  /** Writes a sysctl of a namespace by its path below /proc/sys (`net/ipv4/ip_forward`); `path` undefined: ours. */
  setSysctl(path: string | undefined, key: string, value: string): void
  /** A bound socket of the namespace (port 0: a free one), as a descriptor that Node's dgram or net can take over; `listen` also makes it accept, so that nobody else can. */
  bindSocket(
    path: string | undefined,
    socket: {
      readonly kind: 'udp' | 'tcp' | 'sctp'
      readonly address: string
      readonly port: number
      readonly listen?: boolean
    },
  ): BoundSocket
  /** Pins a private mount namespace at a file, slave of ours, after `prepare` mounted into it (crun on hybrid cgroups). */
  createMount(path: string, binds: readonly { readonly source: string; readonly target: string }[]): Promise<void>
  /** Unpins a mount namespace; the kernel drops it with its last process. */
  deleteMount(path: string): void
}

export interface PacketFilter {
  /** Runs nftables commands as one transaction in a namespace (undefined: ours). Throws with nft's own text. */
  apply(commands: string, netns?: string): void
  /** Runs `list …` with JSON output. */
  list(command: string, netns?: string): unknown
}

/** Whether one thing can be done here, and if not what is missing. */
export interface KernelFacility {
  readonly available: boolean
  /** One line for people; empty when available. */
  readonly reason: string
}

/** What containers and networks may need of a machine. Only the first five and nft are needed by every engine. */
export interface KernelProbe {
  readonly overlay: KernelFacility
  readonly openInRoot: KernelFacility
  readonly networkNamespaces: KernelFacility
  readonly bridge: KernelFacility
  readonly veth: KernelFacility
  readonly macvlan: KernelFacility
  readonly ipvlan: KernelFacility
  readonly vlan: KernelFacility
  readonly vxlan: KernelFacility
  readonly dummy: KernelFacility
  readonly nft: KernelFacility
  readonly userNamespaces: KernelFacility
}

/** Memory of this process. Nothing changes but what it takes up, and for a while its speed. */
export interface ProcessMemory {
  /** Forgets pages of programs that lie in their files too, when there are more than that; those in use come back one by one. */
  dropProgramPages(options?: { readonly aboveBytes?: number }): void
  /** Collects garbage at once and returns what is free to the machine. Takes tens of milliseconds. */
  release(): void
  /** What it takes up now. */
  residentBytes(): number
  /** How much of that is values which the collector has to look at. */
  heapBytes(): number
}

export interface Kernel {
  readonly mounts: Mounts
  readonly attributes: ExtendedAttributes
  readonly namespaces: Namespaces
  readonly packetFilter: PacketFilter
  readonly memory: ProcessMemory
  /** mknod(2): type and permission in `mode`, device number parts for devices. */
  makeNode(path: string, mode: number, device?: { readonly major: number; readonly minor: number }): void
  /** openat2(2) with RESOLVE_IN_ROOT: finds a path as a process chrooted to `root` would. */
  openInRoot(
    root: string,
    path: string,
    options?: {
      readonly followLast?: boolean
      readonly write?: boolean
      readonly directory?: boolean
      readonly create?: number
    },
  ): RootedPath
  /**
   * Asks the filesystem to place what is made in a directory far apart, each with room of its own; false where it knows
   * no such thing. What is made and removed in turn is then not made anew amid the traces of the removed.
   */
  scatterBelow(directory: string): boolean
  /** Connects a SOCK_SEQPACKET unix socket (conmon's attach); packet boundaries are kept, one chunk a packet. */
  connectSeqpacket(path: string): Duplex
  /** statx-free file lock for a state directory: held until disposed; undefined when another process has it. */
  lockFile(path: string): Disposable | undefined
  /** A signal to a process group or a pid through pidfd, race-free with its start time where given. */
  readonly limits: {
    readonly capabilities: bigint
    readonly oomScoreAdj: number
    rlimit(name: string): { readonly soft: bigint; readonly hard: bigint } | undefined
  }
}
