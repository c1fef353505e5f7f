/** The value of `--network`: a name, or `name=…,alias=…,ip=…` fields. */
import { failure } from '#cli/docker/exit.ts'
import { csvFields } from './mount-flag.ts'

export interface NetworkRequest {
  readonly name: string
  readonly aliases: readonly string[]
  readonly driverOpts: Readonly<Record<string, string>>
  readonly ipv4: string
  readonly ipv6: string
  readonly macAddress: string
  readonly linkLocal: readonly string[]
  readonly gatewayPriority: number
}

interface Writable extends NetworkRequest {
  name: string
  readonly aliases: string[]
  readonly driverOpts: Record<string, string>
  ipv4: string
  ipv6: string
  macAddress: string
  readonly linkLocal: string[]
  gatewayPriority: number
}

const fieldReaders: ReadonlyMap<string, (request: Writable, value: string) => void> = new Map([
  ['name', (request, value) => void (request.name = value)],
  ['alias', (request, value) => void request.aliases.push(value)],
  ['ip', (request, value) => void (request.ipv4 = value)],
  ['ip6', (request, value) => void (request.ipv6 = value)],
  ['mac-address', (request, value) => void (request.macAddress = value)],
  ['link-local-ip', (request, value) => void request.linkLocal.push(value)],
  ['gw-priority', (request, value) => void (request.gatewayPriority = Number(value))],
  ['driver-opt', (request, value) => addDriverOption(request.driverOpts, value)],
])

/** Reads one `--network`. Throws with the docker client's words. */
export function parseNetwork(text: string): NetworkRequest {
  const request: Writable = {
    name: '',
    aliases: [],
    driverOpts: {},
    ipv4: '',
    ipv6: '',
    macAddress: '',
    linkLocal: [],
    gatewayPriority: 0,
  }
  if (!/^\w+=/.test(text)) return { ...request, name: text }
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    if (equals < 0) throw failure(`invalid field ${field}`)
    const key = field.slice(0, equals).trim().toLowerCase()
    const value = field.slice(equals + 1).trim()
    const read = fieldReaders.get(key)
    if (read === undefined) throw failure(`invalid field key ${key}`)
    read(request, value)
  }
  if (request.name === '') throw failure('network name/id is not specified')
  return request
}

function addDriverOption(options: Record<string, string>, text: string): void {
  const equals = text.indexOf('=')
  if (equals <= 0) throw failure(`invalid key value pair format in driver options`)
  options[text.slice(0, equals).toLowerCase()] = text.slice(equals + 1)
}
