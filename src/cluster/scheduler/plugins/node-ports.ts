/** A host port of an address belongs to one pod of a node. */
import type { NodeEntry } from '../node-table.ts'
import type { HostPort } from '../pod-record.ts'
import type { Plugin, QueueingHint } from '../plugin.ts'
import { rejection } from '../rejection.ts'

const rejected = rejection("node(s) didn't have free ports for the requested pod ports")
const everyAddress = '0.0.0.0'

/** True when somebody on the node has the port on the same address; 0.0.0.0 is every address. */
export function isPortTaken(entry: Pick<NodeEntry, 'ports'>, { protocol, port, ip }: HostPort): boolean {
  const users = entry.ports.get(`${protocol}/${port}`)
  if (users === undefined) return false
  return ip === everyAddress || users.has(everyAddress) || users.has(ip)
}

function clashes(ours: HostPort, theirs: HostPort): boolean {
  const isShared = ours.ip === theirs.ip || ours.ip === everyAddress || theirs.ip === everyAddress
  return ours.protocol === theirs.protocol && ours.port === theirs.port && isShared
}

/** A pod that goes helps when it held a port that is wanted. */
const freesPort: QueueingHint = ({ hostPorts }, { pod }) =>
  pod === undefined || hostPorts.some((ours) => pod.hostPorts.some((theirs) => clashes(ours, theirs)))

export const nodePorts: Plugin = {
  name: 'NodePorts',
  preFilter: ({ hostPorts }) =>
    hostPorts.length === 0
      ? undefined
      : {
          question: JSON.stringify(hostPorts),
          check: (entry) => (hostPorts.some((port) => isPortTaken(entry, port)) ? rejected : undefined),
        },
  hints: { 'pod-deleted': freesPort, 'node-added': true },
}
