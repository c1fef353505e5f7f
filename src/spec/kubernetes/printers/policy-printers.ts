/** Rows of networking, access, storage, admission, flow control and device kinds (v1.36). */
import {
  ageOf,
  at,
  type Cell,
  columns,
  condition,
  count,
  firstFew,
  humanSpan,
  type Json,
  list,
  nameOf,
  type Printer,
  selector,
  text,
  texts,
} from './cells.ts'
import { balancerAddresses } from './core-printers.ts'

function ingressHosts(ingress: Json): string {
  const rules = list(at(ingress, 'spec', 'rules'))
  const hosts: string[] = []
  for (const rule of rules) {
    if (hosts.length === 3) return `${hosts.join(',')} + ${rules.length - 3} more...`
    if (text(rule['host']) !== '') hosts.push(text(rule['host']))
  }
  return hosts.length === 0 ? '*' : hosts.join(',')
}

const isDefault = (object: Json, ...keys: readonly string[]): string =>
  keys.some((key) => at(object, 'metadata', 'annotations', key) === 'true') ? ' (default)' : ''

function classParameters(object: Json): string {
  const parameters = at(object, 'spec', 'parameters')
  if (parameters === undefined) return '<none>'
  const group = text(at(parameters, 'apiGroup'))
  return `${text(at(parameters, 'kind'))}${group === '' ? '' : `.${group}`}/${text(at(parameters, 'name'))}`
}

const subjects = (binding: Json, kind: string): string =>
  list(binding['subjects'])
    .filter((subject) => subject['kind'] === kind)
    .map((subject) =>
      kind === 'ServiceAccount' ? `${text(subject['namespace'])}/${text(subject['name'])}` : text(subject['name']),
    )
    .join(', ')

const bindingPrinter: Printer = {
  columns: columns('Name!|Role|Age|Users*|Groups*|ServiceAccounts*'),
  cells: (o, now) => [
    nameOf(o),
    `${text(at(o, 'roleRef', 'kind'))}/${text(at(o, 'roleRef', 'name'))}`,
    ageOf(o, now),
    subjects(o, 'User'),
    subjects(o, 'Group'),
    subjects(o, 'ServiceAccount'),
  ],
}

function requestCondition(request: Json): string {
  const word =
    condition(request, 'Denied') === undefined
      ? condition(request, 'Approved') === undefined
        ? 'Pending'
        : 'Approved'
      : 'Denied'
  const failed = condition(request, 'Failed') === undefined ? '' : ',Failed'
  return `${word}${failed}${text(at(request, 'status', 'certificate')) === '' ? '' : ',Issued'}`
}

function requestedSpan(request: Json): string {
  const seconds = at(request, 'spec', 'expirationSeconds')
  return typeof seconds === 'number' ? humanSpan(seconds) : '<none>'
}

function slicePorts(slice: Json): string {
  const ports = list(slice['ports']).map((port) =>
    typeof port['port'] === 'number' ? String(port['port']) : text(port['name'], '*'),
  )
  return firstFew(ports, 3, '<unset>')
}

function paramKind(policy: Json): string {
  const kind = at(policy, 'spec', 'paramKind')
  return kind === undefined ? '<unset>' : `${text(at(kind, 'apiVersion'))}/${text(at(kind, 'kind'))}`
}

function paramRef(binding: Json): string {
  const reference = at(binding, 'spec', 'paramRef')
  if (reference === undefined) return '<unset>'
  const name = text(at(reference, 'name'))
  return name === '' ? selector(at(reference, 'selector')) : `${text(at(reference, 'namespace'), '*')}/${name}`
}

const bindingOfPolicy: Printer = {
  columns: columns('Name!|PolicyName|ParamRef|Age'),
  cells: (o, now) => [nameOf(o), text(at(o, 'spec', 'policyName')), paramRef(o), ageOf(o, now)],
}
const webhooks: Printer = {
  columns: columns('Name!|Webhooks#|Age'),
  cells: (o, now) => [nameOf(o), list(o['webhooks']).length, ageOf(o, now)],
}
const bare: Printer = { columns: columns('Name!|Age'), cells: (o, now) => [nameOf(o), ageOf(o, now)] }
const flag = (value: unknown, otherwise: boolean): boolean => (typeof value === 'boolean' ? value : otherwise)

function driverCells(driver: Json, now: number): readonly Cell[] {
  const spec = driver['spec'] as Json | undefined
  const tokens = spec?.['tokenRequests']
  return [
    nameOf(driver),
    flag(spec?.['attachRequired'], true),
    flag(spec?.['podInfoOnMount'], false),
    flag(spec?.['storageCapacity'], false),
    tokens === undefined
      ? '<unset>'
      : list(tokens)
          .map((token) => text(token['audience']))
          .join(','),
    flag(spec?.['requiresRepublish'], false),
    text(texts(spec?.['volumeLifecycleModes']).join(','), '<none>'),
    ageOf(driver, now),
  ]
}

