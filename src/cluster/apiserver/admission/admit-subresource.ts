/** Admission of requests whose object is not that of their resource: bindings and evictions of pods, and connections to them. */
import type { Query } from '#kit/http/query.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import type { ApiObject } from '../api-object.ts'
import type { ApiRequest } from '../api-request.ts'
import type { User } from '../user.ts'
import type { RequestInfo } from '../request-info.ts'
import type { ServerParts } from '../server-parts.ts'
import { type AdmissionRequest, type ObjectKind, Rounds } from './admission.ts'
import { requestPart } from './request-part.ts'

/** What a subresource creates, after every step has seen it. @throws the Status that refuses the request. */
export async function admitSubresource(
  parts: ServerParts,
  request: ApiRequest,
  { object, own }: { readonly object: ApiObject; readonly own: ObjectKind },
): Promise<ApiObject> {
  const admitted: AdmissionRequest = {
    ...requestPart(parts, request, 'CREATE'),
    object,
    old: undefined,
    own,
    onFailure: () => {},
  }
  const changed = await parts.admission.mutate(admitted)
  await parts.admission.validate({ ...admitted, object: changed })
  return changed
}

/** Kinds of the options with which connections are made. */
const connectKinds: Readonly<Record<string, string>> = {
  'pods/exec': 'PodExecOptions',
  'pods/attach': 'PodAttachOptions',
  'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions',
  'services/proxy': 'ServiceProxyOptions',
  'nodes/proxy': 'NodeProxyOptions',
}

interface Connection {
  readonly info: RequestInfo
  readonly user: User
  readonly query: Query
  readonly warn: (text: string) => void
  readonly annotate?: (key: string, value: string) => void
}

/** Asks every step whether a connection may be made. @throws the Status that refuses it. */
export async function admitConnect(
  parts: ServerParts,
  { info, user, query, warn, annotate }: Connection,
): Promise<void> {
  const kind = connectKinds[`${info.resource}/${info.subresource}`]
  const resource = parts.resources.find(info.group, info.version, info.resource)
  if (kind === undefined || resource === undefined) return
  const own = { apiVersion: 'v1', kind, type: builtInTypes.find(`io.k8s.api.core.v1.${kind}`) }
  const admitted: AdmissionRequest = {
    operation: 'CONNECT',
    resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    object: { apiVersion: 'v1', kind, metadata: {}, ...connectOptions(info, query) } as unknown as ApiObject,
    old: undefined,
    own,
    user,
    dryRun: false,
    view: parts.view,
    rounds: new Rounds(),
    warn,
    ...(annotate === undefined ? {} : { annotate }),
    onFailure: () => {},
  }
  await parts.admission.announce(admitted)
  await parts.admission.validate(admitted)
}

const switches = ['stdin', 'stdout', 'stderr', 'tty'] as const

function connectOptions({ subresource, tail }: RequestInfo, query: Query): JsonObject {
  if (subresource === 'proxy') return tail === '' ? {} : { path: tail }
  if (subresource === 'portforward') {
    const ports = query.all('ports').flatMap((list) => list.split(',').map(Number))
    return ports.length === 0 ? {} : { ports }
  }
  const container = query.get('container')
  const command = query.all('command')
  const isOn = (name: string): boolean => ['1', 'true', ''].includes(query.get(name) ?? 'no')
  return {
    ...Object.fromEntries(switches.filter(isOn).map((name) => [name, true])),
    ...(container === undefined ? {} : { container }),
    ...(command.length === 0 ? {} : { command }),
  }
}
