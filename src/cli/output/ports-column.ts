/** The PORTS column of `ps`: one entry per mapping, neighbouring ports of one address merged into ranges. */

export interface PortRow {
  readonly IP?: string
  readonly PrivatePort?: number
  readonly PublicPort?: number
  readonly Type?: string
}

interface Range {
  readonly address: string
  readonly type: string
  readonly published: boolean
  first: number
  last: number
  publicFirst: number
}

/** `0.0.0.0:80->80/tcp, 443/tcp` for the ports of a container (docker's formatter.DisplayablePorts). */
export function portsColumn(ports: readonly PortRow[]): string {
  const sorted = ports.toSorted(comparePorts)
  const groups = new Map<string, Range>()
  const single: string[] = []
  const merged: string[] = []
  for (const port of sorted) {
    const { IP: address = '', PrivatePort: inner = 0, PublicPort: outer = 0, Type: type = '' } = port
    if (outer !== 0 && outer !== inner) {
      single.push(`${hostPort(address, String(outer))}->${inner}/${type}`)
      continue
    }
    const key = outer === 0 ? type : `${address}/${type}`
    const group = groups.get(key)
    if (group === undefined) {
      groups.set(key, {
        address: outer === 0 ? '' : address,
        type,
        published: outer !== 0,
        first: inner,
        last: inner,
        publicFirst: outer,
      })
    } else if (inner === group.last + 1) group.last = inner
    else if (inner !== group.last) {
      merged.push(rangeText(group))
      groups.set(key, { ...group, first: inner, last: inner, publicFirst: outer })
    }
  }
  for (const key of [...groups.keys()].toSorted()) merged.push(rangeText(groups.get(key) as Range))
  return [...merged, ...single].join(', ')
}

function rangeText({ address, type, published, first, last }: Range): string {
  const span = first === last ? String(first) : `${first}-${last}`
  return published ? `${hostPort(address, span)}->${span}/${type}` : `${span}/${type}`
}

/** An address and port, IPv6 in brackets (net.JoinHostPort). */
export function hostPort(address: string, port: string): string {
  if (address === '') return port
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function comparePorts(left: PortRow, right: PortRow): number {
  const [a, b] = [left.PrivatePort ?? 0, right.PrivatePort ?? 0]
  if (a !== b) return a - b
  if ((left.IP ?? '') !== (right.IP ?? '')) return (left.IP ?? '') < (right.IP ?? '') ? -1 : 1
  if (left.PublicPort !== right.PublicPort) return (left.PublicPort ?? 0) - (right.PublicPort ?? 0)
  return (left.Type ?? '') < (right.Type ?? '') ? -1 : 1
}
