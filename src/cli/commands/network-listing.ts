/** A network as a row of `network ls`. */
import type { ListingShape, Row } from '#cli/output/listing.ts'
import { goTimeOf } from '#cli/docker/timestamps.ts'
import { shortId } from './container-listing.ts'

export interface NetworkSummary {
  readonly Id: string
  readonly Name: string
  readonly Created?: string
  readonly Scope: string
  readonly Driver: string
  readonly EnableIPv4?: boolean
  readonly EnableIPv6?: boolean
  readonly Internal?: boolean
  readonly Labels?: Readonly<Record<string, string>> | null
}

export const networkListing: ListingShape = {
  typeName: '*network.networkContext',
  table: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}',
  quiet: '{{.ID}}',
  raw: 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n',
  headers: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    CreatedAt: 'CREATED AT',
  },
}

/** The fields of one network. */
export function networkRow(network: NetworkSummary, full: boolean): Row {
  const labels = network.Labels ?? {}
  return {
    ID: full ? network.Id : shortId(network.Id),
    Name: network.Name,
    Driver: network.Driver,
    Scope: network.Scope,
    IPv4: String(network.EnableIPv4 ?? false),
    IPv6: String(network.EnableIPv6 ?? false),
    Internal: String(network.Internal ?? false),
    Labels: labelsText(labels),
    Label: (name: unknown): string => labels[String(name)] ?? '',
    CreatedAt: goTimeOf(network.Created ?? ''),
  }
}

/** `a=b,c=d`, sorted. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .toSorted()
    .map((key) => `${key}=${labels[key] ?? ''}`)
    .join(',')
}
