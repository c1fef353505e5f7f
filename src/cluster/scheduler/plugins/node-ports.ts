/** A host port of an address belongs to one pod of a node. */
import type { NodeEntry } from '../node-table.ts'
import type { HostPort } from '../pod-record.ts'
import { type Plugin, rejection } from '../plugin.ts'

const rejected = rejection("node(s) didn't have free ports for the requested pod ports")
const everyAddress = '0.0.0.0'

/** True when somebody on the node has the port on the same address; 0.0.0.0 is every address. */
export function isPortTaken(entry: Pick<NodeEntry, 'ports'>, { protocol, port, ip }: HostPort): boolean {
  const users = entry.ports.get(`${protocol}/${port}`)
  if (users === undefined) return false
  return ip === everyAddress || users.has(everyAddress) || users.has(ip)
}

export const nodePorts: Plugin = {
  name: 'NodePorts',
  preFilter: ({ hostPorts }) =>
    hostPorts.length === 0
      ? undefined
      : { check: (entry) => (hostPorts.some((port) => isPortTaken(entry, port)) ? rejected : undefined) },
  hints: { 'pod-deleted': true, 'node-added': true },
}
