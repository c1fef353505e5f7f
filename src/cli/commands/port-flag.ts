/** The values of `--publish` and `--expose` (docker's nat.ParsePortSpecs). */
import { failure } from '#cli/docker/exit.ts'
import { isAddress } from './container-flag-checks.ts'
import { csvFields } from './mount-flag.ts'

export interface PortPlan {
  readonly exposed: Record<string, Record<string, never>>
  readonly bindings: Record<string, { HostIp: string; HostPort: string }[]>
}

/** Exposed ports and bindings for the given flags. Throws with the docker client's words. */
export function planPorts(published: readonly string[], exposed: readonly string[]): PortPlan {
  const plan: PortPlan = { exposed: {}, bindings: {} }
  for (const spec of published) addPublished(plan, spec.includes('=') ? shortForm(spec) : spec)
  for (const spec of exposed) addExposed(plan, spec)
  return plan
}

/** `target=80,published=8080,protocol=tcp` as `8080:80/tcp`. */
function shortForm(spec: string): string {
  const fields = new Map(
    csvFields(spec).map((field): [string, string] => [
      field.split('=')[0]?.toLowerCase() ?? '',
      field.slice(field.indexOf('=') + 1),
    ]),
  )
  for (const key of fields.keys())
    if (!['target', 'published', 'protocol', 'mode'].includes(key)) throw failure(`invalid field key ${key}`)
  const target = fields.get('target') ?? ''
  return `${fields.has('published') ? `${fields.get('published') ?? ''}:` : ''}${target}/${fields.get('protocol') ?? 'tcp'}`
}

function addPublished(plan: PortPlan, spec: string): void {
  const { ip, host, container } = splitSpec(spec)
  const [containerRange = '', protocol = 'tcp'] = container.split('/')
  if (containerRange === '') throw failure(`no port specified: ${spec}<empty>`)
  if (ip !== '' && !isAddress(ip)) throw failure(`invalid IP address: ${ip}`)
  const inner = readRange(containerRange, 'containerPort')
  const outer = host === '' ? undefined : readRange(host, 'hostPort')
  if (outer !== undefined && inner.first !== inner.last && lengthOf(outer) !== lengthOf(inner))
    throw failure(`invalid ranges specified for container and host Ports: ${containerRange} and ${host}`)
  const proto = readProtocol(protocol)
  for (let at = 0; at <= inner.last - inner.first; at += 1) {
    const key = `${inner.first + at}/${proto}`
    plan.exposed[key] = {}
    ;(plan.bindings[key] ??= []).push({ HostIp: ip, HostPort: hostPortText(inner, outer, at) })
  }
}

/** One port in a container may take any of a range; ranges of the same length go side by side. */
function hostPortText(inner: PortRange, outer: PortRange | undefined, at: number): string {
  if (outer === undefined) return ''
  return inner.first === inner.last && outer.first !== outer.last
    ? `${outer.first}-${outer.last}`
    : String(outer.first + at)
}

function readProtocol(text: string): string {
  const protocol = text.toLowerCase()
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw failure(`invalid proto: ${text}`)
  return protocol
}

function readRange(text: string, what: string): PortRange {
  const range = parseRange(text)
  if (range === undefined) throw failure(`invalid ${what}: ${text}`)
  return range
}

function splitSpec(spec: string): { readonly ip: string; readonly host: string; readonly container: string } {
  const parts = spec.split(':')
  const container = parts.pop() ?? ''
  const host = parts.pop() ?? ''
  return { ip: parts.join(':').replace(/^\[(.*)\]$/, '$1'), host, container }
}

interface PortRange {
  readonly first: number
  readonly last: number
}

const lengthOf = (range: PortRange): number => range.last - range.first

function parseRange(text: string): PortRange | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  return last < first || last > 65_535 ? undefined : { first, last }
}

function addExposed(plan: PortPlan, spec: string): void {
  if (spec.includes(':')) throw failure(`invalid port format for --expose: ${spec}`)
  const [ports = '', protocol = 'tcp'] = spec.split('/')
  const range = parseRange(ports)
  if (range === undefined)
    throw failure(
      `invalid range format for --expose: ${spec}, error: strconv.ParseUint: parsing "${ports.split('-').find((part) => !/^\d+$/.test(part)) ?? ports}": invalid syntax`,
    )
  for (let port = range.first; port <= range.last; port += 1) plan.exposed[`${port}/${protocol.toLowerCase()}`] ??= {}
}
