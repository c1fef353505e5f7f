/** The types that expressions can mention by name (`type(x) == int`). */
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  optionalType,
  stringType,
  timestampType,
  uintType,
  type CelType,
  type OpaqueType,
} from './cel-type.ts'

export const urlType: OpaqueType = opaqueType('kubernetes.URL')
export const quantityType: OpaqueType = opaqueType('kubernetes.Quantity')
export const semverType: OpaqueType = opaqueType('kubernetes.Semver')
export const formatType: OpaqueType = opaqueType('kubernetes.NamedFormat')
export const ipType: OpaqueType = opaqueType('net.IP')
export const cidrType: OpaqueType = opaqueType('net.CIDR')
export const authorizerType: OpaqueType = opaqueType('kubernetes.authorization.Authorizer')
export const pathCheckType: OpaqueType = opaqueType('kubernetes.authorization.PathCheck')
export const groupCheckType: OpaqueType = opaqueType('kubernetes.authorization.GroupCheck')
export const resourceCheckType: OpaqueType = opaqueType('kubernetes.authorization.ResourceCheck')
export const decisionType: OpaqueType = opaqueType('kubernetes.authorization.Decision')

const opaques = [
  urlType,
  quantityType,
  semverType,
  formatType,
  ipType,
  cidrType,
  authorizerType,
  pathCheckType,
  groupCheckType,
  resourceCheckType,
  decisionType,
]

/** Types by name. */
export const namedTypes: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['bool', boolType],
  ['bytes', bytesType],
  ['double', doubleType],
  ['dyn', dynType],
  ['int', intType],
  ['uint', uintType],
  ['string', stringType],
  ['null_type', nullType],
  ['list', listType(dynType)],
  ['map', mapType(dynType, dynType)],
  ['type', { kind: 'type' }],
  ['optional_type', optionalType(dynType)],
  ['google.protobuf.Timestamp', timestampType],
  ['google.protobuf.Duration', durationType],
  ...opaques.map((type): [string, CelType] => [type.name, type]),
])
