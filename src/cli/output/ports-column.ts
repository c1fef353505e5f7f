/** The PORTS column of `ps`: one entry per mapping, neighbouring ports of one address merged into ranges. */
import { compareText } from './go-values.ts'

export interface PortRow {
  readonly IP?: string
  readonly PrivatePort?: number
  readonly PublicPort?: number
  readonly Type?: string
}

interface Mapping {
  readonly address: string
  readonly inner: number
  /** 0: not published. */
  readonly outer: number
  readonly type: string
}

interface Range {
  readonly address: string
  readonly type: string
  readonly published: boolean
  readonly first: number
  last: number
}

/** `0.0.0.0:80->80/tcp, 443/tcp` for the ports of a container (docker's formatter.DisplayablePorts). */
export function portsColumn(ports: readonly PortRow[]): string {
  const all = ports.map(mappingOf).toSorted(compareMappings)
  const moved = all.filter(({ inner, outer }) => outer !== 0 && outer !== inner)
  const kept = all.filter(({ inner, outer }) => outer === 0 || outer === inner)
  const single = moved.map(({ address, inner, outer, type }) => `${hostPort(address, String(outer))}->${inner}/${type}`)
  return [...mergeRanges(kept), ...single].join(', ')
}

function mappingOf(port: PortRow): Mapping {
  const { IP: address = '', PrivatePort: inner = 0, PublicPort: outer = 0, Type: type = '' } = port
  return { address, inner, outer, type }
}

/** Ranges that a gap ended come first, then the last of each address and protocol, by name. */
function mergeRanges(mappings: readonly Mapping[]): readonly string[] {
  const groups = new Map<string, Range>()
  const texts: string[] = []
  for (const { address, inner, outer, type } of mappings) {
    const published = outer !== 0
    const key = published ? `${address}/${type}` : type
    const group = groups.get(key)
    if (group !== undefined && inner === group.last + 1) group.last = inner
    if (group !== undefined && inner === group.last) continue
    if (group !== undefined) texts.push(rangeText(group))
    groups.set(key, { address: published ? address : '', type, published, first: inner, last: inner })
  }
  for (const key of [...groups.keys()].toSorted()) texts.push(rangeText(groups.get(key) as Range))
  return texts
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

function compareMappings(left: Mapping, right: Mapping): number {
  return (
    left.inner - right.inner ||
    compareText(left.address, right.address) ||
    left.outer - right.outer ||
    compareText(left.type, right.type)
  )
}
