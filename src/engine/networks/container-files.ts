/** Texts of /etc/hosts, /etc/resolv.conf and /etc/hostname in containers, as Docker writes them; pure. */

const loopbackNames = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`

/** The address of the engine's own resolver in containers on networks with names. */
export const resolverAddress = '127.0.0.11'

export interface HostsInput {
  readonly hostname: string
  readonly domainname: string
  /** The container's own addresses, in the order of its networks. */
  readonly addresses: readonly string[]
  /** `name:address` as `--add-host` gives them; `host-gateway` stands for an address of the host. */
  readonly extraHosts: readonly string[]
  readonly hostGateway: string | undefined
  /** Other containers that were linked on the default bridge: their address and all their names here. */
  readonly links: readonly { readonly address: string; readonly names: readonly string[] }[]
}

/** The hosts file: loopback names, `--add-host`, links, then the container's own addresses. */
export function hostsText(input: HostsInput): string {
  const { hostname, domainname, addresses, extraHosts, hostGateway, links } = input
  const full = domainname === '' ? hostname : `${hostname}.${domainname}`
  const short = full.split('.', 1)[0] ?? full
  const own = short === full ? full : `${full} ${short}`
  const extra = extraHosts.flatMap((entry) => {
    const [name, address] = splitExtraHost(entry)
    const shown = address === 'host-gateway' ? hostGateway : address
    return shown === undefined ? [] : [`${shown}\t${name}\n`]
  })
  return [
    loopbackNames,
    ...extra,
    ...links.map(({ address, names }) => `${address}\t${names.join(' ')}\n`),
    ...addresses.map((address) => `${address}\t${own}\n`),
  ].join('')
}

/** `name:address` and `name=address`; an IPv6 address may stand in brackets. */
function splitExtraHost(entry: string): readonly [name: string, address: string] {
  const at = entry.search(/[:=]/)
  if (at < 0) return [entry, '']
  return [entry.slice(0, at), entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1')]
}

/** What a resolv.conf text says (resolv.conf(5)); the last search line wins. */
export interface ResolverSettings {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
}

export function parseResolvConf(text: string): ResolverSettings {
  const nameservers: string[] = []
  let search: string[] = []
  let options: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'nameserver' && values[0] !== undefined) nameservers.push(values[0])
    else if (keyword === 'search' || keyword === 'domain') search = values
    else if (keyword === 'options') options = [...options, ...values]
  }
  return { nameservers, search, options }
}

/** What the user said about DNS for a container. */
export interface DnsWishes {
  readonly servers: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** Servers for a machine whose own resolvers a container cannot reach. */
const publicServers = ['8.8.8.8', '8.8.4.4']

/**
 * The resolv.conf of a container on networks without names: the host's own text without resolvers on its loopback,
 * or what the user asked for with the host's settings for the rest.
 */
export function plainResolvConf(hostText: string, wishes: DnsWishes): string {
  const host = parseResolvConf(hostText)
  const reachable = host.nameservers.filter((server) => !isLoopback(server))
  const asked = wishes.servers.length + wishes.search.length + wishes.options.length > 0
  if (!asked && reachable.length > 0) {
    return hostText
      .split('\n')
      .filter((line) => !isLoopback(/^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? ''))
      .join('\n')
  }
  return resolvConfText({
    nameservers: pick(wishes.servers, reachable.length > 0 ? reachable : publicServers),
    search: pick(wishes.search, host.search),
    options: pick(wishes.options, host.options),
  })
}

/** The resolv.conf of a container on networks with names: our resolver, which asks the others itself. */
export function namedResolvConf(hostText: string, wishes: DnsWishes): string {
  const host = parseResolvConf(hostText)
  const options = pick(wishes.options, host.options)
  return resolvConfText({
    nameservers: [resolverAddress],
    search: pick(wishes.search, host.search),
    options: options.some((option) => option.startsWith('ndots:')) ? options : [...options, 'ndots:0'],
  })
}

function pick(wished: readonly string[], fallback: readonly string[]): readonly string[] {
  return wished.length > 0 ? wished : fallback
}

/** A search list of one dot means none. */
function resolvConfText({ nameservers, search, options }: ResolverSettings): string {
  const list = search.join(' ').trim()
  return [
    ...(list === '' || list === '.' ? [] : [`search ${list}\n`]),
    ...nameservers.map((server) => `nameserver ${server}\n`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}\n`]),
  ].join('')
}

/** Servers that our resolver asks for names that it does not know: the user's, else the host's (its loopback included). */
export function forwardServers(hostText: string, wished: readonly string[]): readonly string[] {
  if (wished.length > 0) return wished
  const { nameservers } = parseResolvConf(hostText)
  return nameservers.length > 0 ? nameservers : publicServers
}
