/** Audit events (audit.k8s.io/v1) as plain values, members in upstream's order. */
import type { HttpRequest } from '#kit/http/exchange.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Status } from '#spec/kubernetes/objects/meta-v1.generated.ts'
import { formatInstant } from '#world/ports/clock.ts'
import type { User } from '../user.ts'
import type { RequestInfo } from '../request-info.ts'

const agentLengthMax = 1024

/** RFC 3339 with six digits. */
export function microTime(epochMs: number): string {
  const [whole = '', fraction = ''] = formatInstant(epochMs).slice(0, -1).split('.')
  return `${whole}.${fraction.padEnd(6, '0').slice(0, 6)}Z`
}

/** A user as events show it. */
export function userInfo({ name, uid, groups, extra }: User): JsonObject {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(extra === undefined ? {} : { extra }),
  }
}

/** Addresses from the first proxy on; all but the last are what clients say of themselves. */
export function sourceAddresses({ headers, peer }: Pick<HttpRequest, 'headers' | 'peer'>): readonly string[] {
  const isAddress = (text: string): boolean =>
    /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F.]*:[0-9a-fA-F.:]{1,44})$/.test(text)
  const forwarded = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter(isAddress)
  const real = String(headers['x-real-ip'] ?? '')
  const chain = isAddress(real) && !forwarded.includes(real) ? [...forwarded, real] : forwarded
  return peer.address === '' || chain.at(-1) === peer.address ? chain : [...chain, peer.address]
}

/** The user agent, cut where it is far too long. */
export function agentOf(agent: string): string {
  return agent.length > agentLengthMax ? `${agent.slice(0, agentLengthMax)}...TRUNCATED` : agent
}

/** What the request was about, before an object is known. */
export function objectReference(info: RequestInfo): JsonObject | undefined {
  if (!info.isResource) return undefined
  const { resource, namespace, name, group, version, subresource } = info
  return {
    resource,
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { apiGroup: group }),
    apiVersion: version,
    ...(subresource === '' ? {} : { subresource }),
  }
}

/** The part of a Status that `responseStatus` shows. */
export function responseStatus({ status, message, reason, details, code }: Partial<Status>): JsonObject {
  return {
    metadata: {},
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details: { ...details } }),
    ...(code === undefined ? {} : { code }),
  }
}

/** An object, or each item of a list, without the managed fields. */
export function withoutManagedFields(value: JsonObject): JsonObject {
  const { metadata, items } = value as { readonly metadata?: JsonObject; readonly items?: readonly JsonObject[] }
  const { managedFields: _, ...rest } = metadata ?? {}
  return {
    ...value,
    ...(metadata === undefined ? {} : { metadata: rest }),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
  }
}
