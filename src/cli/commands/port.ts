/** `port`: lists published ports. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { hostPort } from '#cli/output/ports-column.ts'

type Bindings = Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>>

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
    const text = ({
      HostIp: ip = '',
      HostPort: outer = '',
    }: {
      readonly HostIp?: string
      readonly HostPort?: string
    }): string => hostPort(ip, outer)
    if (wanted === undefined) {
      const lines = Object.entries(ports ?? {}).flatMap(([inner, bindings]) =>
        (bindings ?? []).map((binding) => ({ inner, line: `${inner} -> ${text(binding)}` })),
      )
      await session.print(
        lines
          .toSorted((a, b) => naturalOrder(a.line, b.line))
          .map(({ line }) => `${line}\n`)
          .join(''),
      )
      return
    }
    const [number = '', protocol = 'tcp'] = wanted.split('/')
    if (!/^\d+$/.test(number) || Number(number) > 65_535)
      throw failure(`Error: invalid port (${wanted}): invalid port '${number}': invalid syntax`)
    const bindings = ports?.[`${number}/${protocol.toLowerCase()}`]
    if (bindings === undefined || bindings === null)
      throw failure(`Error: No public port '${wanted}' published for ${name}`)
    await session.print(
      bindings
        .map((binding) => `${text(binding)}\n`)
        .toSorted(naturalOrder)
        .join(''),
    )
  },
}

/** Digits compare as numbers: `80/tcp` before `443/tcp`. */
function naturalOrder(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true })
}
