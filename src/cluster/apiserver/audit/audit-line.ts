/** Audit events as lines of a log: JSON, or the one-line text of old (audit.EventString, v1.36); pure. */
import { objectAt, textAt } from '../api-object.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

export type AuditFormat = 'json' | 'legacy'

/** An event as a line, its end included. */
export function auditLine(event: JsonObject, format: AuditFormat): string {
  return format === 'json' ? `${JSON.stringify(event)}\n` : `${legacyLine(event)}\n`
}

function listText(value: unknown): string {
  return Array.isArray(value) && value.length > 0 ? value.map((one) => JSON.stringify(one)).join(',') : ''
}

function legacyLine(event: JsonObject): string {
  const user = objectAt(event, 'user')
  const other = event['impersonatedUser'] === undefined ? undefined : objectAt(event, 'impersonatedUser')
  const { code } = objectAt(event, 'responseStatus')
  const [ip = '<unknown>'] = Array.isArray(event['sourceIPs']) ? event['sourceIPs'].map(String) : []
  const members: readonly (readonly [name: string, value: string])[] = [
    ['id', textAt(event, 'auditID')],
    ['stage', textAt(event, 'stage')],
    ['ip', ip],
    ['method', textAt(event, 'verb')],
    ['user', textAt(user, 'username') || '<none>'],
    ['groups', listText(user['groups']) || '<none>'],
    ['as', other === undefined ? '<self>' : textAt(other, 'username')],
    ['asgroups', other?.['groups'] === undefined ? '<lookup>' : listText(other['groups'])],
    ['user-agent', textAt(event, 'userAgent')],
    ['namespace', textAt(event, 'objectRef', 'namespace') || '<none>'],
    ['uri', textAt(event, 'requestURI')],
  ]
  const shown = members.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ')
  const response = event['responseStatus'] === undefined ? '<deferred>' : JSON.stringify(code ?? 0)
  return `${textAt(event, 'requestReceivedTimestamp')} AUDIT: ${shown} response="${response}"`
}