function claimState(claim: Json): string {
  const states: string[] = []
  const deleted = at(claim, 'metadata', 'deletionTimestamp') !== undefined
  if (deleted) states.push('deleted')
  if (at(claim, 'status', 'allocation') === undefined) {
    if (!deleted) states.push('pending')
    return states.join(',')
  }
  states.push('allocated')
  if (list(at(claim, 'status', 'reservedFor')).length > 0) states.push('reserved')
  return states.join(',')
}

function parentReference(address: Json): string {
  const parent = at(address, 'spec', 'parentRef')
  if (parent === undefined) return '<none>'
  const group = text(at(parent, 'group'))
  const namespace = text(at(parent, 'namespace'))
  return `${text(at(parent, 'resource')).toLowerCase()}${group === '' ? '' : `.${group}`}${namespace === '' ? '' : `/${namespace}`}/${text(at(parent, 'name'))}`
}

function levelCells(level: Json, now: number): readonly Cell[] {
  const limited = at(level, 'spec', 'limited')
  const queuing = (key: string): string => text(at(limited, 'limitResponse', 'queuing', key), '<none>')
  return [
    nameOf(level),
    text(at(level, 'spec', 'type')),
    text(at(limited, 'nominalConcurrencyShares'), '<none>'),
    queuing('queues'),
    queuing('handSize'),
    queuing('queueLengthLimit'),
    ageOf(level, now),
  ]
}

function serviceCells(service: Json, now: number): readonly Cell[] {
  const backend = at(service, 'spec', 'service')
  const available = condition(service, 'Available')
  const status = text(available?.['status'])
  const reason = text(available?.['reason'])
  const shown =
    available === undefined ? 'Unknown' : status === 'True' || reason === '' ? status : `${status} (${reason})`
  return [
    nameOf(service),
    backend === undefined ? 'Local' : `${text(at(backend, 'namespace'))}/${text(at(backend, 'name'))}`,
    shown,
    ageOf(service, now),
  ]
}

