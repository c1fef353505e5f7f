/** Rows of the core group's kinds and events (v1.36). */
import {
  accessModes,
  age,
  ageOf,
  at,
  type Cell,
  columns,
  condition,
  count,
  firstFew,
  type Json,
  labels,
  list,
  nameOf,
  type Printer,
  size,
  text,
  texts,
} from './cells.ts'

/** Addresses of a load balancer, sorted, each once. */
export function balancerAddresses(object: Json): string {
  const entries = list(at(object, 'status', 'loadBalancer', 'ingress')).map((entry) =>
    text(entry['ip'], text(entry['hostname'])),
  )
  return [...new Set(entries.filter((entry) => entry !== ''))].sort().join(',')
}

function externalAddresses(service: Json): string {
  const own = texts(at(service, 'spec', 'externalIPs'))
  const type = text(at(service, 'spec', 'type'))
  if (type === 'ExternalName') return text(at(service, 'spec', 'externalName'))
  if (type === 'ClusterIP' || type === 'NodePort') return own.length === 0 ? '<none>' : own.join(',')
  if (type !== 'LoadBalancer') return '<unknown>'
  const balanced = balancerAddresses(service)
  const all = [...(balanced === '' ? [] : [balanced]), ...own]
  return all.length === 0 ? '<pending>' : all.join(',')
}

function servicePorts(service: Json): string {
  const ports = list(at(service, 'spec', 'ports')).map((port) => {
    const node = count(port['nodePort'])
    return `${count(port['port'])}${node > 0 ? `:${node}` : ''}/${text(port['protocol'])}`
  })
  return ports.length === 0 ? '<none>' : ports.join(',')
}

function endpointList(endpoints: Json): string {
  const subsets = list(endpoints['subsets'])
  if (subsets.length === 0) return '<none>'
  const words = subsets.flatMap((subset) => {
    const addresses = list(subset['addresses']).map((address) => text(address['ip']))
    const ports = list(subset['ports'])
    const host = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip)
    return ports.length === 0
      ? addresses
      : ports.flatMap((port) => addresses.map((ip) => `${host(ip)}:${count(port['port'])}`))
  })
  return firstFew(words, 3, '')
}

function nodeStatus(node: Json): string {
  const ready = condition(node, 'Ready')
  const word = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return at(node, 'spec', 'unschedulable') === true ? `${word},SchedulingDisabled` : word
}

const rolePrefix = 'node-role.kubernetes.io/'
function nodeRoles(node: Json): string {
  const roles = Object.entries((at(node, 'metadata', 'labels') ?? {}) as Json).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)]
    return key === 'kubernetes.io/role' ? [text(value)] : []
  })
  return text([...new Set(roles.filter((role) => role !== ''))].sort().join(','), '<none>')
}

function nodeAddress(node: Json, type: string): string {
  return text(list(at(node, 'status', 'addresses')).find((address) => address['type'] === type)?.['address'], '<none>')
}

const nodeFact = (node: Json, key: string): string => text(at(node, 'status', 'nodeInfo', key), '<unknown>')

function kernel(node: Json): string {
  const architecture = text(at(node, 'status', 'nodeInfo', 'architecture'))
  return architecture === '' ? nodeFact(node, 'kernelVersion') : `${nodeFact(node, 'kernelVersion')} (${architecture})`
}

/** `component, host` of whoever reported an event. */
function eventSource(event: Json): string {
  const source = (event['source'] ?? event['deprecatedSource']) as Json | undefined
  const component = text(source?.['component'], text(event['reportingComponent'], text(event['reportingController'])))
  const host = text(source?.['host'], text(event['reportingInstance']))
  return host === '' ? component : `${component}, ${host}`
}

function eventObject(event: Json): Json {
  return (event['involvedObject'] ?? event['regarding'] ?? {}) as Json
}

function eventCount(event: Json): number {
  return count(at(event, 'series', 'count')) || count(event['count']) || count(event['deprecatedCount']) || 1
}

function eventCells(event: Json, now: number): readonly Cell[] {
  const first = event['firstTimestamp'] ?? event['deprecatedFirstTimestamp'] ?? event['eventTime']
  const last = event['lastTimestamp'] ?? event['deprecatedLastTimestamp'] ?? first
  const object = eventObject(event)
  const name = text(object['name'])
  return [
    age(at(event, 'series', 'lastObservedTime') ?? last, now),
    text(event['type']),
    text(event['reason']),
    text(object['kind']).toLowerCase() + (name === '' ? '' : `/${name}`),
    text(object['fieldPath']),
    eventSource(event),
    text(event['message'], text(event['note'])).trim(),
    age(first, now),
    eventCount(event),
    nameOf(event),
  ]
}

const eventPrinter: Printer = {
  columns: columns('Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name!*'),
  cells: eventCells,
}

