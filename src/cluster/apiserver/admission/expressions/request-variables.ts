/** The values of what expressions of webhooks and policies see. */
import {
  type AskAuthorizer,
  blankResource,
  celAuthorizer,
  celResourceCheck,
} from '#spec/kubernetes/cel/libraries/authorizers.ts'
import type { ApiObject } from '../../api-object.ts'
import type { User } from '../../user.ts'
import type { DecisionsAhead } from '../../authorization/decide-ahead.ts'
import type { ServedResource } from '../../served-resource.ts'
import { parseGroupVersion } from '#spec/kubernetes/schema/kinds.ts'
import type { AdmissionRequest, ObjectKind } from '../admission.ts'
import { inVersion, namespaceOf } from '../match-request.ts'

/** A request as an AdmissionReview and as expressions show it, without its objects; as the resource that was matched. */
export function requestView(request: AdmissionRequest, as: ServedResource): Readonly<Record<string, unknown>> {
  const { resource, subresource, operation, user, dryRun, options, own } = request
  return {
    kind: own === undefined ? kindOf(as) : ownKind(own),
    resource: resourceOf(as),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: own === undefined ? kindOf(resource) : ownKind(own),
    requestResource: resourceOf(resource),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(request.name === '' ? {} : { name: request.name }),
    ...(namespaceOf(request) === '' ? {} : { namespace: namespaceOf(request) }),
    operation,
    userInfo: userInfoOf(user),
    dryRun,
    ...(options === undefined ? {} : { options }),
  }
}

function ownKind({ apiVersion, kind }: ObjectKind): object {
  return { ...parseGroupVersion(apiVersion), kind }
}

function kindOf({ group, version, kind }: ServedResource): object {
  return { group, version, kind }
}

function resourceOf({ group, version, resource }: ServedResource): object {
  return { group, version, resource }
}

function userInfoOf({ name, uid, groups, extra }: User): object {
  return {
    username: name,
    ...(uid === undefined || uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

/**
 * Variables of one request, as a webhook or policy sees it. Some are worked out only when an expression asks for them; they
 * are to be used within `decisions.evaluate`.
 */
export function requestVariables(
  request: AdmissionRequest,
  as: ServedResource,
  decisions: DecisionsAhead,
): Record<string, unknown> {
  const versioned = (object: ApiObject | undefined): unknown =>
    object === undefined ? null : inVersion(object, request.resource, as)
  const ask = askingFor(request.user, decisions)
  return {
    object: versioned(request.object),
    oldObject: versioned(request.old),
    request: () => ({ subResource: '', requestSubResource: '', name: '', namespace: '', ...requestView(request, as) }),
    namespaceObject: () => namespaceView(request),
    authorizer: celAuthorizer(ask),
    'authorizer.requestResource': celResourceCheck(ask, {
      group: request.resource.group,
      resource: request.resource.resource,
      subresource: request.subresource,
      namespace: namespaceOf(request),
      name: request.name,
    }),
  }
}

/** The namespace of a request with what expressions may see of it; null for what is in none. */
function namespaceView(request: AdmissionRequest): unknown {
  const found = request.namespace === '' ? undefined : request.view.find('/namespaces', '', request.namespace)
  if (found === undefined) return null
  const { uid, ...metadata } = found.metadata
  return { metadata: { ...metadata, UID: uid }, spec: found['spec'] ?? {}, status: found['status'] ?? {} }
}

function askingFor(user: User, decisions: DecisionsAhead): AskAuthorizer {
  return ({ serviceAccount, verb, resource, path }) => {
    const { allowed, reason, error } = decisions.decide({
      user: serviceAccount === undefined ? user : serviceAccountUser(serviceAccount),
      verb,
      isResource: resource !== undefined,
      version: '*',
      ...(resource ?? blankResource),
      path,
    })
    return { allowed, reason, ...(error === undefined ? {} : { error }) }
  }
}

function serviceAccountUser({ namespace, name }: { readonly namespace: string; readonly name: string }): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  }
}