export const policyPrinters: Readonly<Record<string, Printer>> = {
  'networking.k8s.io/Ingress': {
    columns: columns('Name!|Class|Hosts|Address|Ports|Age'),
    cells: (o, now) => [
      nameOf(o),
      text(at(o, 'spec', 'ingressClassName'), '<none>'),
      ingressHosts(o),
      balancerAddresses(o),
      list(at(o, 'spec', 'tls')).length > 0 ? '80, 443' : '80',
      ageOf(o, now),
    ],
  },
  'networking.k8s.io/IngressClass': {
    columns: columns('Name!|Controller|Parameters|Age'),
    cells: (o, now) => [
      nameOf(o) + isDefault(o, 'ingressclass.kubernetes.io/is-default-class'),
      text(at(o, 'spec', 'controller')),
      classParameters(o),
      ageOf(o, now),
    ],
  },
  'networking.k8s.io/NetworkPolicy': {
    columns: columns('Name!|Pod-Selector|Age'),
    cells: (o, now) => [nameOf(o), selector(at(o, 'spec', 'podSelector')), ageOf(o, now)],
  },
  'networking.k8s.io/ServiceCIDR': {
    columns: columns('Name!|CIDRs|Age'),
    cells: (o, now) => [nameOf(o), texts(at(o, 'spec', 'cidrs')).join(','), ageOf(o, now)],
  },
  // Rows carry the age without a column for it, as upstream's do.
  'networking.k8s.io/IPAddress': {
    columns: columns('Name!|ParentRef'),
    cells: (o, now) => [nameOf(o), parentReference(o), ageOf(o, now)],
  },
  'rbac.authorization.k8s.io/RoleBinding': bindingPrinter,
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindingPrinter,
  'certificates.k8s.io/CertificateSigningRequest': {
    columns: columns('Name!|Age|SignerName|Requestor|RequestedDuration|Condition'),
    cells: (o, now) => [
      nameOf(o),
      ageOf(o, now),
      text(at(o, 'spec', 'signerName'), '<none>'),
      text(at(o, 'spec', 'username')),
      requestedSpan(o),
      requestCondition(o),
    ],
  },
  'coordination.k8s.io/Lease': {
    columns: columns('Name!|Holder|Age'),
    cells: (o, now) => [nameOf(o), text(at(o, 'spec', 'holderIdentity')), ageOf(o, now)],
  },
  'storage.k8s.io/StorageClass': {
    columns: columns('Name!|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age'),
    cells: (o, now) => [
      nameOf(o) +
        isDefault(o, 'storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'),
      text(o['provisioner']),
      text(o['reclaimPolicy'], 'Delete'),
      text(o['volumeBindingMode'], 'Immediate'),
      flag(o['allowVolumeExpansion'], false),
      ageOf(o, now),
    ],
  },
  'storage.k8s.io/VolumeAttributesClass': {
    columns: columns('Name!|DriverName|Age'),
    cells: (o, now) => [nameOf(o), text(o['driverName']), ageOf(o, now)],
  },
  'storage.k8s.io/VolumeAttachment': {
    columns: columns('Name!|Attacher!|PV|Node|Attached?|Age'),
    cells: (o, now) => [
      nameOf(o),
      text(at(o, 'spec', 'attacher')),
      text(at(o, 'spec', 'source', 'persistentVolumeName')),
      text(at(o, 'spec', 'nodeName')),
      at(o, 'status', 'attached') === true,
      ageOf(o, now),
    ],
  },
  'storage.k8s.io/CSINode': {
    columns: columns('Name!|Drivers#|Age'),
    cells: (o, now) => [nameOf(o), list(at(o, 'spec', 'drivers')).length, ageOf(o, now)],
  },
  'storage.k8s.io/CSIDriver': {
    columns: columns(
      'Name!|AttachRequired?|PodInfoOnMount?|StorageCapacity?|TokenRequests|RequiresRepublish?|Modes|Age',
    ),
    cells: driverCells,
  },
  'scheduling.k8s.io/PriorityClass': {
    columns: columns('Name!|Value#|Global-Default?|Age|PreemptionPolicy'),
    cells: (o, now) => [
      nameOf(o),
      count(o['value']),
      o['globalDefault'] === true,
      ageOf(o, now),
      text(o['preemptionPolicy']),
    ],
  },
  'node.k8s.io/RuntimeClass': {
    columns: columns('Name!|Handler|Age'),
    cells: (o, now) => [nameOf(o), text(o['handler']), ageOf(o, now)],
  },
  'discovery.k8s.io/EndpointSlice': {
    columns: columns('Name!|AddressType|Ports|Endpoints|Age'),
    cells: (o, now) => [
      nameOf(o),
      text(o['addressType']),
      slicePorts(o),
      firstFew(
        list(o['endpoints']).flatMap((endpoint) => texts(endpoint['addresses'])),
        3,
        '<unset>',
      ),
      ageOf(o, now),
    ],
  },
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': {
    columns: columns('Name!|Validations#|ParamKind|Age'),
    cells: (o, now) => [nameOf(o), list(at(o, 'spec', 'validations')).length, paramKind(o), ageOf(o, now)],
  },
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': {
    columns: columns('Name!|Mutations#|ParamKind|Age'),
    cells: (o, now) => [nameOf(o), list(at(o, 'spec', 'mutations')).length, paramKind(o), ageOf(o, now)],
  },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': bindingOfPolicy,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': bindingOfPolicy,
  'flowcontrol.apiserver.k8s.io/FlowSchema': {
    columns: columns('Name!|PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL'),
    cells: (o, now) => [
      nameOf(o),
      text(at(o, 'spec', 'priorityLevelConfiguration', 'name')),
      count(at(o, 'spec', 'matchingPrecedence')),
      text(at(o, 'spec', 'distinguisherMethod', 'type'), '<none>'),
      ageOf(o, now),
      text(condition(o, 'Dangling')?.['status'], '?'),
    ],
  },
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': {
    columns: columns('Name!|Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age'),
    cells: levelCells,
  },
  'resource.k8s.io/DeviceClass': bare,
  'resource.k8s.io/ResourceClaimTemplate': bare,
  'resource.k8s.io/ResourceClaim': {
    columns: columns('Name!|State|Age'),
    cells: (o, now) => [nameOf(o), claimState(o), ageOf(o, now)],
  },
  'resource.k8s.io/ResourceSlice': {
    columns: columns('Name!|Node|Driver|Pool|Age'),
    cells: (o, now) => [
      nameOf(o),
      text(at(o, 'spec', 'nodeName')),
      text(at(o, 'spec', 'driver')),
      text(at(o, 'spec', 'pool', 'name')),
      ageOf(o, now),
    ],
  },
  'apiregistration.k8s.io/APIService': { columns: columns('Name!|Service|Available|Age'), cells: serviceCells },
  'meta.k8s.io/Status': {
    columns: columns('Status|Reason|Message'),
    cells: (o) => [text(o['status']), text(o['reason']), text(o['message'])],
  },
}