function quota(object: Json, limits: boolean): string {
  const hard = (at(object, 'status', 'hard') ?? {}) as Json
  const isLimit = (key: string): boolean => key.split('.')[0] === 'limits'
  return Object.keys(hard)
    .filter((key) => isLimit(key) === limits)
    .sort()
    .map((key) => `${key}: ${text(at(object, 'status', 'used', key), '0')}/${text(hard[key])}`)
    .join(', ')
}

const storageClass = (object: Json): string =>
  text(
    at(object, 'metadata', 'annotations', 'volume.beta.kubernetes.io/storage-class'),
    text(at(object, 'spec', 'storageClassName')),
  )
const phase = (object: Json): string =>
  at(object, 'metadata', 'deletionTimestamp') === undefined ? text(at(object, 'status', 'phase')) : 'Terminating'

function claimOf(volume: Json): string {
  const claim = at(volume, 'spec', 'claimRef')
  return claim === undefined ? '' : `${text(at(claim, 'namespace'))}/${text(at(claim, 'name'))}`
}

function componentCells(object: Json): readonly Cell[] {
  const healthy = list(object['conditions']).find((item) => item['type'] === 'Healthy')
  const word = healthy === undefined ? 'Unknown' : healthy['status'] === 'True' ? 'Healthy' : 'Unhealthy'
  return [nameOf(object), word, text(healthy?.['message']), text(healthy?.['error'])]
}

export const corePrinters: Readonly<Record<string, Printer>> = {
  '/Service': {
    columns: columns('Name!|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*'),
    cells: (o, now) => [
      nameOf(o),
      text(at(o, 'spec', 'type')),
      text(at(o, 'spec', 'clusterIPs', 0), '<none>'),
      externalAddresses(o),
      servicePorts(o),
      ageOf(o, now),
      labels(at(o, 'spec', 'selector')),
    ],
  },
  '/Endpoints': {
    columns: columns('Name!|Endpoints|Age'),
    cells: (o, now) => [nameOf(o), endpointList(o), ageOf(o, now)],
  },
  '/Node': {
    columns: columns(
      'Name!|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*',
    ),
    cells: (o, now) => [
      nameOf(o),
      nodeStatus(o),
      nodeRoles(o),
      ageOf(o, now),
      text(at(o, 'status', 'nodeInfo', 'kubeletVersion')),
      nodeAddress(o, 'InternalIP'),
      nodeAddress(o, 'ExternalIP'),
      nodeFact(o, 'osImage'),
      kernel(o),
      nodeFact(o, 'containerRuntimeVersion'),
    ],
  },
  '/Event': eventPrinter,
  'events.k8s.io/Event': eventPrinter,
  '/Namespace': {
    columns: columns('Name!|Status|Age'),
    cells: (o, now) => [nameOf(o), text(at(o, 'status', 'phase')), ageOf(o, now)],
  },
  '/Secret': {
    columns: columns('Name!|Type|Data|Age'),
    cells: (o, now) => [nameOf(o), text(o['type']), size(o['data']), ageOf(o, now)],
  },
  '/ConfigMap': {
    columns: columns('Name!|Data|Age'),
    cells: (o, now) => [nameOf(o), size(o['data']) + size(o['binaryData']), ageOf(o, now)],
  },
  '/ServiceAccount': { columns: columns('Name!|Age'), cells: (o, now) => [nameOf(o), ageOf(o, now)] },
  '/PersistentVolume': {
    columns: columns(
      'Name!|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|VolumeMode*',
    ),
    cells: (o, now) => [
      nameOf(o),
      text(at(o, 'spec', 'capacity', 'storage'), '0'),
      accessModes(at(o, 'spec', 'accessModes')),
      text(at(o, 'spec', 'persistentVolumeReclaimPolicy')),
      phase(o),
      claimOf(o),
      storageClass(o),
      text(at(o, 'spec', 'volumeAttributesClassName'), '<unset>'),
      text(at(o, 'status', 'reason')),
      ageOf(o, now),
      text(at(o, 'spec', 'volumeMode'), '<unset>'),
    ],
  },
  '/PersistentVolumeClaim': {
    columns: columns('Name!|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode*'),
    cells: (o, now) => {
      const volume = text(at(o, 'spec', 'volumeName'))
      const bound = volume !== ''
      return [
        nameOf(o),
        phase(o),
        volume,
        bound ? text(at(o, 'status', 'capacity', 'storage'), '0') : '',
        bound ? accessModes(at(o, 'status', 'accessModes')) : '',
        storageClass(o),
        text(at(o, 'spec', 'volumeAttributesClassName'), '<unset>'),
        ageOf(o, now),
        text(at(o, 'spec', 'volumeMode'), '<unset>'),
      ]
    },
  },
  '/ComponentStatus': { columns: columns('Name!|Status|Message|Error'), cells: componentCells },
  '/ResourceQuota': {
    columns: columns('Name!|Request|Limit|Age'),
    cells: (o, now) => [nameOf(o), quota(o, false), quota(o, true), ageOf(o, now)],
  },
}
