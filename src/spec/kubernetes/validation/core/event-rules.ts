/** Events of both groups (core/validation events, v1.36). */
import type { Event } from '../../objects/core-v1.generated.ts'
import type { Event as NewEvent } from '../../objects/events-v1.generated.ts'
import { byteLength, immutableText, matches } from '../checks.ts'
import { invalid, required, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { dnsSubdomain, pathSegment, qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { sameValue } from '../same-value.ts'

interface EventParts {
  readonly namespace: string
  readonly about: string
  readonly isNew: boolean
  readonly controllerName: string
  readonly controller: string
  readonly instance: string
  readonly action: string
  readonly reason: string
  readonly note: string
}

function namespaceErrors({ namespace, about, isNew }: EventParts): FieldError[] {
  const home = isNew ? ['default', 'kube-system'] : ['', 'default']
  const isRight = about === '' ? home.includes(namespace) : isNew || about === namespace
  return isRight ? [] : [invalid(path('involvedObject', 'namespace'), about, 'does not match event.namespace')]
}

function limited(name: string, value: string, charactersMax: number): FieldError[] {
  const at = path(name)
  const errors = value === '' && name !== 'message' ? [required(at)] : []
  if (byteLength(value) > charactersMax) errors.push(invalid(at, '', `can have at most ${charactersMax} characters`))
  return errors
}

function common(parts: EventParts): FieldError[] {
  const errors = namespaceErrors(parts)
  if (parts.isNew) {
    const at = path(parts.controllerName)
    if (parts.controller === '') errors.push(required(at))
    errors.push(...matches(at, parts.controller, qualifiedName), ...limited('reportingInstance', parts.instance, 128))
    errors.push(...limited('action', parts.action, 128), ...limited('reason', parts.reason, 128))
    errors.push(...limited('message', parts.note, 1024))
  }
  return [...errors, ...matches(path('namespace'), parts.namespace, dnsSubdomain)]
}

function coreParts(event: Event): EventParts {
  return {
    namespace: event.metadata.namespace ?? '',
    about: event.involvedObject?.namespace ?? '',
    isNew: event.eventTime !== undefined && event.eventTime !== null,
    controllerName: 'reportingComponent',
    controller: event.reportingComponent ?? '',
    instance: event.reportingInstance ?? '',
    action: event.action ?? '',
    reason: event.reason ?? '',
    note: event.message ?? '',
  }
}

/** The rules of core events; old clients name them as they like. */
export const eventRules: AnyKindRules = kindRules<Event>({
  name: pathSegment,
  metadataLast: true,
  create: (event) => common(coreParts(event)),
})

function newParts(event: NewEvent): EventParts {
  return {
    namespace: event.metadata.namespace ?? '',
    about: event.regarding?.namespace ?? '',
    isNew: event.eventTime !== undefined && event.eventTime !== null,
    controllerName: 'reportingController',
    controller: event.reportingController ?? '',
    instance: event.reportingInstance ?? '',
    action: event.action ?? '',
    reason: event.reason ?? '',
    note: event.note ?? '',
  }
}

function series(event: NewEvent): FieldError[] {
  if (event.series === undefined) return []
  const errors = (event.series.count ?? 0) < 2 ? [invalid(path('series.count'), '', 'should be at least 2')] : []
  const isTimed = event.series.lastObservedTime !== undefined && event.series.lastObservedTime !== null
  return isTimed ? errors : [...errors, required(path('series.lastObservedTime'))]
}

/** What only old clients set. */
function deprecatedErrors(event: NewEvent): FieldError[] {
  const { component = '', host = '' } = event.deprecatedSource ?? {}
  const unset = [
    ['firstTimestamp', (event.deprecatedFirstTimestamp ?? null) !== null],
    ['lastTimestamp', (event.deprecatedLastTimestamp ?? null) !== null],
    ['count', (event.deprecatedCount ?? 0) !== 0],
    ['source', component !== '' || host !== ''],
  ] as const
  return unset.filter(([, isSet]) => isSet).map(([name]) => invalid(path(name), '', 'needs to be unset'))
}

function createNew(event: NewEvent): FieldError[] {
  const errors = [...common(newParts(event)), ...series(event)]
  if (event.eventTime === undefined || event.eventTime === null) errors.push(required(path('eventTime')))
  const type: string = event.type ?? ''
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid(path('type'), '', `has invalid value: ${type}`))
  return [...errors, ...deprecatedErrors(event)]
}

/** The value as the server's internal type prints it. */
function frozenValue(member: keyof NewEvent, value: unknown): unknown {
  if (member === 'regarding' || member === 'related') return internal('core.ObjectReference', value ?? {})
  return value ?? (textMembers.has(member) ? '' : null)
}

const textMembers: ReadonlySet<string> = new Set([
  'reason',
  'note',
  'type',
  'action',
  'reportingController',
  'reportingInstance',
])

// Member of events.k8s.io/v1 and the name that upstream's internal type gives it.
const frozenMembers = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
] as const

/** The rules of events of events.k8s.io: only their series changes. */
export const newEventRules: AnyKindRules = kindRules<NewEvent>({
  name: dnsSubdomain,
  create: createNew,
  update: ({ object, old }) => [
    ...common(newParts(object)),
    ...(sameValue(object.series, old.series) ? [] : series(object)),
    ...frozenMembers
      .filter(([member]) => !sameValue(object[member], old[member]))
      .map(([member, name]) => invalid(path(name), frozenValue(member, object[member]), immutableText)),
  ],
})
