/** Variables that legacy links bring. Pure. */
import { splitLink } from '#engine/networks/container-networking.ts'
import type { ContainerRecord } from './container-record.ts'

const linksOf = (record: ContainerRecord): (readonly [container: string, alias: string])[] =>
  (record.hostConfig.Links ?? []).map(splitLink)

/** Variables that a legacy link brings: the linked container's name and environment. Pure. */
export function linkEnvironment(record: ContainerRecord, resolve: (name: string) => ContainerRecord): string[] {
  return linksOf(record).flatMap(([target, alias]) => {
    const other = resolve(target)
    const prefix = alias.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
    const ports = Object.keys(other.config.ExposedPorts ?? {}).flatMap((key) => {
      const [port = '', protocol = 'tcp'] = key.split('/')
      const address = Object.values(other.networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress ?? ''
      const name = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
      return [
        `${name}=${protocol}://${address}:${port}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${port}`,
        `${name}_PROTO=${protocol}`,
      ]
    })
    const env = other.config.Env.filter((variable) => !/^(HOME|PATH)=/.test(variable)).map(
      (variable) => `${prefix}_ENV_${variable}`,
    )
    return [`${prefix}_NAME=/${record.name}/${alias}`, ...ports, ...env]
  })
}
