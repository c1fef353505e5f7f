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

/** Reads one `--network`. Throws with the docker client's words. */
export function parseNetwork(text: string): NetworkRequest {
  const request = {
    name: '',
    aliases: [] as string[],
    driverOpts: {} as Record<string, string>,
    ipv4: '',
    ipv6: '',
    macAddress: '',
    linkLocal: [] as string[],
    gatewayPriority: 0,
  }
  if (!/^\w+=/.test(text)) return { ...request, name: text }
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    if (equals < 0) throw failure(`invalid field ${field}`)
    const key = field.slice(0, equals).trim().toLowerCase()
    const value = field.slice(equals + 1).trim()
    if (key === 'name') request.name = value
    else if (key === 'alias') request.aliases.push(value)
    else if (key === 'ip') request.ipv4 = value
    else if (key === 'ip6') request.ipv6 = value
    else if (key === 'mac-address') request.macAddress = value
    else if (key === 'link-local-ip') request.linkLocal.push(value)
    else if (key === 'gw-priority') request.gatewayPriority = Number(value)
    else if (key === 'driver-opt') addDriverOption(request.driverOpts, value)
    else throw failure(`invalid field key ${key}`)
  }
  if (request.name === '') throw failure('network name/id is not specified')
  return request
}

function addDriverOption(options: Record<string, string>, text: string): void {
  const equals = text.indexOf('=')
  if (equals <= 0) throw failure(`invalid key value pair format in driver options`)
  options[text.slice(0, equals).toLowerCase()] = text.slice(equals + 1)
}
