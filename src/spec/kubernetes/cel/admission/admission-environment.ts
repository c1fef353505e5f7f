/** The types of what expressions of webhooks and policies see (apiserver admission/plugin/cel, v1.36). */
import {
  boolType,
  dynType,
  intType,
  listType,
  mapType,
  stringType,
  timestampType,
  type CelType,
  type ObjectType,
} from '../cel-type.ts'
import { celEnvironment, type CelEnvironment } from '../environment.ts'
import { authorizerType, resourceCheckType } from '../named-types.ts'

function objectType(name: string, fields: Readonly<Record<string, CelType>>): ObjectType {
  return {
    kind: 'object',
    name,
    fields: new Map(Object.entries(fields).map(([field, type]) => [field, { name: field, type }])),
  }
}

const groupVersionKind = objectType('kubernetes.GroupVersionKind', {
  group: stringType,
  version: stringType,
  kind: stringType,
})
const groupVersionResource = objectType('kubernetes.GroupVersionResource', {
  group: stringType,
  version: stringType,
  resource: stringType,
})
const userInfo = objectType('kubernetes.UserInfo', {
  username: stringType,
  uid: stringType,
  groups: listType(stringType),
  extra: mapType(stringType, listType(stringType)),
})

/** The variable `request`. */
const requestType = objectType('kubernetes.AdmissionRequest', {
  kind: groupVersionKind,
  resource: groupVersionResource,
  subResource: stringType,
  requestKind: groupVersionKind,
  requestResource: groupVersionResource,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo,
  dryRun: boolType,
  options: dynType,
})

/** The variable `namespaceObject`. */
const namespaceType = objectType('kubernetes.Namespace', {
  metadata: objectType('kubernetes.NamespaceMetadata', {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapType(stringType, stringType),
    annotations: mapType(stringType, stringType),
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: listType(stringType),
  }),
  spec: objectType('kubernetes.NamespaceSpec', { finalizers: listType(stringType) }),
  status: objectType('kubernetes.NamespaceStatus', { phase: stringType }),
})

/** What an expression may use beside the request. */
export interface ExpressionScope {
  readonly hasParams?: boolean
  readonly hasAuthorizer?: boolean
  readonly hasNamespace?: boolean
  /** Types of `object`, `oldObject` and `params` where they are known; anything otherwise. */
  readonly objectType?: CelType
  readonly paramsType?: CelType
  /** Types of `variables.NAME`. */
  readonly variables?: ReadonlyMap<string, CelType>
  readonly findType?: (name: string) => ObjectType | undefined
}

/** The environment of an expression. */
export function admissionEnvironment(scope: ExpressionScope): CelEnvironment {
  const variables =
    scope.variables === undefined ? undefined : objectType('kubernetes.variables', Object.fromEntries(scope.variables))
  return celEnvironment({
    variables: {
      object: scope.objectType ?? dynType,
      oldObject: scope.objectType ?? dynType,
      request: requestType,
      params: scope.hasParams === true ? (scope.paramsType ?? dynType) : undefined,
      namespaceObject: scope.hasNamespace === false ? undefined : namespaceType,
      authorizer: scope.hasAuthorizer === true ? authorizerType : undefined,
      'authorizer.requestResource': scope.hasAuthorizer === true ? resourceCheckType : undefined,
      variables,
    },
    ...(scope.findType === undefined ? {} : { findType: scope.findType }),
  })
}
