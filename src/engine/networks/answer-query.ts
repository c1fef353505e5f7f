/** What the resolver in a container's network says to a question; pure. */
import { formatAddress, parseAddress } from './address.ts'
import type { Endpoint, NetworkRecord, Sandbox } from './network-record.ts'

export type RecordType = 'A' | 'AAAA' | 'PTR' | (string & {})

export interface Question {
  readonly name: string
  readonly type: RecordType
}

/** Known names are answered, possibly with nothing; others are asked of the world or are known not to exist. */
export type Verdict =
  | {
      readonly kind: 'answer'
      readonly records: readonly { readonly type: 'A' | 'AAAA' | 'PTR'; readonly data: string }[]
    }
  | { readonly kind: 'forward' }
  | { readonly kind: 'missing' }

/** Everything that is up, by network. */
export interface NameView {
  readonly network: (id: string) => NetworkRecord | undefined
  readonly members: (networkId: string) => readonly { readonly sandbox: Sandbox; readonly endpoint: Endpoint }[]
}

const arpa4 = '.in-addr.arpa'
const arpa6 = '.ip6.arpa'

/** Answers from the networks of one container, in the order of its interfaces. */
export function answerQuery(view: NameView, asker: Sandbox, question: Question): Verdict {
  const name = question.name.replace(/\.$/, '').toLowerCase()
  if (question.type === 'PTR') return answerReverse(view, asker, name)
  const found = endpointsNamed(view, asker, name)
  if (found.length > 0)
    return { kind: 'answer', records: found.flatMap((endpoint) => addressRecords(endpoint, question.type)) }
  // Search lists make clients ask for every bare name; the world cannot know the containers of this machine.
  return name.includes('.') ? { kind: 'forward' } : { kind: 'missing' }
}

function addressRecords({ ipv4, ipv6 }: Endpoint, type: RecordType): { type: 'A' | 'AAAA'; data: string }[] {
  if (type === 'A' && ipv4 !== undefined) return [{ type: 'A', data: ipv4 }]
  return type === 'AAAA' && ipv6 !== undefined ? [{ type: 'AAAA', data: ipv6 }] : []
}

/** The first of the asker's networks that knows the name gives all endpoints with it. */
function endpointsNamed(view: NameView, asker: Sandbox, name: string): Endpoint[] {
  for (const own of asker.endpoints) {
    const network = view.network(own.networkId)
    if (network === undefined || network.name === 'bridge') continue
    const members = view.members(network.id)
    const suffix = `.${network.name.toLowerCase()}`
    const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
    const linked = Object.entries(own.links).find(([alias]) => alias.toLowerCase() === bare)?.[1]
    const found = members.filter(({ sandbox, endpoint }) =>
      namesOf(sandbox, endpoint).includes(linked?.toLowerCase() ?? bare),
    )
    if (found.length > 0) return found.map(({ endpoint }) => endpoint)
  }
  return []
}

/** Names of a container in one network, lower case: its name, its short and whole id, its aliases. */
function namesOf({ name, containerId }: Sandbox, { aliases }: Endpoint): string[] {
  return [name, containerId.slice(0, 12), containerId, ...aliases].map((text) => text.toLowerCase())
}

function answerReverse(view: NameView, asker: Sandbox, name: string): Verdict {
  const address = addressOfArpa(name)
  if (address === undefined) return { kind: 'forward' }
  for (const own of asker.endpoints) {
    const network = view.network(own.networkId)
    if (network === undefined || network.name === 'bridge') continue
    const owner = view
      .members(network.id)
      .find(({ endpoint }) => endpoint.ipv4 === address || endpoint.ipv6 === address)
    if (owner !== undefined)
      return { kind: 'answer', records: [{ type: 'PTR', data: `${owner.sandbox.name}.${network.name}` }] }
  }
  return { kind: 'forward' }
}

/** The address that a reverse name stands for, in its usual text. */
function addressOfArpa(name: string): string | undefined {
  if (name.endsWith(arpa4)) {
    const address = parseAddress(name.slice(0, -arpa4.length).split('.').toReversed().join('.'))
    return address === undefined ? undefined : formatAddress(address)
  }
  if (!name.endsWith(arpa6)) return undefined
  const nibbles = name.slice(0, -arpa6.length).split('.').toReversed().join('')
  if (!/^[0-9a-f]{32}$/.test(nibbles)) return undefined
  return formatAddress({ family: 6, value: BigInt(`0x${nibbles}`) })
}
