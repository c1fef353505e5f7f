/**
 * The engine's one nftables table as text; pure. What changes lives in sets and maps, so that a container costs
 * element updates and never a rule. The table is replaced as a whole when the engine starts.
 *
 *     prerouting, output ── published port? ──▶ DNAT to the container
 *     forward ── answers, same network, published: pass; between networks, into containers: drop
 *     postrouting ── leaves its network: masquerade; published port used from inside or from loopback: masquerade
 */
import type { PublishedPort } from './plan-ports.ts'
import { isWildcard } from './plan-ports.ts'

/** A bridge network as the table sees it. */
export interface FilteredBridge {
  readonly link: string
  readonly subnets: readonly string[]
  readonly internal: boolean
  readonly masquerade: boolean
}

/** A published port that the kernel forwards. */
export interface ForwardedPort extends PublishedPort {
  readonly containerIp: string
}

/** The whole table with its content, as one transaction that replaces what was there. */
export function tableText(table: string, bridges: readonly FilteredBridge[], ports: readonly ForwardedPort[]): string {
  const content = [...bridges.map((bridge) => bridgeElements(table, 'add', bridge)), portElements(table, 'add', ports)]
  return [`add table inet ${table}`, `delete table inet ${table}`, skeleton(table), ...content]
    .filter((part) => part !== '')
    .join('\n')
}

/** Takes the whole table away. */
export function removeTableText(table: string): string {
  return `add table inet ${table}\ndelete table inet ${table}`
}

function skeleton(table: string): string {
  return `table inet ${table} {
  set bridges { type ifname; }
  set internal { type ifname; }
  set pairs { type ifname . ifname; }
  set home4 { type ipv4_addr . ifname; flags interval; }
  set home6 { type ipv6_addr . ifname; flags interval; }
  set masquerade4 { type ipv4_addr; flags interval; }
  set masquerade6 { type ipv6_addr; flags interval; }
  map any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map any6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
  map one4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  map one6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname @bridges ip daddr 127.0.0.0/8 drop
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @one4
    dnat ip to meta l4proto . th dport map @any4
    ip6 daddr ::1 return
    dnat ip6 to ip6 daddr . meta l4proto . th dport map @one6
    dnat ip6 to meta l4proto . th dport map @any6
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != @bridges oifname != @bridges accept
    ct state established,related accept
    iifname . oifname @pairs accept
    iifname @internal drop
    oifname @internal drop
    oifname @bridges ct status dnat accept
    oifname @bridges drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    ct status dnat ip saddr . oifname @home4 masquerade
    ct status dnat ip6 saddr . oifname @home6 masquerade
    ip saddr . oifname @home4 return
    ip6 saddr . oifname @home6 return
    ip saddr @masquerade4 masquerade
    ip6 saddr @masquerade6 masquerade
  }
}`
}

/** Adds or deletes what belongs to one bridge network. */
export function bridgeElements(table: string, verb: 'add' | 'delete', bridge: FilteredBridge): string {
  const link = JSON.stringify(bridge.link)
  const element = (set: string, values: readonly string[]): string[] =>
    values.length === 0 ? [] : [`${verb} element inet ${table} ${set} { ${values.join(', ')} }`]
  const four = bridge.subnets.filter((subnet) => !subnet.includes(':'))
  const six = bridge.subnets.filter((subnet) => subnet.includes(':'))
  return [
    ...element('bridges', [link]),
    ...element('pairs', [`${link} . ${link}`]),
    ...element('internal', bridge.internal ? [link] : []),
    ...element(
      'home4',
      four.map((subnet) => `${subnet} . ${link}`),
    ),
    ...element(
      'home6',
      six.map((subnet) => `${subnet} . ${link}`),
    ),
    ...element('masquerade4', bridge.masquerade && !bridge.internal ? four : []),
    ...element('masquerade6', bridge.masquerade && !bridge.internal ? six : []),
  ].join('\n')
}

/** Adds or deletes published ports; empty text for none. */
export function portElements(table: string, verb: 'add' | 'delete', ports: readonly ForwardedPort[]): string {
  const maps = new Map<string, string[]>()
  for (const { protocol, hostIp, hostPort, containerIp, containerPort } of ports) {
    const family = containerIp.includes(':') ? 6 : 4
    const map = `${isWildcard(hostIp) ? 'any' : 'one'}${family}`
    const key = `${isWildcard(hostIp) ? '' : `${hostIp} . `}${protocol} . ${hostPort}`
    const list = maps.get(map) ?? []
    list.push(verb === 'add' ? `${key} : ${containerIp} . ${containerPort}` : key)
    maps.set(map, list)
  }
  return [...maps]
    .map(([map, elements]) => `${verb} element inet ${table} ${map} { ${elements.join(', ')} }`)
    .join('\n')
}

/**
 * Rules inside a container's namespace that bring its resolver's port 53 to the sockets that we hold there. Only those
 * of an earlier engine are replaced: a fresh namespace is cheaper to fill.
 */
export function resolverText(ports: { readonly udp: number; readonly tcp: number }, replaces: boolean): string {
  return `${replaces ? 'add table ip gantry_dns\ndelete table ip gantry_dns\n' : ''}table ip gantry_dns {
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:${ports.udp}
    ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:${ports.tcp}
  }
}`
}
