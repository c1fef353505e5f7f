/** `port`: lists published ports. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { compareText } from '#cli/output/go-values.ts'
import { hostPort } from '#cli/output/ports-column.ts'

interface Binding {
  readonly HostIp?: string
  readonly HostPort?: string
}

type Bindings = Readonly<Record<string, readonly Binding[] | null>>

export const port: Verb = {
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  flags: [],
  count: { kind: 'between', least: 1, most: 2 },
  completes: 'running',
  async run({ args, session }) {
    const [name = '', wanted] = args
    const client = await session.client()
    const { NetworkSettings: { Ports: ports = {} } = {} } = await client.json<{
      readonly NetworkSettings?: { readonly Ports?: Bindings }
    }>('GET', `/containers${pathOf(name)}/json`)
    await session.print(wanted === undefined ? allLines(ports ?? {}) : linesOf(ports ?? {}, wanted, name))
  },
}

function bindingText({ HostIp: ip = '', HostPort: outer = '' }: Binding): string {
  return hostPort(ip, outer)
}

function allLines(ports: Bindings): string {
  return Object.entries(ports)
    .flatMap(([inner, bindings]) => (bindings ?? []).map((binding) => `${inner} -> ${bindingText(binding)}`))
    .toSorted(naturalOrder)
    .map((line) => `${line}\n`)
    .join('')
}

function linesOf(ports: Bindings, wanted: string, container: string): string {
  const [number = '', protocol = 'tcp'] = wanted.split('/')
  if (!/^\d+$/.test(number) || Number(number) > 65_535)
    throw failure(`Error: invalid port (${wanted}): invalid port '${number}': invalid syntax`)
  const bindings = ports[`${number}/${protocol.toLowerCase()}`]
  if (bindings === undefined || bindings === null)
    throw failure(`Error: No public port '${wanted}' published for ${container}`)
  return bindings
    .map((binding) => `${bindingText(binding)}\n`)
    .toSorted(naturalOrder)
    .join('')
}

/** Runs of digits compare as numbers, `80/tcp` before `443/tcp`; all else by bytes, `0.0.0.0` before `[::]`. */
function naturalOrder(left: string, right: string): number {
  const [a, b] = [left, right].map((text) => text.match(/\d+|\D/g) ?? [])
  for (const [at, part] of (a ?? []).entries()) {
    const other = b?.[at] ?? ''
    const numbers = /^\d/.test(part) && /^\d/.test(other)
    const order = numbers ? Number(part) - Number(other) : compareText(part, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}
